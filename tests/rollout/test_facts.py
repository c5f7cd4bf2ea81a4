"""Facts to JSON and back, across releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from rollout.facts import Unreadable, from_json, to_json


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    size: float


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    colours: tuple[Colour, ...] = ()
    maybe: Inner | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


WHOLE = Outer("x", Inner(1.5), (Colour.RED,), Inner(2.0), {3: 4}, frozenset({"b", "a"}))


def test_facts_read_back_as_they_were_written() -> None:
    assert from_json(Outer, to_json(WHOLE)) == WHOLE


def test_sets_are_written_in_order() -> None:
    assert to_json(WHOLE)["tags"] == ["a", "b"]


def test_what_is_absent_gets_its_default() -> None:
    assert from_json(Outer, {"name": "x", "inner": {"size": 1}}) == Outer("x", Inner(1.0))


def test_what_is_unknown_is_skipped() -> None:
    assert from_json(Inner, {"size": 1.0, "later": True}) == Inner(1.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param([], "Outer: list where an object was expected", id="no object"),
        pytest.param({"name": "x"}, "inner: missing", id="missing"),
        pytest.param({"name": 5, "inner": {"size": 1}}, "name: int where str was expected", id="wrong kind"),
        pytest.param({"name": "x", "inner": {"size": "1"}}, "inner.size: str where float", id="nested path"),
        pytest.param({"name": "x", "inner": {"size": True}}, "inner.size: bool where float", id="a bool is no number"),
        pytest.param({"name": "x", "inner": {"size": 1}, "colours": ["blue"]}, r"colours\[0\]: 'blue'", id="enum"),
    ],
)
def test_unreadable_facts_are_named_by_their_field(value: Any, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        from_json(Outer, value)
