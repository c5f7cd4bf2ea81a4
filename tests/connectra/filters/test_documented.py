"""docs/filters.md and the tables of parameters hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectra.filters.documented import GROUPS, markdown, parameters_of

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "docs" / "filters.md"


def test_the_file_is_the_one_that_the_tables_make() -> None:
    assert FILE.read_text() == markdown(), "run: python -m connectra.filters.documented > docs/filters.md"


@pytest.mark.parametrize("title", GROUPS)
def test_every_parameter_and_alias_is_in_its_table(title: str) -> None:
    assert parameters_of(markdown())[title] == set(GROUPS[title])


def test_every_row_of_the_tables_has_their_five_cells() -> None:
    tables = markdown()[markdown().index(f"## {next(iter(GROUPS))}") :]
    rows = [line for line in tables.splitlines() if line.startswith("|")]
    assert [line for line in rows if line.count("|") != 6] == []


def test_the_readme_leads_to_it() -> None:
    assert "(docs/filters.md)" in (ROOT / "README.md").read_text()
