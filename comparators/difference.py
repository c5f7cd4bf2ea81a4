"""The one door to DeepDiff: small subtrees that differ, with options that are tested, under a budget."""

from __future__ import annotations

from typing import Any

from deepdiff import DeepDiff

from comparators.paths import ELEMENT, Place, below, element
from comparators.verdict import Change, ChangeKind

BUDGET = 2_000
"""Leaves of a subtree, both sides together: beyond it one change stands for all (a list of 40 KB would take 40 ms)."""
CHANGES = 200
"""Changes named for one subtree."""
_KINDS = {
    "values_changed": ChangeKind.VALUE,
    "type_changes": ChangeKind.TYPE,
    "dictionary_item_removed": ChangeKind.MISSING,
    "iterable_item_removed": ChangeKind.MISSING,
    "dictionary_item_added": ChangeKind.EXTRA,
    "iterable_item_added": ChangeKind.EXTRA,
}


def leaves(value: Any, most: int) -> int:
    """How many leaves a value has; counting stops at `most`."""
    waiting, found = [value], 0
    while waiting and found < most:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        found += 1
    return found


def differences(legacy: Any, candidate: Any, path: str) -> list[tuple[Place, Change]]:
    """What differs between two subtrees that are not equal, and where below them; `path` is where they stand."""
    whole: tuple[Place, Change] = (), Change(path, ChangeKind.VALUE, legacy, candidate)
    if leaves(legacy, BUDGET) + leaves(candidate, BUDGET) >= BUDGET:
        return [whole]
    found = DeepDiff(legacy, candidate, view="tree", verbose_level=2, ignore_order=False, cache_size=0)
    made = [
        (_place(steps), Change(_printed(path, steps), kind, _side(level.t1), _side(level.t2)))
        for name, kind in _KINDS.items()
        for level in found.get(name, ())
        for steps in (level.path(output_format="list"),)
    ]
    made.sort(key=lambda one: (one[1].path, one[1].kind))
    return made[:CHANGES] or [whole]


def _side(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value


def _place(steps: list[Any]) -> Place:
    return tuple(ELEMENT if isinstance(step, int) else str(step) for step in steps)


def _printed(path: str, steps: list[Any]) -> str:
    for step in steps:
        path = element(path, str(step)) if isinstance(step, int) else below(path, str(step))
    return path
