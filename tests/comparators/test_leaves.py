"""Which rule makes two leaves the same, and what sort of change it is if none does."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.leaves import ABSENT, FunctionFailed, gap_kind, kind, taken
from comparators.treatment import Treatment
from comparators.verdict import Change, ChangeKind


def refuses(_legacy: Any, _candidate: Any) -> bool:
    raise KeyError("x")


@pytest.mark.parametrize(
    ("legacy", "candidate", "how", "rule"),
    [
        (1, 1.0, {}, ""),
        (1, True, {}, None),
        ("a ", "a", {"trim": True}, "normalised"),
        ("a", "b", {"trim": True}, None),
        (ABSENT, "", {"null_missing_empty": True}, "normalised"),
        (ABSENT, "", {}, None),
        ("a,b", ["a", "b"], {"joined": ","}, "normalised"),
        ("A,b", ["a", "b"], {"joined": ",", "casefold": True}, "normalised"),
        ("b,a", ["a", "b"], {"joined": ","}, None),
        (3, 4, {"joined": ","}, None),
        (100, 101, {"tolerance": (1.0, 0.0)}, "tolerance"),
        (100, 102, {"tolerance": (1.0, 0.0)}, None),
        ("a", "b", {"function": ("mine", lambda *_: True)}, "function mine"),
        ("a", "b", {"function": ("mine", lambda *_: "yes")}, None),
        (None, ABSENT, {"function": ("mine", lambda one, other: one is other)}, "function mine"),
    ],
)
def test_the_rule_that_takes_a_difference_is_named(
    legacy: Any, candidate: Any, how: dict[str, Any], rule: str | None
) -> None:
    assert taken(legacy, candidate, Treatment((), **how)) == rule


def test_a_function_that_raises_is_named() -> None:
    with pytest.raises(FunctionFailed, match="the function mine raised KeyError"):
        taken(1, 2, Treatment((), function=("mine", refuses)))


@pytest.mark.parametrize(
    ("legacy", "candidate", "how", "found"),
    [
        (1, 2, {}, ChangeKind.VALUE),
        (None, 2, {}, ChangeKind.VALUE),
        (1, "1", {}, ChangeKind.TYPE),
        (1, ABSENT, {}, ChangeKind.MISSING),
        (ABSENT, 1, {}, ChangeKind.EXTRA),
        (1, ABSENT, {"null_missing_empty": True}, ChangeKind.VALUE),
    ],
)
def test_a_change_has_its_sort(legacy: Any, candidate: Any, how: dict[str, Any], found: ChangeKind) -> None:
    assert kind(legacy, candidate, Treatment((), **how)) is found


@pytest.mark.parametrize(
    ("legacy", "candidate", "how", "found"),
    [
        ("a", None, {}, "missing"),
        ("a", [], {}, "missing"),
        ("a", "_", {"placeholders": frozenset("_")}, "missing"),
        ("a", "_", {}, "value"),
        ("", "a", {}, "extra"),
        ("", None, {}, "value"),
        (0, "a", {}, "value"),
    ],
)
def test_to_a_gap_null_and_empty_are_nothing(legacy: Any, candidate: Any, how: dict[str, Any], found: str) -> None:
    assert gap_kind(Change("a", ChangeKind.VALUE, legacy, candidate), Treatment((), **how)) == found
