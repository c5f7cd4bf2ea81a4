"""Parameters with values → conditions: legacy's predicate on one record, and what narrows the search to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectra.cleaning import moment as written
from connectra.errors import Declined
from connectra.filters.likeness import Like, like, lower
from connectra.filters.parameters import INDEXED_NUMBERS, Kind, Of, Parameter
from connectra.filters.reading import elements, listed, moment, number, tokens
from connectra.vql import Keyword, Range, Text
from connectra.wire import Record

Keeps = Callable[[Record], bool]
Narrowing = Keyword | Text | Range
MOST_TERMS = 100
"""Of one filter: each is looked for in each of up to 1,000 records, while other requests wait."""
LONGEST_TERM = 500
"""Signs of one."""
_ASCII_WORD = re.compile("[a-z0-9]*")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A keyword field of which each value that is meant contains one of these terms."""

    field: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """`keeps` is legacy's predicate on the record that `of` names (a company, or a contact with its metadata).

    `narrows` surely finds every record that is kept; `without` leaves out none that is. `spelled` does as `narrows`,
    once the values have been looked up.
    """

    of: Of
    keeps: Keeps
    narrows: Narrowing | None = None
    without: Keyword | None = None
    spelled: Spelled | None = None


def always(_record: Record) -> bool:
    """The condition that a blank filter is."""
    return True


def condition(one: Parameter, values: Sequence[str]) -> Condition | None:
    """The condition of a parameter that is no number, or None where its values are none. Raises Declined."""
    raw = values[-1]
    match one.kind:
        case Kind.ANY:
            return _substring(one, tokens(raw))
        case Kind.ONE:
            return _substring(one, _single(one, raw))
        case Kind.IN_LIST:
            return _in_list(one, elements(raw), any)
        case Kind.ALL_IN_LIST:
            return _in_list(one, elements(raw), all)
        case Kind.WITHOUT | Kind.WITHOUT_IN_LIST:
            return _without(one, listed(one.name, values))
        case Kind.NOT_TITLED:
            return _not_titled(one, listed(one.name, values))
        case Kind.AFTER | Kind.BEFORE:
            return _when(one, moment(one.name, raw))
        case Kind.NOT_OF:
            return _not_of(one, listed(one.name, values, caseless=False))
    return None


def _single(one: Parameter, raw: str) -> list[str]:
    """Class B: the whole value, trimmed where it is the contact's own. Raises Declined for a blank one.

    Whether legacy drops it, or looks for nothing and so finds whoever has the column, is nowhere written.
    """
    text = raw.strip() if one.of is Of.CONTACT else raw
    if raw and not text:
        raise Declined(f"parameter {one.name}: blank")
    return [text] if text else []


def _substring(one: Parameter, terms: list[str]) -> Condition | None:
    if one.most is not None and len(terms) > one.most:
        raise Declined(f"parameter {one.name}: over {one.most} tokens")
    if not terms:
        return _blank(one)
    patterns = _patterns(one, terms)
    column = one.column

    def keeps(record: Record) -> bool:
        text = record.get(column)
        return isinstance(text, str) and any(pattern.matches(text) for pattern in patterns)

    values = [pattern.narrowing for pattern in patterns]
    narrows = Text(one.index, tuple(dict.fromkeys(values))) if one.index and all(values) else None
    return Condition(one.of, keeps, narrows, spelled=Spelled(column, tuple(terms)) if one.spelled else None)


def _blank(one: Parameter) -> Condition | None:
    """No filter; but a row of the company, or of metadata, has to be there (LQ-08)."""
    if one.of in (Of.PERSON, Of.FIRM):
        raise Declined(f"parameter {one.name}: blank")
    return Condition(one.of, always) if one.of is Of.COMPANY else None


def _patterns(one: Parameter, terms: list[str]) -> list[Like]:
    if len(terms) > MOST_TERMS or any(len(term) > LONGEST_TERM for term in terms):
        raise Declined(f"parameter {one.name}: over {MOST_TERMS} values, or one over {LONGEST_TERM} letters")
    patterns = [like(term) for term in terms]
    if any(pattern.empty for pattern in patterns):
        raise Declined(f"parameter {one.name}: matches the empty text")
    return patterns


