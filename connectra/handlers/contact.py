"""GET /api/v1/contacts/{contact_uuid}/: one call, the company with it (legacy-api.md §6.1)."""

from __future__ import annotations

from connectra.asked import Asked
from connectra.client import Client
from connectra.handlers.base import Given, not_found
from connectra.shapes import contact_detail


async def contact(client: Client, asked: Asked) -> Given:
    """ContactDetail. Query parameters are ignored, as legacy ignores them."""
    uuid = asked.params["contact_uuid"]
    found = await client.by_uuid("contacts", uuid, populate=True, endpoint=asked.endpoint)
    return not_found("Contact") if found is None else Given(200, contact_detail(found))
