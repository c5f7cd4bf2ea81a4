"""Queries to bytes and answers from bytes, and nothing that Connectra would misread silently ever leaves."""

from __future__ import annotations

from typing import Any

import orjson

from connectra.errors import Misread, RefusedByUs
from connectra.fields import check_record
from connectra.vql import KEYWORDS, LAST_PAGE, MOST, NUMBERS, SHORTEST, TEXTS, Keyword, Query, Range, words

Record = dict[str, Any]
MOST_VALUES = 65_536
"""Of one condition (connectra.md §3.3)."""


def encode(query: Query) -> bytes:
    """The body of a search or a count. Raises RefusedByUs."""
    check(query)
    body: dict[str, Any] = {"where": _where(query), "limit": query.limit}
    if query.page > 1:
        body["page"] = query.page
    if query.order:
        body["order_by"] = [{"order_by": name, "order_direction": "asc"} for name in query.order]
    if query.columns:
        body["select_columns"] = list(query.columns)
    if query.populate:
        body["company_config"] = {"populate": True}
    return orjson.dumps(body)


def _where(query: Query) -> Record:
    where: Record = {}
    if query.must or query.must_not:
        kinds = {"must": query.must, "must_not": query.must_not}
        where["keyword_match"] = {
            kind: {one.field: list(one.values) for one in found} for kind, found in kinds.items() if found
        }
    if query.texts:
        where["text_matches"] = {"must": [_text(one.field, value) for one in query.texts for value in one.values]}
    if query.ranges:
        where["range_query"] = {"must": {one.field: _bounds(one) for one in query.ranges}}
    return where


def _text(name: str, value: str) -> Record:
    return {"text_value": " ".join(words(value)), "filter_key": name, "search_type": "substring", "operator": "and"}


def _bounds(one: Range) -> Record:
    return {"gte": one.least} if one.most is None else {"gte": one.least, "lte": one.most}


def check(query: Query) -> None:
    """Raises RefusedByUs for a query that would be answered wrongly without an error."""
    known = KEYWORDS.get(query.entity)
    if known is None:
        raise RefusedByUs(f"there is nothing called {query.entity}")
    if query.everything == bool(query.must or query.texts or query.ranges):
        raise RefusedByUs("a query without a condition finds everything: `everything` says that it is meant")
    _conditions(query.must, known)
    _conditions(query.must_not, known)
    _texts(query)
    _ranges(query)
    if any(name not in known for name in query.order):
        raise RefusedByUs(f"only keyword fields sort, not {', '.join(query.order)}")
    if not 1 <= query.limit <= MOST:
        raise RefusedByUs(f"limit {query.limit} is not within 1 to {MOST}")
    if not 1 <= query.page <= LAST_PAGE:
        raise RefusedByUs(f"page {query.page} is not within 1 to {LAST_PAGE}")
    if query.columns and "uuid" not in query.columns:
        raise RefusedByUs("select_columns without uuid finds nothing")


def _conditions(conditions: tuple[Keyword, ...], known: frozenset[str]) -> None:
    _once([one.field for one in conditions])
    for one in conditions:
        if one.field not in known:
            raise RefusedByUs(f"{one.field} is no keyword field: the condition would match nothing")
        if not one.values:
            raise RefusedByUs(f"{one.field}: an empty list of values fails")
        if len(one.values) > MOST_VALUES:
            raise RefusedByUs(f"{one.field}: {len(one.values)} values, {MOST_VALUES} at most")


def _texts(query: Query) -> None:
    _once([one.field for one in query.texts])
    for one in query.texts:
        if one.field not in TEXTS[query.entity]:
            raise RefusedByUs(f"{one.field} is no text field: the condition would match nothing")
        if not one.values or not all(words(value) for value in one.values):
            raise RefusedByUs(f"{one.field}: a value without a word of {SHORTEST} letters finds nothing")


def _ranges(query: Query) -> None:
    _once([one.field for one in query.ranges])
    for one in query.ranges:
        if one.field not in NUMBERS[query.entity]:
            raise RefusedByUs(f"{one.field} is no number: the condition would match nothing")
        if one.least < 1:
            raise RefusedByUs(f"{one.field}: the index has 0 for unknown, so a bound is at least 1")


def _once(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise RefusedByUs("two conditions on one field: the last would win, or either would do")


def decode(body: bytes) -> Record:
    """The envelope of an answer. Raises Misread."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Misread(f"the answer is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Misread(f"the answer is a {type(value).__name__}, not an object")
    if value.get("success") is False:
        raise Misread("an answer of 200 says that it failed")
    return value


def records(value: Record, *, nullable: bool = False) -> list[Record]:
    """The records of an answer. Raises Misread.

    `data` is a list even when nothing was found (connectra.md §2.2); of filters alone it may be null (§7.1).
    """
    data = value.get("data", value)
    if data is None and nullable:
        return []
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise Misread("`data` is no list of records")
    return data


def check_found(query: Query, found: list[Record]) -> None:
    """Raises Misread for records that are no answer to `query`: a dialect that is not read finds everything."""
    if len(found) > query.limit:
        raise Misread(f"{len(found)} records came where {query.limit} were asked for")
    shown = [condition for condition in query.must if _shown(condition.field, query)]
    for record in found:
        check_record(record)
        for condition in shown:
            if not _meets(record.get(condition.field), condition.values):
                raise Misread(f"a record's {condition.field} is not the one that was asked for")


def _shown(name: str, query: Query) -> bool:
    """Whether records carry the field: the company's fields are in a contact's document, not in its record."""
    copied = query.entity == "contacts" and name.startswith("company_") and name != "company_id"
    return not copied and (not query.columns or name in query.columns)


def _meets(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(one in wanted for one in value) if isinstance(value, list) else value in wanted


def number(value: Record) -> int:
    """The number of a count. Raises Misread."""
    count = value.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise Misread("`count` is no number")
    return count


def said(body: bytes, status: int) -> str:
    """What an error answer says, whatever branch of the service gave it (connectra.md §11)."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:200].decode(errors="replace")
    if isinstance(value, dict):
        return str(value.get("error") or value.get("message") or status)[:200]
    return str(status)
