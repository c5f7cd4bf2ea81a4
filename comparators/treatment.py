"""What the rules say of each place in a value, found once a place and remembered: a tree that grows with the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from comparators.paths import ELEMENT, Pattern, Place, compile_path
from comparators.rules import KnownGap, Rules

PLACES = 20_000
"""Different places remembered for one endpoint; keys that are data (ids as keys) must not fill the memory."""


@dataclass(slots=True)
class Treatment:
    """What holds at one place."""

    place: Place
    ignore: bool = False
    unordered: str | None = None
    as_set: bool = False
    tolerance: tuple[float, float] | None = None
    timestamp: bool = False
    null_missing_empty: bool = False
    zero_is_null: bool = False
    casefold: bool = False
    url: bool = False
    trim: bool = False
    unquote: bool = False
    coerce: bool = False
    joined: str | None = None
    opaque: bool = False
    gap: KnownGap | None = None
    below: dict[str, Treatment] = field(default_factory=dict)


class Plan:
    """The rules of one endpoint, ready for use. `root` is the treatment of the whole value."""

    def __init__(self, rules: Rules, today: date) -> None:
        self.placeholders = frozenset(rules.placeholders)
        self._flags: list[tuple[str, list[Pattern]]] = [
            (name, [compile_path(path) for path in paths])
            for name, paths in (
                ("ignore", rules.ignore), ("as_set", rules.sets), ("timestamp", rules.timestamps),
                ("null_missing_empty", rules.null_missing_empty), ("zero_is_null", rules.zero_is_null),
                ("casefold", rules.casefold), ("url", rules.urls), ("trim", rules.trim),
                ("unquote", rules.unquote), ("coerce", rules.coerce), ("opaque", rules.opaque),
            )
        ]  # fmt: skip
        self._unordered = [(compile_path(path), key) for path, key in rules.unordered]
        self._joined = [(compile_path(path), separator) for path, separator in rules.joined]
        self._tolerance = [(compile_path(path), (plus, times)) for path, plus, times in rules.tolerance]
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
        for one, key in self._unordered:
            if one.matches(place):
                made.unordered = key
        for one, separator in self._joined:
            if one.matches(place):
                made.joined = separator
        for one, bounds in self._tolerance:
            if one.matches(place):
                made.tolerance = bounds
        for one, gap in self._gaps:
            if one.covers(place):
                made.gap = gap
        return made


@lru_cache(maxsize=256)
def plan_of(rules: Rules, today: date) -> Plan:
    """The plan of these rules on this day; remembered in this process."""
    return Plan(rules, today)
