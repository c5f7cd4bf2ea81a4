"""Two values side by side under rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.verdict import ChangeKind, Outcome
from tests.support.answers import verdict

RECORDS = [{"uuid": "a", "n": 1}, {"uuid": "b", "n": 2}]
GAP = {"path": "title", "reason": "not indexed", "owner": "search", "until": "2026-03-01"}


@pytest.mark.parametrize(
    ("legacy", "candidate", "rules"),
    [
        ({"n": 120}, {"n": 120.0}, {}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {}),
        ({"a": 1, "x": 1}, {"a": 1}, {"ignore": ["x"]}),
        ({"results": RECORDS}, {"results": RECORDS[::-1]}, {"unordered": {"results": "uuid"}}),
        ([{"c": {"id": 1}}, {"c": {"id": 2}}], [{"c": {"id": 2}}, {"c": {"id": 1}}], {"unordered": {".": "c.id"}}),
        ({"l": [{"c": {"id": 1}}, {"c": {"id": 2}}]}, {"l": [{"c": {"id": 2}}, {"c": {"id": 1}}]},
         {"unordered": {"l": "c.id"}}),
        ({"tags": ["a", "b", "b"]}, {"tags": ["b", "a"]}, {"sets": ["tags"]}),
        ({"tags": ["A", "b"]}, {"tags": ["b", "a"]}, {"sets": ["tags"], "casefold": ["tags[]"]}),
        ({"tags": [1]}, {"tags": [1.0]}, {"sets": ["tags"]}),
        ({"count": 100}, {"count": 105}, {"tolerance": {"count": 5}}),
        ({"count": 1000}, {"count": 990}, {"tolerance": {"count": "1%"}}),
        ({"a": None}, {}, {"null_missing_empty": True}),
        ({}, {"a": ""}, {"null_missing_empty": ["a"]}),
        ({"a": {}}, {"a": []}, {"null_missing_empty": True}),
        ({"a": "_"}, {"a": None}, {"placeholders": ["_"]}),
        ({"d": "x, y"}, {"d": ["x", "y"]}, {"joined": {"d": ", "}}),
        ({"next": "cursor1"}, {"next": "cursor2"}, {"opaque": ["next"]}),
        ({"at": "2026-03-01T10:00:00Z"}, {"at": "2026-03-01T11:00:00+01:00"}, {"timestamps": ["at"]}),
        ({"n": "12"}, {"n": 12}, {"coerce": True}),
        ({"n": "12"}, {"n": 12.4}, {"coerce": True, "tolerance": {"n": 1}}),
    ],
)  # fmt: skip
def test_what_the_rules_allow_is_a_match(legacy: Any, candidate: Any, rules: dict[str, Any]) -> None:
    assert verdict(legacy, candidate, **rules).outcome is Outcome.MATCH


@pytest.mark.parametrize(
    ("legacy", "candidate", "rules", "path", "kind"),
    [
        ({"a": 1}, {"a": True}, {}, "a", ChangeKind.TYPE),
        ({"a": 0}, {"a": False}, {}, "a", ChangeKind.TYPE),
        ({"a": "1"}, {"a": True}, {"coerce": True}, "a", ChangeKind.TYPE),
        ({"a": 1}, {"a": True}, {"tolerance": {"a": 5}}, "a", ChangeKind.TYPE),
        ({"a": "1"}, {"a": 1}, {"tolerance": {"a": 5}}, "a", ChangeKind.TYPE),
        ({"a": 1}, {"a": "1"}, {}, "a", ChangeKind.TYPE),
        ({"a": 1}, {"a": 1.5}, {}, "a", ChangeKind.VALUE),
        ({"a": None}, {"a": 1}, {}, "a", ChangeKind.VALUE),
        ({"a": 1}, {}, {}, "a", ChangeKind.MISSING),
        ({}, {"a": 1}, {}, "a", ChangeKind.EXTRA),
        ({"a": None}, {}, {}, "a", ChangeKind.MISSING),
        ({"a": [1, 2]}, {"a": [1, 3]}, {}, "a[1]", ChangeKind.VALUE),
        ({"a": [1, 2]}, {"a": [1]}, {}, "a[1]", ChangeKind.MISSING),
        ([1], [1, 2], {}, "[1]", ChangeKind.EXTRA),
        ({"r": RECORDS}, {"r": RECORDS[:1]}, {"unordered": {"r": "uuid"}}, "r[uuid=b]", ChangeKind.MISSING),
        ({"r": RECORDS}, {"r": [{"uuid": "b", "n": 3}, RECORDS[0]]}, {"unordered": {"r": "uuid"}}, "r[uuid=b].n",
         ChangeKind.VALUE),
        ({"r": [{"uuid": "a"}]}, {"r": [{"uuid": "a"}] * 2}, {"unordered": {"r": "uuid"}}, "r[uuid=a]",
         ChangeKind.EXTRA),
        ({"t": ["a"]}, {"t": ["a", "b"]}, {"sets": ["t"]}, "t[]", ChangeKind.EXTRA),
        ({"t": ["1"]}, {"t": ["1", 1]}, {"sets": ["t"]}, "t[]", ChangeKind.EXTRA),
        ({"t": [1]}, {"t": [1, True]}, {"sets": ["t"]}, "t[]", ChangeKind.EXTRA),
        ({"c": 100}, {"c": 106}, {"tolerance": {"c": 5}}, "c", ChangeKind.VALUE),
        ({"next": "x"}, {"next": None}, {"opaque": ["next"]}, "next", ChangeKind.VALUE),
        ({"next": "x"}, {}, {"opaque": ["next"]}, "next", ChangeKind.MISSING),
        ({"a": ["x", None]}, {"a": ["x"]}, {"null_missing_empty": True}, "a[1]", ChangeKind.MISSING),
        ({"a": {"b": 1}}, {"a": None}, {}, "a", ChangeKind.VALUE),
        ({"a": 1, "b": 1}, {"a": 1, "b": 2}, {"ignore": ["a"]}, "b", ChangeKind.VALUE),
    ],
)  # fmt: skip
def test_a_difference_is_named_by_its_path_and_kind(
    legacy: Any, candidate: Any, rules: dict[str, Any], path: str, kind: ChangeKind
) -> None:
    found = verdict(legacy, candidate, **rules)
    assert [(one.path, one.kind) for one in found.changes] == [(path, kind)]


@pytest.mark.parametrize(
    ("today", "outcome"),
    [(date(2026, 3, 1), Outcome.ACCEPTED), (date(2026, 3, 2), Outcome.MISMATCH)],
    ids=["before its end", "after its end"],
)
def test_a_known_gap_accepts_until_its_end(today: date, outcome: Outcome) -> None:
    assert verdict({"title": "x"}, {"title": None}, today, known_gaps=[GAP]).outcome is outcome


def test_a_known_gap_is_counted_and_named() -> None:
    found = verdict({"title": "x"}, {}, known_gaps=[GAP])
    assert found.counts == {"known gap title": 1}
    assert [one.accepted_by for one in found.accepted] == ["known gap: title"]


def test_a_known_gap_that_was_not_needed_is_no_acceptance() -> None:
    assert verdict({"title": "x", "a": 1}, {"title": "x", "a": 1.0}, known_gaps=[GAP]).outcome is Outcome.MATCH


@pytest.mark.parametrize("path", ["t", "t[]"], ids=["the set", "its elements"])
def test_a_known_gap_covers_what_a_set_lacks(path: str) -> None:
    found = verdict({"t": ["a", "b"]}, {"t": ["a"]}, sets=["t"], known_gaps=[GAP | {"path": path}])
    assert found.outcome is Outcome.ACCEPTED


def test_rules_hold_below_a_list_that_has_another_length() -> None:
    """The record that is missing is the change; ignored and accepted fields of the others are none."""
    legacy = {"r": [{"at": 1, "title": "x", "n": 1}, {"at": 1, "title": "y", "n": 2}]}
    candidate = {"r": [{"at": 2, "n": 1}]}
    gap = GAP | {"path": "r[].title"}
    found = verdict(legacy, candidate, ignore=["r[].at"], known_gaps=[gap])
    assert [one.path for one in found.changes] == ["r[1]"]
    assert [one.path for one in found.accepted] == ["r[0].title"]


def test_rules_that_were_not_needed_are_not_counted() -> None:
    value = {"next": "p", "i": 1, "t": [1, 2], "r": [{"uuid": "a"}], "x": 1}
    rules: dict[str, Any] = {"sets": ["t"], "opaque": ["next"], "ignore": ["i"], "unordered": {"r": "uuid"}}
    assert verdict(value, {**value, "x": 1.0}, **rules).counts == {}


def test_rules_that_were_needed_are_counted() -> None:
    legacy = {"a": " x", "n": 1, "t": [1, 2], "next": "p", "i": 1}
    candidate = {"a": "x", "n": 2, "t": [2, 1], "next": "q", "i": 2}
    found = verdict(
        legacy, candidate, trim=["a"], tolerance={"n": 1}, sets=["t"], opaque=["next"], ignore=["i"]
    )  # fmt: skip
    assert found.counts == {"trim": 1, "tolerance": 1, "sets": 1, "opaque": 1, "ignore": 1}


@pytest.mark.parametrize("levels", [70, 200], ids=["walked no more", "nearly too deep"])
def test_deep_values_are_compared(levels: int) -> None:
    def nested(leaf: Any) -> Any:
        for _ in range(levels):
            leaf = {"a": leaf}
        return leaf

    assert verdict(nested(1), nested(1)).outcome is Outcome.MATCH
    assert verdict(nested(1), nested(True)).outcome is Outcome.MISMATCH


KEYS = st.sampled_from(["a", "b", "uuid", "name"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text("ab 1'", max_size=3)


@st.composite
def changed_leaf(draw: st.DrawFn) -> tuple[Any, Any, str]:
    """A value, the same with one leaf changed, and that leaf's path."""
    value: Any = draw(st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8))
    depth, path = draw(st.integers(0, 4)), "leaf"
    one: Any = {"leaf": draw(st.integers(0, 9)), "beside": value}
    other: Any = {**one, "leaf": "changed"}
    for _ in range(depth):
        if draw(st.booleans()):
            one, other, path = {"beside": value, "in": one}, {"beside": value, "in": other}, f"in.{path}"
        else:
            one, other = [value, one], [value, other]
            path = f"[1]{path}" if path.startswith("[") else f"[1].{path}"
    return one, other, path


@given(changed_leaf())
def test_a_changed_leaf_is_a_mismatch_named_by_its_path(case: tuple[Any, Any, str]) -> None:
    one, other, path = case
    assert [change.path for change in verdict(one, other).changes] == [path.replace(".[", "[")]
