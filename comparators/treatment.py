"""What the rules say of each place in a value, found once a place and remembered: a tree that grows with the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from comparators.functions import Function, resolve
from comparators.paths import ELEMENT, Pattern, Place, compile_path
from comparators.rules import KnownGap, Rules

PLACES = 20_000
"""Different places remembered for one endpoint; keys that are data (ids as keys) must not fill the memory."""

Step = tuple[str, Callable[[Any], Any]]
"""A rule's name, and what it makes of a leaf."""


@dataclass(slots=True)
class Treatment:
    """What holds at one place. `timestamp` is the microseconds to which a moment is cut, 0 where none is read."""

    place: Place
    ignore: bool = False
    unordered: str | None = None
    as_set: bool = False
    tolerance: tuple[float, float] | None = None
    timestamp: int = 0
    null_missing_empty: bool = False
    zero_is_null: bool = False
    casefold: bool = False
    url: bool = False
    trim: bool = False
    unquote: bool = False
    coerce: bool = False
    joined: str | None = None
    opaque: bool = False
    placeholders: frozenset[str] = frozenset()
    function: tuple[str, Function] | None = None
    gaps: tuple[KnownGap, ...] = ()
    below: dict[str, Treatment] = field(default_factory=dict)
    steps: tuple[Step, ...] | None = None
    """Made of the rules when the first leaf differs (comparators.normalise)."""


class Plan:
    """The rules of one endpoint, ready for use. `root` is the treatment of the whole value."""

    def __init__(self, rules: Rules, today: date) -> None:
        self._flags: list[tuple[str, list[Pattern]]] = [
            (name, [compile_path(path) for path in paths])
            for name, paths in (
                ("ignore", rules.ignore), ("as_set", rules.sets),
                ("null_missing_empty", rules.null_missing_empty), ("zero_is_null", rules.zero_is_null),
                ("casefold", rules.casefold), ("url", rules.urls), ("trim", rules.trim),
                ("unquote", rules.unquote), ("coerce", rules.coerce), ("opaque", rules.opaque),
            )
        ]  # fmt: skip
        self._values: list[tuple[str, list[tuple[Pattern, Any]]]] = [
            ("unordered", [(compile_path(path), key) for path, key in rules.unordered]),
            ("joined", [(compile_path(path), separator) for path, separator in rules.joined]),
            ("timestamp", [(compile_path(path), unit) for path, unit in rules.timestamps]),
            ("tolerance", [(compile_path(path), (plus, times)) for path, plus, times in rules.tolerance]),
            ("function", [(compile_path(path), (name, resolve(name))) for path, name in rules.functions]),
        ]
        self._placeholders = [(compile_path(path), text) for text, path in rules.placeholders]
        self._gaps = [(compile_path(gap.path), gap) for gap in rules.known_gaps if gap.until >= today]
        self._places = 0
        self.root = self._made(())

    def below(self, treatment: Treatment, name: str) -> Treatment:
        """The treatment of the key `name` (or ELEMENT) below."""
        found = treatment.below.get(name)
        if found is None:
            found = self._made((*treatment.place, name))
            self._places += 1
            if self._places < PLACES:
                treatment.below[name] = found
        return found

    def element(self, treatment: Treatment) -> Treatment:
        """The treatment of the elements of a list."""
        return self.below(treatment, ELEMENT)

    def _made(self, place: Place) -> Treatment:
        made = Treatment(place)
        for name, patterns in self._flags:
            if any(one.matches(place) for one in patterns):
                setattr(made, name, True)
        for name, found in self._values:
            for one, value in found:
                if one.matches(place):
                    setattr(made, name, value)
        made.placeholders = frozenset(text for one, text in self._placeholders if one.matches(place))
        made.gaps = tuple(gap for one, gap in self._gaps if one.covers(place))
        return made


@lru_cache(maxsize=256)
def plan_of(rules: Rules, today: date) -> Plan:
    """The plan of these rules on this day; remembered in this process."""
    return Plan(rules, today)
