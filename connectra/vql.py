"""VQL as typed values. Only what Connectra reads can be expressed: the `where` dialect, keyword sorting, by page."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 100
"""Records of one page, and uuids of one look-up."""
LAST_PAGE = 10
KEYWORDS = {
    "contacts": frozenset(
        {"uuid", "company_id", "email", "departments", "mobile_phone", "email_status", "seniority", "city", "state",
         "country", "linkedin_url", "company_industries", "company_keywords", "company_technologies", "company_city",
         "company_state", "company_country", "company_linkedin_url"}
    ),
    "companies": frozenset(
        {"uuid", "industries", "keywords", "technologies", "city", "state", "country", "linkedin_url"}
    ),
}  # fmt: skip
"""Fields that can be matched exactly and sorted by (connectra.md §5.2)."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword field that has one of these values. An empty tuple can not be sent: Connectra fails on it."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """One search or count. `must` are ANDed; `order` are keyword fields, ascending; `page` begins at 1."""

    entity: str
    must: tuple[Keyword, ...] = ()
    must_not: tuple[Keyword, ...] = ()
    order: tuple[str, ...] = ()
    limit: int = 25
    page: int = 1
    populate: bool = False
    columns: tuple[str, ...] = field(default=())
