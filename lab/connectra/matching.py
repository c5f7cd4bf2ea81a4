"""A query against an index: which documents, how many, in which order, from where (the engine's half of a search)."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from lab.connectra import clauses, texts
from lab.connectra.bodies import Order, Search, TextMatch
from lab.connectra.errors import EngineRefused, Failed
from lab.connectra.fields import Kind
from lab.connectra.index import Document, Index
from lab.connectra.postings import Docs, strings

Keys = tuple[str | None, ...]
_MAX_KEPT_ORDERS = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. `sort` is None without order_by."""

    uuid: str
    company_id: str
    sort: tuple[str, ...] | None


def matching(index: Index, search: Search) -> Docs | None:
    """The documents that satisfy `where`; None for all. The set is not to be changed."""
    found: Docs | None = None
    for docs in sorted(_musts(index, search), key=len):
        found = docs if found is None else found & docs
    excluded = _excluded(index, search)
    if excluded:
        found = (set(index.documents) if found is None else found).difference(*excluded)
    return found


def _musts(index: Index, search: Search) -> Iterable[Docs]:
    groups: dict[str, list[TextMatch]] = {}
    for condition in search.text_must:
        if condition.search_type in texts.SEARCH_TYPES:
            groups.setdefault(condition.field, []).append(condition)
    for group in groups.values():
        found = [texts.matching(index, condition) for condition in group]
        yield found[0] if len(found) == 1 else set().union(*found)
    for name, value in search.range_must.items():
        yield clauses.between(index, name, value)
    for name, value in search.keyword_must.items():
        yield clauses.keyword(index, name, value)


def _excluded(index: Index, search: Search) -> list[Docs]:
    conditions = [one for one in search.text_must_not if one.search_type in texts.SEARCH_TYPES]
    return [
        *(texts.matching(index, condition) for condition in conditions),
        *(clauses.keyword(index, name, value) for name, value in search.keyword_must_not.items()),
    ]


def count(index: Index, search: Search) -> int:
    """How many documents satisfy `where`."""
    found = matching(index, search)
    return len(index) if found is None else len(found)


class Finder:
    """Searches one index; keeps the order of all documents by the sort keys in use until the index changes."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._orders: dict[tuple[Order, ...], tuple[int, list[int]]] = {}

    def hits(self, search: Search) -> list[Hit]:
        """One page of hits. Raises EngineRefused for illegal sorts, cursors and pages, Failed for numeric sorts."""
        numeric = self._check(search)
        found = matching(self.index, search)
        start = search.start or 0
        if not search.order:
            numbers = self._unordered(found, start + search.size)[start:]
            return [self._hit(self.index.documents[number], None) for number in numbers]
        if numeric:
            if found if found is not None else self.index.documents:
                raise _undecodable(self.index)
            return []
        return [
            self._hit(self.index.documents[number], self._keys(number, search.order))
            for number in self._page(found, search, start)
        ]

    def _check(self, search: Search) -> bool:
        """Whether the sort has numeric values."""
        numeric = False
        for order in search.order:
            kind = self.index.schema.mapping.get(order.field)
            if kind in (Kind.LONG, Kind.DATE) or order.field in ("_score", "_doc"):
                numeric = True
            elif kind is Kind.TEXT:
                raise EngineRefused(f"Fielddata is disabled on [{order.field}]")
            elif order.field == "_id":
                raise EngineRefused("Fielddata access on the _id field is disallowed")
            elif kind is None:
                raise EngineRefused(f"No mapping found for [{order.field}] in order to sort on")
        if search.cursor:
            if not search.order:
                raise EngineRefused("Sort must contain at least one field.")
            if len(search.cursor) != len(search.order):
                raise EngineRefused("search_after has a different number of values than sort")
            if search.start:
                raise EngineRefused("`from` parameter must be set to 0 when `search_after` is used.")
        if search.start is not None and search.start < 0:
            raise EngineRefused(f"[from] parameter cannot be negative but was [{search.start}]")
        return numeric

    def _unordered(self, found: Docs | None, size: int) -> list[int]:
        return list(islice(self.index.in_order(), size)) if found is None else heapq.nsmallest(size, found)

    def _page(self, found: Docs | None, search: Search, start: int) -> list[int]:
        ordered = self._ordered(found, search.order)
        if search.cursor:
            cursor = tuple(value or "" for value in search.cursor)
            start = bisect_left(
                ordered, 1, key=lambda number: int(_after(self._values(number, search.order), cursor, search.order))
            )
        return ordered[start : start + search.size]

    def _ordered(self, found: Docs | None, order: tuple[Order, ...]) -> list[int]:
        if found is not None and len(found) * 8 < len(self.index):
            return self._sorted(found, order)
        kept = self._orders.get(order)
        if kept is None or kept[0] != self.index.version:
            while len(self._orders) >= _MAX_KEPT_ORDERS:
                del self._orders[next(iter(self._orders))]
            kept = self.index.version, self._sorted(self.index.documents, order)
            self._orders[order] = kept
        return kept[1] if found is None else [number for number in kept[1] if number in found]

    def _sorted(self, numbers: Iterable[int], order: tuple[Order, ...]) -> list[int]:
        ordered = sorted(numbers)
        for entry in reversed(order):
            single = (entry,)
            keyed = [(self._values(number, single)[0], number) for number in ordered]
            present = [(value, number) for value, number in keyed if value is not None]
            present.sort(key=lambda pair: pair[0], reverse=entry.descending)
            ordered = [number for _, number in present] + [number for value, number in keyed if value is None]
        return ordered

    def _values(self, number: int, order: Sequence[Order]) -> Keys:
        source = self.index.documents[number].source
        return tuple(_sort_value(source.get(entry.field), entry.descending) for entry in order)

    def _keys(self, number: int, order: Sequence[Order]) -> tuple[str, ...]:
        return tuple(value or "" for value in self._values(number, order))

    def _hit(self, document: Document, sort: tuple[str, ...] | None) -> Hit:
        return Hit(document.uuid, document.source.get("company_id") or "", sort)


def _undecodable(index: Index) -> Failed:
    hit = f"Elastic{index.schema.name.capitalize()}SearchHit"
    return Failed(f"json: cannot unmarshal number into Go struct field {hit}.hits.hits.sort of type string")


def _sort_value(value: object, descending: bool) -> str | None:
    """A list sorts by its smallest element, descending by its largest; None when there is no value."""
    if value is None or isinstance(value, str):
        return value
    elements = strings(value)
    return (max if descending else min)(elements) if elements else None


def _after(values: Keys, cursor: tuple[str, ...], order: Sequence[Order]) -> bool:
    """Whether a document comes strictly after the cursor; missing values are last either way."""
    for value, given, entry in zip(values, cursor, order, strict=True):
        if value is None:
            return True
        if value != given:
            return (value < given) if entry.descending else (value > given)
    return False
