"""GET /api/v1/companies/{company_uuid}/ (legacy-api.md §6.2)."""

from __future__ import annotations

from connectra.asked import Asked
from connectra.client import Client
from connectra.handlers.base import Given, not_found
from connectra.shapes import company_detail


async def company(client: Client, asked: Asked) -> Given:
    """CompanyDetail."""
    found = await client.by_uuid("companies", asked.params["company_uuid"], endpoint=asked.endpoint)
    return not_found("Company") if found is None else Given(200, company_detail(found))
