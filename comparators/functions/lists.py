"""Functions on lists, and on texts that join a list with commas."""

from __future__ import annotations

from collections import Counter
from typing import Any

PLACEHOLDER = "_"
"""Legacy's filler for "nothing" (legacy-api.md §10.2, D-13)."""


def first_of_joined(legacy: Any, candidate: Any) -> bool:
    """The candidate gives the first token of what legacy gives whole (D-04): `Software` of `Software, Media`."""
    ours, theirs = _elements(legacy), _elements(candidate)
    return ours is not None and theirs is not None and len(theirs) == 1 and ours[:1] == theirs


def same_elements(legacy: Any, candidate: Any) -> bool:
    """The same elements, each as often, in any order (D-17, D-56)."""
    ours, theirs = _elements(legacy), _elements(candidate)
    return ours is not None and theirs is not None and Counter(ours) == Counter(theirs)


def same_distinct_values(legacy: Any, candidate: Any) -> bool:
    """The same values as sets, case counting, without null, empty and `_` (D-57, D-58)."""
    ours, theirs = _elements(legacy), _elements(candidate)
    return ours is not None and theirs is not None and set(ours) - {PLACEHOLDER} == set(theirs) - {PLACEHOLDER}


def _elements(value: Any) -> list[str] | None:
    """The trimmed elements that are not empty; None for what is no list of plain values."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or any(isinstance(one, dict | list) for one in value):
        return None
    texts = (one.strip() if isinstance(one, str) else repr(one) for one in value if one is not None)
    return [text for text in texts if text]
