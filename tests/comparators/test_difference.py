"""DeepDiff behind its door: options and budget."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.difference import BUDGET, CHANGES, differences, leaves
from comparators.verdict import ChangeKind


@pytest.mark.parametrize(
    ("value", "count"),
    [(1, 1), ([], 1), ([1, 2], 3), ({"a": [1]}, 3)],
)
def test_leaves_are_counted_with_what_holds_them(value: Any, count: int) -> None:
    assert leaves(value, BUDGET) == count


def test_counting_stops_at_the_most() -> None:
    assert leaves(list(range(100_000)), 50) == 50


@pytest.mark.parametrize(
    ("legacy", "candidate", "found"),
    [
        ([1, 2], [1], [(("[]",), "r[1]", ChangeKind.MISSING, 2, None)]),
        ([1], [1, 2], [(("[]",), "r[1]", ChangeKind.EXTRA, None, 2)]),
        ({"a": 1}, {"a": 2}, [(("a",), "r.a", ChangeKind.VALUE, 1, 2)]),
        ({"a": 1}, {"a": "1"}, [(("a",), "r.a", ChangeKind.TYPE, 1, "1")]),
        ({"a": 1}, {"a": True}, [(("a",), "r.a", ChangeKind.TYPE, 1, True)]),
        ({"a": 1}, {}, [(("a",), "r.a", ChangeKind.MISSING, 1, None)]),
        ({}, {"a": 1}, [(("a",), "r.a", ChangeKind.EXTRA, None, 1)]),
        ([{"a": [1]}, 1], [{"a": [2]}], [
            (("[]", "a", "[]"), "r[0].a[0]", ChangeKind.VALUE, 1, 2), (("[]",), "r[1]", ChangeKind.MISSING, 1, None),
        ]),
    ],
)  # fmt: skip
def test_a_difference_has_its_place_kind_and_both_sides(legacy: Any, candidate: Any, found: list[Any]) -> None:
    made = differences(legacy, candidate, "r")
    assert [(place, one.path, one.kind, one.legacy, one.candidate) for place, one in made] == found


def test_over_budget_one_change_stands_for_all() -> None:
    legacy, candidate = list(range(BUDGET)), list(range(BUDGET + 1))
    [(place, change)] = differences(legacy, candidate, "r")
    assert (place, change.path, change.kind) == ((), "r", ChangeKind.VALUE)


def test_no_more_changes_are_named_than_people_read() -> None:
    legacy, candidate = [{"n": number} for number in range(300)], [{"n": -1 - number} for number in range(301)]
    assert len(differences(legacy, candidate, "r")) == CHANGES


def test_subtrees_that_only_deepdiff_holds_equal_are_a_change_all_the_same() -> None:
    """It is called for what differs; an empty answer of DeepDiff must not look like equality."""
    assert [place for place, _ in differences([1], [1], "r")] == [()]
