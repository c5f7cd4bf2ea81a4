"""Which rule makes two leaves the same, and what sort of change it is if none does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.leaves import ABSENT, FunctionFailed, equal, gap_kind, kind, taken
from comparators.normalise import leaf
from comparators.treatment import Treatment
from comparators.verdict import Change, ChangeKind

EVERY = Treatment(
    (), trim=True, unquote=True, placeholders=frozenset("_"), coerce=True, zero_is_null=True, null_missing_empty=True
)


def refuses(_legacy: Any, _candidate: Any) -> bool:
    raise KeyError("x")


@pytest.mark.parametrize(
    ("legacy", "candidate", "how", "rule"),
    [
        (1, 1.0, {}, ""),
        (1, True, {}, None),
        ("a ", "a", {"trim": True}, "trim"),
        ("a", "b", {"trim": True}, None),
        (ABSENT, "", {"null_missing_empty": True}, "null_missing_empty"),
        (ABSENT, None, {"null_missing_empty": True}, "null_missing_empty"),
        (ABSENT, "", {}, None),
        ("a,b", ["a", "b"], {"joined": ","}, "joined"),
        ("A,b", ["a", "b"], {"joined": ",", "casefold": True}, "casefold"),
        ("_,b", ["b"], {"joined": ",", "placeholders": frozenset("_")}, "placeholders"),
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


@pytest.mark.parametrize(
    ("legacy", "candidate", "rule"),
    [
        (" a", "a", "trim"),
        (" 'a'", "a", "unquote"),
        (" '_' ", None, "placeholders"),
        (" ", None, "null_missing_empty"),
        ("e\u0301", "\u00e9", "unicode"),
        ("1.0", 1, "coerce"),
        ("0", ABSENT, "zero_is_null"),
        ([], None, "null_missing_empty"),
    ],
)
def test_of_several_rules_the_one_that_settles_it_is_named(legacy: Any, candidate: Any, rule: str) -> None:
    assert taken(legacy, candidate, EVERY) == rule


VALUES = st.sampled_from(
    ["", " ", "_", "'_'", "a", " a ", "A", "1", "1.0", "0", "\u00e9", "e\u0301", "a, b", None, 0, 1, 1.5, True, [],
     ["a"], ["a", "b"], ["", None], {}, ABSENT, "2024-01-01", "2024-01-01T00:00:00Z", "x.org/", "HTTP://x.org"]
)  # fmt: skip
FLAGS = ("trim", "unquote", "coerce", "zero_is_null", "null_missing_empty", "casefold", "url")


@given(VALUES, VALUES, st.sets(st.sampled_from(FLAGS)), st.sampled_from([None, ","]), st.booleans())
def test_a_rule_is_named_exactly_where_the_normal_forms_are_equal(
    legacy: Any, candidate: Any, flags: set[str], joined: str | None, timed: bool
) -> None:
    how = Treatment((), joined=joined, timestamp=int(timed), placeholders=frozenset("_"))
    for flag in flags:
        setattr(how, flag, True)
    ours, theirs = (None if one is ABSENT and how.null_missing_empty else leaf(one, how) for one in (legacy, candidate))
    assert (taken(legacy, candidate, how) is not None) is equal(ours, theirs)


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
