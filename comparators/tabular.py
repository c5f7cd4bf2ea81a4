"""Two CSVs of any size side by side, row by row and column by column, in a memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from comparators.answer import Answer
from comparators.coding import Unreadable
from comparators.csv_rows import rows
from comparators.leaves import ABSENT, kind, shown, taken
from comparators.pairing import Pairing, Row, by_position
from comparators.paths import below, element
from comparators.treatment import Treatment
from comparators.verdict import Change, ChangeKind
from comparators.walk import Walk

KEPT = 200
"""Changes that are kept, and as many accepted ones; the rest is counted."""
REMEMBERED = 256
"""Pairs of values whose verdict is remembered for one column: fillers, flags and categories come again and again."""
SHORT = 200
"""Characters of both values of a pair that is remembered."""


class CandidateUnreadable(Exception):
    """The candidate's body is no CSV, though legacy's is; the text says why."""


def compare_tables(legacy: Answer, candidate: Answer, walk: Walk, keys: tuple[str, ...]) -> None:
    """Adds to `walk` what differs; rows are paired by the first of `keys` that legacy has; without keys, by position.

    Raises Unreadable (legacy's body), CandidateUnreadable, OutOfStep, FunctionFailed and OSError.
    """
    with closing(rows(legacy)) as ours, closing(rows(candidate)) as read:
        theirs = _of_candidate(read)
        try:
            _compared(ours, theirs, walk, keys)
        except CandidateUnreadable:
            for _ in ours:  # what is wrong with legacy's own body is said first, wherever it stands
                continue
            raise


def check(answer: Answer) -> None:
    """Reads a CSV to its end. Raises Unreadable and OSError."""
    with closing(rows(answer)) as found:
        for _ in found:
            continue


def _of_candidate(read: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from read
    except Unreadable as error:
        raise CandidateUnreadable(str(error)) from error


def _compared(ours: Iterator[Row], theirs: Iterator[Row], walk: Walk, keys: tuple[str, ...]) -> None:
    columns = next(ours, []), next(theirs, [])
    each = walk.below(walk.root)
    if walk.root.ignore or walk.root.opaque or each.ignore or each.opaque:
        walk.counts["ignore" if walk.root.ignore or each.ignore else "opaque"] += 1
        return
    key = _key(columns[0], keys)
    sheet = _Sheet(walk, columns, each)
    pairing = Pairing((_place(columns[0], key), _place(columns[1], key)))
    mark = "" if key is None else f"{key}="
    for name, one, other in by_position(ours, theirs) if key is None else pairing.pairs(ours, theirs):
        if one is not None and other is not None:
            sheet.row(mark + name, one, other)
        else:
            sheet.alone(mark + name, one, other)
    if pairing.displaced:
        walk.counts["csv order"] += pairing.displaced


def _key(columns: Row, keys: tuple[str, ...]) -> str | None:
    """None where rows have no key. A body without a head line has no rows, and any key is right."""
    found = next((one for one in keys if one in columns or not columns), None)
    if keys and found is None:
        raise Unreadable(f"no column {' or '.join(keys)}, by which its rows are to be paired")
    return found


def _place(columns: Row, key: str | None) -> int:
    if key is None or not columns:
        return 0
    if key not in columns:
        raise CandidateUnreadable(f"no column {key}, by which its rows are to be paired")
    return columns.index(key)


@dataclass(frozen=True, slots=True)
class _Column:
    """`rule` says which rule makes two of its values the same, None if none does."""

    name: str
    how: Treatment
    rule: Callable[[Any, Any], str | None]


class _Sheet:
    """The columns of both sides, and where each stands in a row."""

    def __init__(self, walk: Walk, columns: tuple[Row, Row], each: Treatment) -> None:
        self._walk = walk
        self._each = each
        self._names = columns
        self._columns: list[_Column] = []
        places_of = tuple({name: at for at, name in enumerate(side)} for side in columns)
        wanted: tuple[list[int], list[int]] = [], []
        for name in dict.fromkeys((*columns[0], *columns[1])):
            how = walk.below(each, name)
            found = [side.get(name, -1) for side in places_of]
            if -1 in found and not self._told_by_rows(name, how, missing=found[1] < 0):
                continue
            self._columns.append(_Column(name, how, _rule(how, whole=-1 not in found)))
            for places, at in zip(wanted, found, strict=True):
                places.append(at)
        self._picks = tuple(
            None if places == list(range(len(side))) else places for places, side in zip(wanted, columns, strict=True)
        )

    def _told_by_rows(self, name: str, how: Treatment, *, missing: bool) -> bool:
        """Whether a column of one side is compared row by row, as absent values; else it is one change, or ignored."""
        if how.ignore:
            self._walk.counts["ignore"] += 1
        elif how.null_missing_empty:
            return True
        elif missing:
            self._walk.add([Change(below(element("", ""), name), ChangeKind.MISSING, name, None)], how)
        else:
            self._walk.add([Change(below(element("", ""), name), ChangeKind.EXTRA, None, name)], how)
        return False

    def row(self, mark: str, legacy: Row, candidate: Row) -> None:
        """Compares two rows; those that are written alike fall away at once."""
        ours, theirs = _aligned(legacy, self._picks[0]), _aligned(candidate, self._picks[1])
        if ours == theirs:
            return
        for column, one, other in zip(self._columns, ours, theirs, strict=True):
            if one == other:
                continue
            rule = column.rule(one, other)
            if rule is None:
                path = below(element("", mark), column.name)
                found = Change(path, kind(one, other, column.how), shown(one), shown(other))
                self._walk.add([found], column.how)
            elif rule:
                self._walk.counts[rule] += 1

    def alone(self, mark: str, legacy: Row | None, candidate: Row | None) -> None:
        """A row that only one side has."""
        place = element("", mark)
        if legacy is not None:
            found = Change(place, ChangeKind.MISSING, dict(zip(self._names[0], legacy, strict=True)), None)
        else:
            found = Change(place, ChangeKind.EXTRA, None, dict(zip(self._names[1], candidate or [], strict=False)))
        self._walk.add([found], self._each)


def _aligned(row: Row, picks: list[int] | None) -> list[Any]:
    """The row's fields in the order of the sheet's columns; ABSENT for a column that this side has not."""
    if picks is None:
        return row
    fields = [*row, ABSENT]
    return [fields[at] for at in picks]


def _rule(how: Treatment, *, whole: bool) -> Callable[[Any, Any], str | None]:
    """For a column that both sides have, `whole`, or one whose values one side does not have."""
    if how.ignore:
        return lambda _one, _other: "ignore"
    if how.opaque and whole:
        return lambda _one, _other: "opaque"
    plain = partial(taken, how=how)
    if not whole:
        return plain
    remembered = lru_cache(REMEMBERED)(plain)

    def rule(one: str, other: str) -> str | None:
        return remembered(one, other) if len(one) + len(other) <= SHORT else plain(one, other)

    return rule
