"""All contacts and all companies: lists, counts and uuids (legacy-api.md §6.7 to §6.10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectra.asked import Asked, check_pages, number
from connectra.client import Client
from connectra.errors import Declined
from connectra.filters.parameters import COMPANIES, CONTACTS, Parameter
from connectra.filters.selection import select
from connectra.handlers.base import Given, Handler
from connectra.paging import LARGEST_PAGE, Order, Paging, check_whole, links, meta, order, paging, window
from connectra.shapes import company_item, contact_item, contact_simple_item
from connectra.wire import Record

BATCHED_FROM = 10_000
"""Companies in one page above which legacy fails if there is any (LQ-23)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the two lists."""

    entity: str
    known: Mapping[str, Parameter]
    default: Order | None
    cap: int | None
    uuids_skip: bool
    """Whether the list of uuids knows `offset`."""


_CONTACTS = Kind("contacts", CONTACTS, Order("created_at", descending=True, nulls_last=True), LARGEST_PAGE, False)
_COMPANIES = Kind("companies", COMPANIES, None, None, True)
Shape = Callable[[Record], dict[str, Any]]


async def contacts(client: Client, asked: Asked) -> Given:
    """A page of ContactListItem, or of ContactSimpleItem with `view=simple`."""
    simple = (asked.last("view") or "").strip().lower() == "simple"
    return await _list(client, asked, _CONTACTS, contact_simple_item if simple else contact_item)


async def companies(client: Client, asked: Asked) -> Given:
    """A page of CompanyListItem."""
    return await _list(client, asked, _COMPANIES, company_item)


async def _list(client: Client, asked: Asked, kind: Kind, shape: Shape) -> Given:
    page, by = paging(asked, kind.cap), order(asked, kind.default)
    if page.size is not None and page.size > BATCHED_FROM:
        raise Declined("parameter limit")
    selection = await select(client, asked, kind.entity, kind.known)
    found = await selection.records(client, asked.endpoint)
    results = [shape(one) for one in window(found, page, by)]
    about = meta(asked, page, len(results))
    return Given(200, {**links(asked, page, len(results)), "results": results, "meta": about})


def _count(kind: Kind) -> Handler:
    async def count(client: Client, asked: Asked) -> Given:
        check_pages(asked)
        selection = await select(client, asked, kind.entity, kind.known)
        return Given(200, {"count": await selection.count(client, asked.endpoint)})

    return count


def _uuids(kind: Kind) -> Handler:
    async def uuids(client: Client, asked: Asked) -> Given:
        check_pages(asked)
        limit = number(asked, "limit", least=1)
        offset = number(asked, "offset", least=0) if kind.uuids_skip else None
        selection = await select(client, asked, kind.entity, kind.known)
        found = await selection.uuids(client, asked.endpoint)
        check_whole(len(found), Paging(limit, offset or 0))
        return Given(200, {"count": len(found), "uuids": found})

    return uuids


contacts_count, contacts_uuids = _count(_CONTACTS), _uuids(_CONTACTS)
companies_count, companies_uuids = _count(_COMPANIES), _uuids(_COMPANIES)
