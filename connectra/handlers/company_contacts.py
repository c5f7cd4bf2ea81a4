"""The contacts of a company: the list, its count, its uuids and its attribute values (legacy-api.md §6.3 to §6.6).

Legacy promises no order here, so a page that is cut out of more contacts is an arbitrary set on either side: it is
declined. What is not cut is answered, as a set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from connectra.asked import Asked, check_pages, number
from connectra.client import Client
from connectra.errors import Declined
from connectra.filters.parameters import OF_COMPANY, OF_COMPANY_COUNT, Parameter
from connectra.filters.reading import flag
from connectra.filters.selection import Selection, select
from connectra.handlers.base import Given, not_found
from connectra.paging import Paging, check_whole, links, order, paging, window
from connectra.shapes import contact_items
from connectra.vql import Keyword
from connectra.wire import Record

COLUMNS = {name: name for name in ("first_name", "last_name", "title", "seniority", "email_status")} | {
    "department": "departments"
}
"""Attributes of the path, and where a record has them."""
_T = TypeVar("_T")


async def company_contacts(client: Client, asked: Asked) -> Given:
    """A page of ContactListItem."""
    page, by = paging(asked), order(asked, None)
    found = await _of_company(client, asked, OF_COMPANY, Selection.records)
    if found is None:
        return not_found("Company")
    results = contact_items(window(found, page, by))
    return Given(200, {**links(asked, page, len(results)), "results": results, "meta": None})


async def company_contacts_count(client: Client, asked: Asked) -> Given:
    """How many they are. Legacy looks at filters only: of paging it refuses bad pages, and reads nothing else."""
    check_pages(asked)
    count = await _of_company(client, asked, OF_COMPANY_COUNT, Selection.count)
    return not_found("Company") if count is None else Given(200, {"count": count})


async def company_contacts_uuids(client: Client, asked: Asked) -> Given:
    """Their uuids; `count` is the length of the list."""
    check_pages(asked)
    page = Paging(number(asked, "limit", least=1), number(asked, "offset", least=0) or 0)
    uuids = await _of_company(client, asked, OF_COMPANY_COUNT, Selection.uuids)
    if uuids is None:
        return not_found("Company")
    check_whole(len(uuids), page)
    return Given(200, {"count": len(uuids), "uuids": uuids})


async def company_contacts_attribute(client: Client, asked: Asked) -> Given:
    """The values of one attribute, raw and sorted: a bare array."""
    check_pages(asked)
    limit, offset = number(asked, "limit", least=0) or 0, number(asked, "offset", least=0) or 0
    found = await _of_company(client, asked, OF_COMPANY, Selection.records)
    if found is None:
        return not_found("Company")
    values = [text for one in found for text in _values(one, COLUMNS[asked.params["attribute"]])]
    if flag(asked.last("distinct")):
        values = list(dict.fromkeys(values))
    if values and (offset or 0 < limit < len(values)):
        raise Declined("page is a cut in the order of the database's collation")
    return Given(200, sorted(values, reverse=(asked.last("ordering") or "").startswith("-")))


def _values(record: Record, column: str) -> list[str]:
    value = record.get(column)
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]


async def _of_company(
    client: Client,
    asked: Asked,
    known: Mapping[str, Parameter],
    wanted: Callable[[Selection, Client, str], Awaitable[_T]],
) -> _T | None:
    """What is wanted of the company's contacts, and None without such a company; both are asked for side by side."""
    uuid = asked.params["company_uuid"]
    selection = await select(client, asked, "contacts", known, within=Keyword("company_id", (uuid,)))

    async def found() -> _T:
        return await wanted(selection, client, asked.endpoint)

    async with asyncio.TaskGroup() as both:
        company = both.create_task(client.by_uuid("companies", uuid, endpoint=asked.endpoint), name="company")
        contacts = both.create_task(found(), name="contacts")
    return None if company.result() is None else contacts.result()
