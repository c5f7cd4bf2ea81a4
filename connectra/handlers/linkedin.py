"""POST /api/v2/linkedin/: the search alone. Its effects (credit, activity) are legacy's; nothing is written here.

Legacy matches `%slug%` in whatever was stored. Connectra knows exact values only, so the usual spellings of the
address are asked for: what it finds is found by legacy too; other spellings, and slugs that contain this one, are a
known difference (legacy-api.md D-41). A wildcard in the address can not be expressed and is declined.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from connectra.asked import Asked
from connectra.cleaning import moment, whole
from connectra.client import Client
from connectra.errors import Declined
from connectra.handlers.base import Given
from connectra.vql import MOST, Keyword, Query
from connectra.wire import Record

MARKS = {"contacts": "/in/", "companies": "/company/"}
HOSTS = ("https://www.linkedin.com", "http://www.linkedin.com", "https://linkedin.com", "http://linkedin.com",
         "www.linkedin.com", "linkedin.com")  # fmt: skip
_CONTACT = ("uuid", "first_name", "last_name", "company_id", "email", "title", "departments", "mobile_phone",
            "email_status", "text_search", "seniority", "created_at", "updated_at")  # fmt: skip
_COMPANY = ("uuid", "name", "employees_count", "industries", "keywords", "address", "annual_revenue",
            "total_funding", "technologies", "text_search", "created_at", "updated_at")  # fmt: skip
_CONTACT_METADATA = ("uuid", "linkedin_url", "linkedin_sales_url", "facebook_url", "twitter_url", "website",
                     "work_direct_phone", "home_phone", "city", "state", "country", "other_phone", "stage")  # fmt: skip
_COMPANY_METADATA = ("uuid", "linkedin_url", "linkedin_sales_url", "facebook_url", "twitter_url", "website",
                     "company_name_for_emails", "phone_number", "latest_funding", "latest_funding_amount",
                     "last_raised_at", "city", "state", "country")  # fmt: skip
_OF_RELATIONS = ("contact.text_search", "metadata.linkedin_sales_url", "company.text_search",
                 "company_metadata.linkedin_sales_url")  # fmt: skip
MISSING = (
    *(f"contacts[].{name}" for name in _OF_RELATIONS),
    "companies[].company.text_search",
    "companies[].metadata.linkedin_sales_url",
    *(f"companies[].contacts[].{name}" for name in _OF_RELATIONS),
)
"""What legacy has stored and Connectra has not."""


async def linkedin(client: Client, asked: Asked) -> Given:
    """The people and companies behind an address, with their relations."""
    url = _url(asked.body)
    async with asyncio.TaskGroup() as both:
        people = both.create_task(_search(client, "contacts", url, asked.endpoint), name="contacts")
        firms = both.create_task(_search(client, "companies", url, asked.endpoint), name="companies")
    contacts = [_relations(one, one.get("company")) for one in people.result()]
    companies = [await _with_contacts(client, one, asked.endpoint) for one in firms.result()]
    totals = {"total_contacts": len(contacts), "total_companies": len(companies)}
    missing = MISSING if contacts or companies else ()
    return Given(200, {"contacts": contacts, "companies": companies, **totals}, missing)


def _url(body: bytes) -> str:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Declined("body is not JSON") from error
    url = value.get("url") if isinstance(value, dict) else None
    if not isinstance(url, str) or not url.strip():
        raise Declined("body without url")
    if any(sign in url for sign in "%\\") or "\0" in url:
        raise Declined("wildcards in url")
    if any("_" in _slug(url.strip(), mark) for mark in MARKS.values()):
        raise Declined("wildcard _ in the name behind url")
    return url.strip()


def _slug(url: str, mark: str) -> str:
    """What legacy looks for: after the last `mark` up to `?`, then up to `/`; empty without one."""
    _, found, rest = url.rpartition(mark)
    return rest.partition("?")[0].partition("/")[0] if found else ""


def spellings(url: str, mark: str) -> tuple[str, ...]:
    """The forms in which the address behind `url` is usually stored; only `url` itself where it has no `mark`."""
    slug = _slug(url, mark)
    if not slug:
        return (url,)
    forms = [url, *(f"{host}{mark}{slug}{tail}" for host in HOSTS for tail in ("", "/", "?trk=x"))]
    forms.append(f"HTTPS://WWW.LINKEDIN.COM{mark}{slug}")
    return tuple(dict.fromkeys(forms))


async def _search(client: Client, entity: str, url: str, endpoint: str) -> list[Record]:
    condition = Keyword("linkedin_url", spellings(url, MARKS[entity]))
    query = Query(entity, (condition,), limit=MOST, populate=entity == "contacts")
    found = await client.search(query, endpoint)
    if len(found) >= MOST:
        raise Declined("more hits than one page holds")
    return found


async def _with_contacts(client: Client, company: Record, endpoint: str) -> dict[str, Any]:
    condition = Keyword("company_id", (str(company["uuid"]),))
    contacts = await client.search(Query("contacts", (condition,), order=("uuid",), limit=MOST), endpoint)
    if len(contacts) >= MOST:
        raise Declined("more contacts than one page holds")
    return {
        "company": _row(company, _COMPANY),
        "metadata": _metadata(company, _COMPANY_METADATA),
        "contacts": [_relations(one, company) for one in contacts],
    }


def _relations(contact: Record, company: Record | None) -> dict[str, Any]:
    return {
        "contact": _row(contact, _CONTACT),
        "metadata": _metadata(contact, _CONTACT_METADATA),
        "company": None if not company else _row(company, _COMPANY),
        "company_metadata": None if not company else _metadata(company, _COMPANY_METADATA),
    }


def _row(record: Record, columns: tuple[str, ...]) -> dict[str, Any]:
    """Raw values, as this endpoint gives them."""
    row = {name: record.get(name) for name in columns}
    for name in ("created_at", "updated_at"):
        row[name] = moment(row.get(name))
    for name in ("employees_count", "annual_revenue", "total_funding"):
        if name in row:
            row[name] = whole(row[name])
    return row


def _metadata(record: Record, columns: tuple[str, ...]) -> dict[str, Any] | None:
    values = {name: record.get(name) for name in columns}
    return values if any(value for name, value in values.items() if name != "uuid") else None
