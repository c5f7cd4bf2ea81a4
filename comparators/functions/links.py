"""Functions on the links of a page: `next` and `previous`."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PAGING = ("offset", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class _Page:
    path: str
    mode: str
    offset: int
    limit: int | None
    others: tuple[tuple[str, str], ...]


def same_page_link(legacy: Any, candidate: Any) -> bool:
    """The same page: mode, offset and limit (D-51, cursors as legacy-api.md §2.7 has them).

    The host and the order of parameters do not count, and `limit=None` (LQ-04) is no limit. The path and the other
    parameters do: a link that has lost its filters leads elsewhere. A cursor that is no offset is never the same.
    """
    if not isinstance(legacy, str) or not isinstance(candidate, str):
        return False
    ours, theirs = _page(legacy), _page(candidate)
    return ours is not None and ours == theirs


def _page(link: str) -> _Page | None:
    try:
        parts = urlsplit(link)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    found = dict(pairs)
    limit = _limit(found.get("limit"))
    offset = _offset(found)
    if offset is None or limit == 0:
        return None
    others = tuple(sorted(pair for pair in pairs if pair[0] not in PAGING))
    return _Page(parts.path, "cursor" if "cursor" in found else "offset", offset, limit, others)


def _limit(text: str | None) -> int | None:
    """None without a limit, 0 for one that can not be read."""
    if text is None or text == "None":
        return None
    return _whole(text) or 0


def _offset(found: Mapping[str, str]) -> int | None:
    if "cursor" not in found:
        return _whole(found.get("offset", "0"))
    try:
        text = urlsafe_b64decode(found["cursor"]).decode("ascii")
    except (binascii.Error, ValueError):
        text = found["cursor"]
    return _whole(text.removeprefix("o="))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
