"""What a handler is given: the request as legacy would see it, and its paging (legacy-api.md §2.6, §2.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectra.errors import Declined

LARGEST_PAGE = 1000
MOST_PARAMETERS = 1000
MOST_DIGITS = 18
"""Of a number that fits 64 bits for certain; legacy fails on larger ones (LQ-20)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: path parameters, the query in its order, the body, and the URL that links are made of."""

    params: dict[str, str]
    url: str
    body: bytes = b""
    endpoint: str = ""
    query: list[tuple[str, str]] = field(default_factory=list)

    def last(self, name: str) -> str | None:
        """The last value of a repeated parameter: the one that legacy reads."""
        return next((value for key, value in reversed(self.query) if key == name), None)


@dataclass(frozen=True, slots=True)
class Paging:
    """A page from the beginning; `size` None is everything."""

    size: int | None


def read_query(target: str) -> list[tuple[str, str]]:
    """The query's pairs, blank values kept. Raises Declined for more than MOST_PARAMETERS."""
    query = target.partition("?")[2]
    if query.count("&") >= MOST_PARAMETERS:
        raise Declined(f"more than {MOST_PARAMETERS} parameters")
    return parse_qsl(query, keep_blank_values=True)


def first_page(asked: Asked) -> Paging:
    """The paging of a request that asks for the first page. Raises Declined for any other, and for bad values."""
    limit = _number(asked, "limit", least=1)
    size = limit
    page_size = _number(asked, "page_size", least=1)
    if size is None and page_size is not None:
        size = min(page_size, LARGEST_PAGE)
    page = _number(asked, "page", least=1)
    if asked.last("cursor"):
        raise Declined("parameter cursor")
    if _number(asked, "offset", least=0):
        raise Declined("parameter offset")
    if page is not None and page > 1 and size is not None:
        raise Declined("parameter page")
    return Paging(size)


def check_pages(asked: Asked) -> None:
    """Raises Declined for a `page` or `page_size` that legacy refuses even where it does not use them (§2.5)."""
    _number(asked, "page", least=1)
    _number(asked, "page_size", least=1)


def _number(asked: Asked, name: str, *, least: int) -> int | None:
    text = asked.last(name)
    if text is None:
        return None
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS or int(digits) < least:
        raise Declined(f"parameter {name}")  # legacy refuses it in its own words
    return int(digits)


def next_link(asked: Asked, paging: Paging, returned: int) -> str | None:
    """Legacy's `next`: there whenever exactly a full page came back, a dangling one included."""
    if paging.size is None or returned != paging.size:
        return None
    pairs = {key: value for key, value in asked.query if value != ""}
    pairs["limit"], pairs["offset"] = str(paging.size), str(paging.size)
    parts = urlsplit(asked.url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))
