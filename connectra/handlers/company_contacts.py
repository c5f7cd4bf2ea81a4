"""The contacts of a company: the list and its count (legacy-api.md §6.3 and §6.4).

Legacy promises no order here, so a page that is cut out of more contacts is an arbitrary set on either side: it is
declined. What fits on one page is answered, as a set.
"""

from __future__ import annotations

import asyncio

from connectra.asked import Asked, check_pages, first_page, next_link
from connectra.client import Client
from connectra.errors import Declined
from connectra.filters import admit
from connectra.handlers.base import Given, not_found
from connectra.shapes import contact_item
from connectra.vql import MOST, Keyword, Query
from connectra.wire import Record


async def company_contacts(client: Client, asked: Asked) -> Given:
    """A page of ContactListItem; both calls run at the same time."""
    admit(asked)
    paging = first_page(asked)
    uuid = asked.params["company_uuid"]
    query = Query("contacts", (Keyword("company_id", (uuid,)),), order=("uuid",), limit=MOST, populate=True)
    async with asyncio.TaskGroup() as both:
        company = both.create_task(_exists(client, uuid, asked.endpoint), name="company")
        contacts = both.create_task(client.search(query, asked.endpoint), name="contacts")
    if company.result() is None:
        return not_found("Company")
    found = contacts.result()
    if len(found) >= MOST or (paging.size is not None and len(found) > paging.size):
        raise Declined("page is a cut of an unordered list")
    results = [contact_item(one) for one in found]
    following = next_link(asked, paging, len(results))
    return Given(200, {"next": following, "previous": None, "results": results, "meta": None})


async def company_contacts_count(client: Client, asked: Asked) -> Given:
    """How many they are. Legacy looks at filters only: of paging it refuses bad pages, and reads nothing else."""
    admit(asked)
    check_pages(asked)
    uuid = asked.params["company_uuid"]
    query = Query("contacts", (Keyword("company_id", (uuid,)),))
    async with asyncio.TaskGroup() as both:
        company = both.create_task(_exists(client, uuid, asked.endpoint), name="company")
        count = both.create_task(client.count(query, asked.endpoint), name="count")
    return not_found("Company") if company.result() is None else Given(200, {"count": count.result()})


async def _exists(client: Client, uuid: str, endpoint: str) -> Record | None:
    return await client.by_uuid("companies", uuid, endpoint=endpoint)
