"""Page size, offset, cursor tokens and links (contract §2.7)."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lab.legacy.http import Failure
from lab.legacy.quirks import Quirk, Quirks

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100
"""Declared by the original and used by none of its endpoints: what LQ-03 was meant to be."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page begins and how long it is; `size` None is everything. `cursor`: the request used one."""

    size: int | None
    offset: int
    cursor: bool


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute URLs."""

    next: str | None
    previous: str | None


def encode_cursor(offset: int) -> str:
    """An offset as a token."""
    return base64.urlsafe_b64encode(f"o={offset}".encode()).decode()


def decode_cursor(token: str) -> int:
    """The offset of a token: base64 of `o=N` or of `N`, or `N` itself. Raises `Failure` 400."""
    candidates = [token]
    with suppress(ValueError, binascii.Error):  # what is not base64 may still be a plain number
        candidates.insert(0, base64.urlsafe_b64decode(token.encode()).decode())
    for candidate in candidates:
        text = candidate.strip()
        try:
            offset = int(text.removeprefix("o=").strip())
        except ValueError:
            continue
        if offset >= 0:
            return offset
    raise Failure(400, "Invalid cursor value")


def resolve(
    limit: int | None,
    offset: int,
    *,
    page: int | None,
    page_size: int | None,
    cursor: str | None,
    cap: int | None,
    quirks: Quirks,
) -> Paging:
    """Paging of a request; `cap` bounds an explicit limit. Raises `Failure` 400 for a bad cursor."""
    size = limit if limit is not None else None if page_size is None else min(page_size, MAX_PAGE_SIZE)
    if limit is not None and cap is not None:
        size = min(limit, cap)
    if size is None and Quirk.NO_LIMIT not in quirks:
        size = DEFAULT_PAGE_SIZE
    if cursor:
        return Paging(size, decode_cursor(cursor), cursor=True)
    if offset == 0 and page is not None and size is not None:
        offset = (page - 1) * size
    return Paging(size, offset, cursor=False)


def links(url: str, paging: Paging, returned: int, quirks: Quirks) -> Links:
    """`next` when exactly a full page came back, `previous` when it does not begin at 0."""
    after = paging.offset + (paging.size or 0)
    before = max(paging.offset - (paging.size or 0), 0)
    has_next = paging.size is not None and returned == paging.size
    return Links(
        _link(url, paging, after, quirks) if has_next else None,
        _link(url, paging, before, quirks) if paging.offset > 0 else None,
    )


def _link(url: str, paging: Paging, offset: int, quirks: Quirks) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if paging.cursor:
        query["cursor"] = encode_cursor(offset)
        query.pop("offset", None)
        if Quirk.CURSOR_DROPS_LIMIT in quirks:
            query.pop("limit", None)
    else:
        if paging.size is not None or Quirk.LIMIT_NONE in quirks:
            query["limit"] = str(paging.size)
        query["offset"] = str(offset)
    return urlunsplit(parts._replace(query=urlencode(query)))
