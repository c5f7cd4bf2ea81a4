"""Two values side by side under a plan: equal parts fall away at once, and what is left becomes changes."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import orjson

from comparators.difference import differences
from comparators.functions import Function
from comparators.leaves import ABSENT, equal, function_takes, gap_kind, kind, shown, taken
from comparators.normalise import leaf
from comparators.paths import ELEMENT, below, element
from comparators.treatment import Plan, Treatment
from comparators.verdict import Change, ChangeKind

DEEPEST = 64
"""Levels of nesting that are walked; below, DeepDiff's budget decides."""
_WHOLE = float(1 << 53)
"""Below it a float that is whole is one integer exactly."""
NOT_KEPT = "changes that were not kept"


class Walk:
    """Collects changes, those that a known gap accepts, and how often each rule was needed.

    At most `most` changes and as many accepted ones are kept; the rest is counted. Its methods raise FunctionFailed.
    """

    def __init__(self, plan: Plan, most: int = sys.maxsize) -> None:
        self._most = most
        self.changes: list[Change] = []
        self.accepted: list[Change] = []
        self.counts: Counter[str] = Counter()
        self._plan = plan
        self.root = plan.root

    def values(self, legacy: Any, candidate: Any, how: Treatment, path: str, depth: int = 0) -> None:
        """Compares two values at one place."""
        if how.ignore or (how.opaque and _present(legacy) and _present(candidate)):
            if not equal(legacy, candidate):
                self.counts["ignore" if how.ignore else "opaque"] += 1
            return
        if how.function is not None and _wholly_taken(legacy, candidate, how.function):
            self.counts[f"function {how.function[0]}"] += 1
            return
        if depth > DEEPEST and _nested(legacy) and _nested(candidate):
            if _frozen(legacy) != _frozen(candidate):
                self._differing(legacy, candidate, how, path, depth)
        elif isinstance(legacy, dict) and isinstance(candidate, dict):
            self._objects(legacy, candidate, how, path, depth)
        elif isinstance(legacy, list) and isinstance(candidate, list) and how.joined is None:
            self._lists(legacy, candidate, how, path, depth)
        else:
            self._leaves(legacy, candidate, how, path)

    # -- objects and lists --------------------------------------------------------------------------------------

    def _objects(
        self, legacy: dict[str, Any], candidate: dict[str, Any], how: Treatment, path: str, depth: int
    ) -> None:
        plan = self._plan
        for key, one in legacy.items():
            other = candidate.get(key, ABSENT)
            if one is not other and (not isinstance(one, str) or one != other):
                self.values(one, other, plan.below(how, key), below(path, key), depth + 1)
        if candidate.keys() <= legacy.keys():
            return
        for key, other in candidate.items():
            if key not in legacy:
                self.values(ABSENT, other, plan.below(how, key), below(path, key), depth + 1)

    def _lists(self, legacy: list[Any], candidate: list[Any], how: Treatment, path: str, depth: int) -> None:
        if orjson.dumps(legacy) == orjson.dumps(candidate):
            return
        inner = self._plan.element(how)
        if how.unordered is not None:
            self._keyed(legacy, candidate, how.unordered, inner, path, depth)
            return
        if how.as_set:
            self._sets(legacy, candidate, inner, path)
            return
        if len(legacy) == len(candidate):
            for at, (one, other) in enumerate(zip(legacy, candidate, strict=True)):
                if not _same_object(one, other):
                    self.values(one, other, inner, element(path, str(at)), depth + 1)
            return
        self._differing(legacy, candidate, how, path, depth)

    def _differing(self, legacy: Any, candidate: Any, how: Treatment, path: str, depth: int) -> None:
        """What DeepDiff finds, each under the rules of its own place."""
        for place, change in differences(legacy, candidate, path):
            inner, ignored = how, False
            for name in place:
                inner = self._plan.below(inner, name)
                ignored = ignored or inner.ignore
            if ignored:
                self.counts["ignore"] += 1
            elif not place or (place[-1] == ELEMENT and change.kind in (ChangeKind.MISSING, ChangeKind.EXTRA)):
                self.add([change], inner)
            else:
                one = ABSENT if change.kind is ChangeKind.EXTRA else change.legacy
                other = ABSENT if change.kind is ChangeKind.MISSING else change.candidate
                self.values(one, other, inner, change.path, depth + 1)

    def _keyed(
        self, legacy: list[Any], candidate: list[Any], key: str, inner: Treatment, path: str, depth: int
    ) -> None:
        ours, theirs = _by_key(legacy, key), _by_key(candidate, key)
        for name, ones in ours.items():
            others = theirs.get(name, [])
            place = element(path, f"{key}={name}")
            for at in range(max(len(ones), len(others))):
                one = ones[at] if at < len(ones) else ABSENT
                other = others[at] if at < len(others) else ABSENT
                if not _same_object(one, other):
                    self.values(one, other, inner, place, depth + 1)
        for name, others in theirs.items():
            if name not in ours:
                for other in others:
                    self.values(ABSENT, other, inner, element(path, f"{key}={name}"), depth + 1)
        if [_key_of(one, key) for one in legacy] != [_key_of(one, key) for one in candidate]:
            self.counts["unordered"] += 1

    def _sets(self, legacy: list[Any], candidate: list[Any], inner: Treatment, path: str) -> None:
        ours = {_frozen(leaf(one, inner)): one for one in legacy}
        theirs = {_frozen(leaf(one, inner)): one for one in candidate}
        if list(ours) != list(theirs):
            self.counts["sets"] += 1
        place = element(path, "")
        found = [Change(place, ChangeKind.MISSING, ours[mark], None) for mark in sorted(ours.keys() - theirs.keys())]
        found += [Change(place, ChangeKind.EXTRA, None, theirs[mark]) for mark in sorted(theirs.keys() - ours.keys())]
        self.add(found, inner)

    # -- leaves -------------------------------------------------------------------------------------------------

    def _leaves(self, legacy: Any, candidate: Any, how: Treatment, path: str) -> None:
        rule = taken(legacy, candidate, how)
        if rule is None:
            self.add([Change(path, kind(legacy, candidate, how), shown(legacy), shown(candidate))], how)
        elif rule:
            self.counts[rule] += 1

    def below(self, how: Treatment, name: str = ELEMENT) -> Treatment:
        """The treatment of a key below a place, or of the elements of a list there."""
        return self._plan.below(how, name)

    def add(self, found: list[Change], how: Treatment) -> None:
        """Notes changes at one place: accepted if a known gap takes them. Beyond `most` of a sort they are counted."""
        for change in found:
            gap = next((one for one in how.gaps if not one.kinds or gap_kind(change, how) in one.kinds), None)
            kept = self.changes if gap is None else self.accepted
            if gap is not None:
                self.counts[f"known gap {gap.path}"] += 1
            if len(kept) >= self._most:
                self.counts[NOT_KEPT] += 1
            else:
                kept.append(change if gap is None else replace(change, accepted_by=f"known gap: {gap.path}"))


def _same_object(one: Any, other: Any) -> bool:
    """Two records that are written alike: most of a long list falls away here, at a tenth of the cost of walking."""
    return isinstance(one, dict) and isinstance(other, dict) and orjson.dumps(one) == orjson.dumps(other)


def _wholly_taken(legacy: Any, candidate: Any, function: tuple[str, Function]) -> bool:
    """Lists and objects are asked about as a whole, before they are walked."""
    differ = _nested(legacy) and _nested(candidate) and legacy != candidate
    return differ and function_takes(legacy, candidate, function)


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _present(value: Any) -> bool:
    return value is not ABSENT and value is not None


def _key_of(value: Any, key: str) -> str:
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _by_key(values: list[Any], key: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for value in values:
        found.setdefault(_key_of(value, key), []).append(value)
    return found


def _frozen(value: Any) -> bytes:
    """Equal for equal values; a text is no number, and 120.0 is 120."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
