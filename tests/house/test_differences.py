"""The 70 known differences (legacy-api.md §10): docs/differences.md, the replay's table and the tests hold together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.replay.differences import ROWS, Treatment
from tests.support.replay import shipped_rules

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "rules": "tests/comparators/test_contract_differences.py",
    "shipped": "tests/comparators/test_contract_differences_shipped.py",
    "values": "tests/connectra/test_contract_differences_values.py",
    "matching": "tests/connectra/test_contract_differences_matching.py",
    "pages": "tests/connectra/handlers/test_contract_differences_pages.py",
    "status": "tests/connectra/test_contract_differences_status.py",
    "lag": "tests/proxy/analyst/test_contract_differences_lag.py",
}
"""What docs/differences.md calls the files of tests."""
EVERY = set(range(1, 71))
_NAME = re.compile(r"def test((?:_d\d\d)+)_")
_CASE = re.compile(r"^ +\(?\[?\"D-(\d\d)[\",]|[\"\[, ]D-(\d\d), |^    \"\"\"D-(\d\d)\.", re.MULTILINE)


def rows_of(path: str) -> set[int]:
    """The rows that a file of tests has a test of: by the name of a test, of a case, or its only docstring."""
    text = (ROOT / path).read_text()
    named = {int(row) for found in _NAME.findall(text) for row in re.findall(r"\d\d", found)}
    return named | {int(row) for found in _CASE.findall(text) for row in found if row}


def documented() -> dict[int, tuple[str, str, set[str]]]:
    """Of each row: what becomes of it, how, and the files of its tests."""
    found = {}
    for line in (ROOT / "docs" / "differences.md").read_text().splitlines():
        if line.startswith("| D-"):
            row, _, here, how, tests = (cell.strip() for cell in line.strip("| ").split(" | "))
            assert int(row[2:]) not in found, f"{row} is there twice"
            found[int(row[2:])] = here, how, set(tests.split(", "))
    return found


DOCUMENTED = documented()


def test_every_row_is_documented_and_in_the_replays_table() -> None:
    assert set(DOCUMENTED) == set(ROWS) == EVERY


@pytest.mark.parametrize("row", sorted(EVERY))
def test_the_page_and_the_table_say_the_same_of_a_row(row: int) -> None:
    assert DOCUMENTED[row][0] == ROWS[row].treatment.value


@pytest.mark.parametrize("row", sorted(EVERY))
def test_a_row_has_its_tests_where_the_page_says(row: int) -> None:
    assert DOCUMENTED[row][2] == {name for name, path in FILES.items() if row in rows_of(path)} != set()


def test_the_page_says_which_files_it_means() -> None:
    page = (ROOT / "docs" / "differences.md").read_text()
    assert [name for name, path in FILES.items() if f"`{name}` is `{path}`" not in page] == []


@pytest.mark.parametrize("row", sorted(EVERY))
def test_a_row_is_seen_by_a_sign_or_it_is_said_why_it_can_not_be(row: int) -> None:
    assert bool(ROWS[row].signs) is not bool(ROWS[row].why)


def test_every_known_gap_that_is_shipped_names_its_row() -> None:
    rows = {int(gap.reason[2:4]) for rules in shipped_rules().values() for gap in rules.known_gaps}
    accepted = {row for row, one in ROWS.items() if one.treatment is Treatment.ACCEPTED}
    assert accepted <= rows <= accepted | {1, 5}


def test_modules_and_rules_that_the_page_names_are_there() -> None:
    absent = []
    for row, (_, how, _) in DOCUMENTED.items():
        names = re.findall(r"`(connectra/[\w./]+)`", how)
        absent += [f"D-{row:02}: {name}" for name in names if not (ROOT / name).exists()]
    assert absent == []
