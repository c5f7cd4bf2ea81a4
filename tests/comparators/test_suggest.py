"""The rule that would accept a kind of mismatch is really a rule that accepts it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from comparators.comparison import compare
from comparators.rules import Rules, parse_rules
from comparators.suggest import Suggestion, suggest
from comparators.verdict import Outcome
from tests.support.answers import TODAY, answer, changes, verdict


def suggested(legacy: Any, candidate: Any, **rules: Any) -> Suggestion | None:
    return suggest(verdict(legacy, candidate, **rules).changes, parse_rules(rules))


def obeyed(suggestion: Suggestion, rules: dict[str, Any]) -> dict[str, Any]:
    """The rules with the suggestion in them, as a person would write it."""
    text = suggestion.rule.replace("reason: …, owner: …, until: …", "reason: r, owner: o, until: 2030-01-01")
    added = yaml.safe_load(text)
    return rules | {name: [*rules.get(name, []), *value] for name, value in added.items()}


CASES = [
    ({"a": None}, {"a": ""}, {}, "null_missing_empty"),
    ({"a": ""}, {}, {}, "null_missing_empty"),
    ({"a": "2026-03-01T10:00:00Z"}, {"a": "2026-03-01T10:00:00"}, {}, "timestamps"),
    ({"r": [{"a": "x "}]}, {"r": [{"a": "x"}]}, {}, "trim"),
    ({"r": [{"u": "1", "a": "x "}]}, {"r": [{"u": "1", "a": "x"}]}, {"unordered": {"r": "u"}}, "trim"),
    ({"a": "'x'"}, {"a": "x"}, {}, "unquote"),
    ({"a": 1}, {"a": "1"}, {}, "coerce"),
    ({"a": "ADA"}, {"a": "Ada"}, {}, "casefold"),
    ({"a": "https://www.a.com/"}, {"a": "http://a.com"}, {}, "urls"),
    ({"a": 0}, {"a": None}, {}, "zero_is_null"),
    ({"a": 0}, {}, {}, "known_gaps"),
    ({"a": 1}, {"a": 2}, {}, "known_gaps"),
    ({"a": 1}, {"a": True}, {}, "known_gaps"),
    ({"r": [{"a": 1}]}, {"r": []}, {}, "known_gaps"),
    ([1, 2], [1], {}, "known_gaps"),
    ({"t": ["a", ""]}, {"t": ["a"]}, {"sets": ["t"]}, "known_gaps"),
    ({"t": ["a "]}, {"t": ["a"]}, {"sets": ["t"]}, "known_gaps"),
    ({"a": 1, "b": "x "}, {"a": 2, "b": "x"}, {}, "known_gaps"),
    ({"a key: #1": " x"}, {"a key: #1": "x"}, {}, "trim"),
]  # fmt: skip


@pytest.mark.parametrize(("legacy", "candidate", "rules", "name"), CASES)
def test_the_suggested_rule_accepts_the_change(legacy: Any, candidate: Any, rules: dict[str, Any], name: str) -> None:
    found = suggested(legacy, candidate, **rules)
    assert found is not None
    assert found.rule.startswith(f"{name}:")
    assert verdict(legacy, candidate, **obeyed(found, rules)).outcome in (Outcome.MATCH, Outcome.ACCEPTED)


KEYS = st.sampled_from(["a", "b", "name"])
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", " x", "X", "1", "'x'", "http://x/"])
OBJECTS = st.dictionaries(KEYS, st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6,
), max_size=3)  # fmt: skip
RULES = st.fixed_dictionaries({}, optional={"sets": st.just(["a"]), "unordered": st.just({"b": "name"})})


@given(OBJECTS, OBJECTS, RULES)
def test_whatever_differs_a_suggestion_holds_what_it_promises(
    legacy: Any, candidate: Any, rules: dict[str, Any]
) -> None:
    found = suggested(legacy, candidate, **rules)
    if found is not None:
        assert verdict(legacy, candidate, **obeyed(found, rules)).outcome in (Outcome.MATCH, Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [
        (answer({"a": " x"}), answer({"a": "x"}, 201)),
        (answer({"a": 1}), answer(b"{")),
        (answer({"a": 1}), answer({"a": 1}, headers=(("Content-Type", "text/plain"),))),
    ],
    ids=["status", "body", "header"],
)
def test_a_status_or_a_whole_body_has_no_rule(legacy: Any, candidate: Any) -> None:
    found = compare(legacy, candidate, Rules(), endpoint="contact", today=TODAY)
    assert suggest(found.changes, Rules()) is None


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [(1, 2), ({"a[b": 1}, {"a[b": 2}), ({"": 1}, {"": 2}), ({"a]": 1}, {})],
    ids=["the root", "an open bracket", "an empty key", "a closing bracket"],
)
def test_what_no_pattern_can_name_has_no_rule(legacy: Any, candidate: Any) -> None:
    assert suggest(changes(legacy, candidate), Rules()) is None


def test_nothing_needs_no_rule() -> None:
    assert suggest((), Rules()) is None


@pytest.mark.parametrize(
    ("legacy", "candidate", "text"),
    [
        ({"a": 2}, {"a": 6}, "up to 3 times off"),
        ({"a": "x"}, {"a": "y"}, "every wrong value at a, this defect included"),
        ({"a": "X"}, {"a": "x"}, "capital letters"),
    ],
)
def test_it_says_what_it_would_hide(legacy: Any, candidate: Any, text: str) -> None:
    found = suggested(legacy, candidate)
    assert found is not None
    assert text in found.hides
