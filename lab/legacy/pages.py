"""Page, count and uuid-list bodies that several endpoints share (contract §5.1, §5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from lab.legacy.http import Answer, Call, ok
from lab.legacy.paging import MAX_PAGE_SIZE, Paging, links
from lab.legacy.quirks import Quirk, Quirks

NOT_FILTERS = {"ordering", "page", "page_size", "cursor", "distinct"}


@dataclass(frozen=True, slots=True)
class Meta:
    """How a page came about."""

    strategy: str
    count_mode: str
    filters_applied: bool
    ordering: str
    returned_records: int
    page_size: int | None
    page_size_cap: int
    using_replica: bool


def meta(filters: BaseModel, ordering: str | None, paging: Paging, returned: int, quirks: Quirks) -> Meta:
    """The `meta` object of the contact and company lists."""
    applied = Quirk.FILTERS_ALWAYS_APPLIED in quirks or any(
        value is not None for name, value in filters if name not in NOT_FILTERS
    )
    return Meta(
        "cursor" if paging.cursor else "limit-offset",
        "actual",
        applied,
        ordering or "-created_at",
        returned,
        paging.size,
        MAX_PAGE_SIZE,
        False,
    )


def page(call: Call, paging: Paging, results: Sequence[Any], quirks: Quirks, about: Meta | None) -> Answer:
    """A page with its links."""
    around = links(call.url, paging, len(results), quirks)
    return ok({"next": around.next, "previous": around.previous, "results": list(results), "meta": about})


def uuids(found: Sequence[str]) -> Answer:
    """`count` is the length of the list, not the total."""
    return ok({"count": len(found), "uuids": list(found)})


def window(limit: str | None, offset: str | None) -> str:
    """LIMIT and OFFSET with these placeholders."""
    return f"{f' LIMIT {limit}' if limit else ''}{f' OFFSET {offset}' if offset else ''}"
