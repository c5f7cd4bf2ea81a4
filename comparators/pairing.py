"""Rows of two tables in pairs: both are read in step, and what comes too early is held within a bound of memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import orjson

HELD = 32 << 20
"""Bytes of rows held for their partners, both sides together."""
_OVERHEAD = 400
"""Bytes that a held row takes beside its text: its key, its place in line, and the objects around them."""

Row = list[str]


class OutOfStep(Exception):
    """The rows stand in too different an order to be paired within the bound."""


class Pairing:
    """Pairs rows by a key: its n-th row here with its n-th row there (repeats are rows of their own).

    `displaced` counts the pairs that stand in another order on one side than on the other.
    """

    def __init__(self, keys: tuple[int, int], most: int = HELD) -> None:
        self.displaced = 0
        self._keys = keys
        self._most = most
        self._held = 0
        self._waiting: tuple[dict[str, list[tuple[int, bytes]]], ...] = ({}, {})
        self._furthest = (-1, -1)

    def pairs(self, ours: Iterator[Row], theirs: Iterator[Row]) -> Iterator[tuple[str, Row | None, Row | None]]:
        """Key and rows, None where a side has none; these come last. Raises OutOfStep."""
        here, there = self._keys
        early, others_early = self._waiting
        for at, (one, other) in enumerate(zip_longest(ours, theirs)):
            if one is not None and other is not None:
                key = one[here]
                if key == other[there] and key not in early and key not in others_early:
                    self._furthest = (at, at)
                    yield key, one, other
                    continue
            if one is not None and (found := self._partner(one, at, 0)) is not None:
                yield one[here], one, found
            if other is not None and (found := self._partner(other, at, 1)) is not None:
                yield other[there], found, other
        for key, line in early.items():
            yield from ((key, _unpacked(packed), None) for _, packed in line)
        for key, line in others_early.items():
            yield from ((key, None, _unpacked(packed)) for _, packed in line)

    def _partner(self, row: Row, at: int, side: int) -> Row | None:
        """The other side's row that waits for this one; if there is none, this one waits."""
        key = row[self._keys[side]]
        line = self._waiting[1 - side].get(key)
        if line is None:
            self._hold(key, at, row, side)
            return None
        there, packed = line.pop(0)
        if not line:
            del self._waiting[1 - side][key]
        self._held -= len(packed) + _OVERHEAD
        self._noted((at, there) if side == 0 else (there, at))
        return _unpacked(packed)

    def _hold(self, key: str, at: int, row: Row, side: int) -> None:
        packed = bytes(memoryview(orjson.dumps(row)))  # a copy: orjson's own bytes keep the ten times they were given
        self._held += len(packed) + _OVERHEAD
        if self._held > self._most:
            raise OutOfStep(f"the rows stand in too different an order: over {self._most >> 20} MiB would be held")
        self._waiting[side].setdefault(key, []).append((at, packed))

    def _noted(self, pair: tuple[int, int]) -> None:
        """Pairs are complete when their later row comes, so one that is behind any other has been overtaken."""
        self.displaced += pair[0] < self._furthest[0] or pair[1] < self._furthest[1]
        self._furthest = max(pair[0], self._furthest[0]), max(pair[1], self._furthest[1])


def _unpacked(packed: bytes) -> Row:
    found: Row = orjson.loads(packed)
    return found


def by_position(ours: Iterator[Row], theirs: Iterator[Row]) -> Iterator[tuple[str, Row | None, Row | None]]:
    """The same by the rows' places, from 0."""
    for at, (one, other) in enumerate(zip_longest(ours, theirs)):
        yield str(at), one, other
