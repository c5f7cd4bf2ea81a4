"""A stable id of a kind of mismatch: endpoint, paths without indexes, kinds of change, and the pair of statuses."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from comparators.paths import without_indexes
from comparators.verdict import Change

PATHS = 12
"""Paths that count: with more, the same defect on records of different shapes would have many ids."""


def kinds(changes: Iterable[Change]) -> tuple[str, ...]:
    """The distinct paths without indexes, sorted, at most PATHS."""
    return tuple(sorted({without_indexes(change.path) for change in changes})[:PATHS])


def fingerprint(endpoint: str, changes: Iterable[Change], statuses: tuple[int, int], mark: str = "") -> str:
    """Twelve hex digits. `mark` tells apart what else tells apart (`unstable`)."""
    found = sorted({f"{change.kind}:{without_indexes(change.path)}" for change in changes})[:PATHS]
    text = "\0".join((endpoint, f"{statuses[0]}/{statuses[1]}", mark, *found))
    return blake2b(text.encode(), digest_size=6).hexdigest()