def _in_list(one: Parameter, terms: list[str], quantity: Callable[[Any], bool]) -> Condition | None:
    if not terms:
        return _blank(one)
    patterns, column = _patterns(one, terms), one.column

    def keeps(record: Record) -> bool:
        text = _joined(record.get(column))
        return text is not None and quantity(pattern.matches(text) for pattern in patterns)

    return Condition(one.of, keeps)


def _joined(value: Any) -> str | None:
    """The elements as PostgreSQL joins them: it leaves out those that are null."""
    found = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return ",".join(found) if found else None


def _without(one: Parameter, terms: list[str]) -> Condition | None:
    if not terms:
        return None  # unlike a blank text, an empty list is as good as not given: no row has to be there
    patterns, column, as_list = _patterns(one, terms), one.column, one.kind is Kind.WITHOUT_IN_LIST

    def keeps(record: Record) -> bool:
        value = record.get(column)
        text = _joined(value) if as_list else value
        return not (isinstance(text, str) and any(pattern.matches(text) for pattern in patterns))

    return Condition(one.of, keeps)


def _not_titled(one: Parameter, given: list[str]) -> Condition | None:
    """The stored title in lower case, its words sorted, equals none of the values as they were typed (LQ-07)."""
    if not given:
        return None
    refused, column = frozenset(given), one.column
    shuffled = frozenset(tuple(sorted(value.split(" "))) for value in given)

    def keeps(record: Record) -> bool:
        title = record.get(column)
        if not isinstance(title, str):
            return True
        readings = [sorted(text.split(" ")) for text in dict.fromkeys((lower(title), title.lower()))]
        if not any(tuple(words) in shuffled for words in readings):
            return True
        if len(readings) > 1 or not all(_ASCII_WORD.fullmatch(word) for word in readings[0]):
            raise Declined(f"parameter {one.name}: how words sort depends on legacy's database")
        return " ".join(readings[0]) not in refused

    return Condition(one.of, keeps)


def _when(one: Parameter, bound: datetime) -> Condition:
    column, after = one.column, one.kind is Kind.AFTER

    def keeps(record: Record) -> bool:
        text = written(record.get(column))
        if text is None:
            return False
        at = datetime.fromisoformat(text)
        return at >= bound if after else at <= bound

    return Condition(one.of, keeps)


def _not_of(one: Parameter, uuids: list[str]) -> Condition | None:
    if not uuids:
        return None
    refused, column = frozenset(uuids), one.column
    return Condition(
        one.of, lambda record: record.get(column) not in refused, without=Keyword(column, tuple(uuids))
    )


def numbers(given: Sequence[tuple[Parameter, str]]) -> list[Condition]:
    """The conditions of all bounds of all numbers. Raises Declined where 0 would have to be told from nothing."""
    bounds: dict[tuple[Of, str], list[tuple[Parameter, int]]] = {}
    for one, raw in given:
        bounds.setdefault((one.of, one.column), []).append((one, number(one.name, raw)))
    return [_number(of, column, found) for (of, column), found in bounds.items()]


def _number(of: Of, column: str, found: list[tuple[Parameter, int]]) -> Condition:
    least = max((value for one, value in found if one.kind in (Kind.LEAST, Kind.EQUAL)), default=0)
    tops = [value for one, value in found if one.kind in (Kind.MOST, Kind.EQUAL)]
    if least < 1:
        raise Declined(f"parameter {found[0][0].name}: 0 and nothing are one")
    most = min(tops) if tops else None

    def keeps(record: Record) -> bool:
        value = record.get(column)
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return value >= least and (most is None or value <= most)

    if most is not None and most < least:
        return Condition(of, lambda _record: False)
    return Condition(of, keeps, Range(column, least, most) if column in INDEXED_NUMBERS else None)
