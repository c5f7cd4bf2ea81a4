"""Stable ids of kinds of mismatch."""

from __future__ import annotations

import pytest

from comparators.fingerprint import PATHS, fingerprint, kinds
from comparators.verdict import Change, ChangeKind

OK = (200, 200)
ONE = Change("results[uuid=a].email", ChangeKind.VALUE, "x", "y")


def mark(*changes: Change, endpoint: str = "contact", statuses: tuple[int, int] = OK, what: str = "") -> str:
    return fingerprint(endpoint, changes, statuses, what)


def test_records_and_values_do_not_count() -> None:
    assert mark(ONE) == mark(Change("results[uuid=b].email", ChangeKind.VALUE, "p", "q"))
    assert mark(ONE) == mark(ONE, Change("results[7].email", ChangeKind.VALUE))


def test_order_does_not_count() -> None:
    other = Change("a", ChangeKind.MISSING)
    assert mark(ONE, other) == mark(other, ONE)


@pytest.mark.parametrize(
    "other",
    [
        mark(Change("results[].email", ChangeKind.MISSING)),
        mark(Change("results[].name", ChangeKind.VALUE)),
        mark(ONE, endpoint="contacts"),
        mark(ONE, statuses=(200, 404)),
        mark(ONE, what="unstable"),
    ],
    ids=["kind", "path", "endpoint", "statuses", "unstable"],
)
def test_what_tells_defects_apart_counts(other: str) -> None:
    assert mark(ONE) != other


def test_it_is_the_same_in_every_process() -> None:
    assert mark(ONE) == "7c28dc7f683f"


def test_paths_are_listed_once_without_indexes() -> None:
    assert kinds([ONE, Change("results[3].email", ChangeKind.TYPE), Change("a", ChangeKind.VALUE)]) == (
        "a", "results[].email",
    )  # fmt: skip


def test_only_so_many_paths_are_listed() -> None:
    assert len(kinds([Change(f"a{number}", ChangeKind.VALUE) for number in range(50)])) == PATHS
