"""Which companies a request means: the filters of the company list as SQL. Everything is about `companies co`."""

from __future__ import annotations

from lab.legacy.parameters import CompanyFilters
from lab.legacy.quirks import Quirk, Quirks
from lab.legacy.sql import Where, joined

_METADATA_COLUMNS = (
    *("city", "state", "country", "phone_number", "website"),
    *("linkedin_url", "facebook_url", "twitter_url", "latest_funding"),
)
_METADATA_FIELDS = (*_METADATA_COLUMNS, "latest_funding_amount_min", "latest_funding_amount_max")
_SEARCH = (
    *("co.name", "co.address", "co.text_search"),
    *(joined(f"co.{name}") for name in ("industries", "keywords", "technologies")),
)
_METADATA_SEARCH = ("m.city", "m.state", "m.country", "m.phone_number", "m.website", "m.linkedin_url")
_FROM_METADATA = "SELECT 1 FROM companies_metadata m WHERE m.uuid = co.uuid"


def companies_where(filters: CompanyFilters, quirks: Quirks) -> Where:
    """The conditions on `companies co`."""
    where = Where()
    where.substring("co.name", filters.name)
    where.substring("co.address", filters.address)
    where.substring("co.text_search", filters.company_location)
    where.equal("co.employees_count", filters.employees_count)
    where.within("co.employees_count", filters.employees_min, filters.employees_max)
    where.equal("co.annual_revenue", filters.annual_revenue)
    where.within("co.annual_revenue", filters.annual_revenue_min, filters.annual_revenue_max)
    where.equal("co.total_funding", filters.total_funding)
    where.within("co.total_funding", filters.total_funding_min, filters.total_funding_max)
    for name in ("industries", "keywords", "technologies"):
        where.in_array(f"co.{name}", getattr(filters, name))
        where.without(joined(f"co.{name}"), getattr(filters, f"exclude_{name}"))
    where.without("co.text_search", filters.exclude_locations)
    where.within("co.created_at", filters.created_at_after, filters.created_at_before)
    where.within("co.updated_at", filters.updated_at_after, filters.updated_at_before)
    _metadata(where, filters, quirks)
    term = (filters.search or "").strip()
    if term:
        own = where.like_term(_SEARCH, term)
        where.add(f"({own} OR EXISTS ({_FROM_METADATA} AND ({where.like_term(_METADATA_SEARCH, term)})))")
    return where


def _metadata(where: Where, filters: CompanyFilters, quirks: Quirks) -> None:
    """Class J: who has no metadata row fails all of them, blank ones included (LQ-08)."""
    values = [getattr(filters, name) for name in _METADATA_FIELDS]
    if Quirk.BLANK_NEEDS_ROW not in quirks:
        values = [value for value in values if str(value or "").strip() or value == 0]
    if all(value is None for value in values):
        return
    inner = where.inner()
    for name in _METADATA_COLUMNS:
        inner.substring(f"m.{name}", getattr(filters, name))
    inner.within("m.latest_funding_amount", filters.latest_funding_amount_min, filters.latest_funding_amount_max)
    where.add(f"EXISTS ({_FROM_METADATA}{inner.text(' AND ')})")
