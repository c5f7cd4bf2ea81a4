"""Pages of legacy's lists: size, offset, cursor tokens, order and links (legacy-api.md §2.7, §2.8)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from connectra.asked import MOST_DIGITS, Asked, number
from connectra.cleaning import moment
from connectra.errors import Declined
from connectra.wire import Record

LARGEST_PAGE = 1000
LARGEST_OFFSET = (1 << 63) - 1
"""Beyond it legacy fails (LQ-20)."""
TIMES = ("created_at", "updated_at")
"""The only keys of an order that both sides have alike: texts sort by the database's collation."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page begins and how long it is; `size` None is everything. `cursor`: the request used one."""

    size: int | None
    offset: int = 0
    cursor: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """By a time of the row; who has none comes last, or first where PostgreSQL puts it first."""

    column: str
    descending: bool
    nulls_last: bool


def paging(asked: Asked, cap: int | None = None) -> Paging:
    """The page that is asked for; `cap` bounds an explicit limit. Raises Declined for what legacy refuses."""
    limit, page_size = number(asked, "limit", least=1), number(asked, "page_size", least=1)
    page, offset = number(asked, "page", least=1), number(asked, "offset", least=0) or 0
    size = limit if limit is not None else None if page_size is None else min(page_size, LARGEST_PAGE)
    if limit is not None and cap is not None:
        size = min(limit, cap)
    token = asked.last("cursor")
    if token:
        return Paging(size, _decoded(token), cursor=True)
    if offset == 0 and page is not None and size is not None:
        offset = (page - 1) * size
    if offset > LARGEST_OFFSET:
        raise Declined("parameter page")
    return Paging(size, offset)


def _decoded(token: str) -> int:
    """The offset of a token as legacy makes them: URL-safe base64 of `o=N`. Raises Declined for every other form."""
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise Declined("parameter cursor") from error
    digits = text.removeprefix("o=")
    if digits == text or not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS:
        raise Declined("parameter cursor")
    return int(digits)


def order(asked: Asked, default: Order | None) -> Order | None:
    """The order that is asked for. Raises Declined for keys that do not sort alike on both sides."""
    text = asked.last("ordering")
    if not text:
        return default
    column = text.removeprefix("-")
    if column not in TIMES:
        raise Declined("parameter ordering")
    descending = text != column
    return Order(column, descending, nulls_last=not descending)


def check_whole(count: int, page: Paging) -> None:
    """Raises Declined unless the page holds all of so many records: a part of an unordered list may be any."""
    if count and (page.offset or (page.size is not None and page.size < count)):
        raise Declined("page is a cut of an unordered list")


def window(found: Sequence[Record], page: Paging, by: Order | None) -> list[Record]:
    """The records of the page. Raises Declined where legacy leaves open which records those are."""
    end = len(found) if page.size is None else page.offset + page.size
    if page.offset >= len(found):
        return []
    if by is None:
        check_whole(len(found), page)
        return list(found)
    keys = {id(one): moment(one.get(by.column)) for one in found}
    some = sorted((one for one in found if keys[id(one)]), key=lambda one: str(keys[id(one)]), reverse=by.descending)
    none = [one for one in found if not keys[id(one)]]
    ordered = some + none if by.nulls_last else none + some
    for border in (page.offset, end):
        if 0 < border < len(ordered) and keys[id(ordered[border - 1])] == keys[id(ordered[border])]:
            raise Declined("page is cut between equal times")
    return ordered[page.offset : end]


def links(asked: Asked, page: Paging, returned: int) -> dict[str, str | None]:
    """`next` whenever exactly a full page came back, a dangling one included; `previous` beyond the beginning."""
    full = page.size is not None and returned == page.size
    size = page.size or 0
    return {
        "next": _link(asked, page, page.offset + size) if full else None,
        "previous": _link(asked, page, max(page.offset - size, 0)) if page.offset > 0 else None,
    }


def _link(asked: Asked, page: Paging, offset: int) -> str:
    """Legacy links to the decoded path. Raises Declined for a Host that makes no URL."""
    try:
        parts = urlsplit(asked.url)
    except ValueError as error:
        raise Declined("Host is no address") from error
    pairs = dict(parse_qsl(parts.query))
    if page.cursor:
        pairs["cursor"] = base64.urlsafe_b64encode(f"o={offset}".encode()).decode()
        pairs.pop("offset", None)
        pairs.pop("limit", None)
    else:
        pairs |= {"limit": str(page.size), "offset": str(offset)}
    return urlunsplit((parts.scheme, parts.netloc, unquote(parts.path), urlencode(pairs), ""))


def meta(asked: Asked, page: Paging, returned: int) -> dict[str, object]:
    """The `meta` of the contact and company lists (§5.1; LQ-12)."""
    return {
        "strategy": "cursor" if page.cursor else "limit-offset",
        "count_mode": "actual",
        "filters_applied": True,
        "ordering": asked.last("ordering") or "-created_at",
        "returned_records": returned,
        "page_size": page.size,
        "page_size_cap": LARGEST_PAGE,
        "using_replica": False,
    }
