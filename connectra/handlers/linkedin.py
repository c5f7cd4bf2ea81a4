"""POST /api/v2/linkedin/: the search, and what it leaves behind (credit, activity), which the worker orders then.

Legacy matches `%slug%` in whatever was stored. Connectra knows exact values only. Where it has a derived filter
`linkedin_url`, the addresses stored that contain the slug are looked up first and then asked for: legacy's own
predicate (vocabulary.py). Fewer than 100 rows match then, so legacy's cut at 1000 plays no part, and as many records
as rows must be found: else the index is not what the table is, and legacy answers.

Without that filter the usual spellings of the address are asked for: what they find is found by legacy too; other
spellings, and slugs that contain this one, are a known difference (legacy-api.md D-41). A wildcard can not be
expressed there and is declined.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from connectra.asked import Asked
from connectra.cleaning import moment, whole
from connectra.client import AT_ONCE, Client
from connectra.effects import Activity
from connectra.errors import Declined, TooMany, leading
from connectra.handlers.base import Given
from connectra.vql import MOST, REACH, Keyword, Query
from connectra.wire import Record

FIELD = "linkedin_url"
MOST_CONTACTS = 5 * REACH
"""Of all companies of one answer; of one company REACH."""
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
    url = _url(asked)
    try:
        async with asyncio.TaskGroup() as both:
            people = both.create_task(_search(client, "contacts", url, asked.endpoint), name="contacts")
            firms = both.create_task(_companies(client, url, asked.endpoint), name="companies")
    except ExceptionGroup as group:
        raise leading(group) from group
    contacts = [_relations(one, one.get("company")) for one in people.result()]
    companies = firms.result()
    totals = {"total_contacts": len(contacts), "total_companies": len(companies)}
    missing = MISSING if contacts or companies else ()
    summary = {"contacts": len(contacts), "companies": len(companies)}
    effect = Activity("linkedin", "search", {"url": url}, sum(summary.values()), summary, credits=1)
    return Given(200, {"contacts": contacts, "companies": companies, **totals}, missing, effect=effect)


def _url(asked: Asked) -> str:
    """The address, trimmed. Raises Declined where legacy answers 400 or 422 in its own words."""
    if not _is_json(asked.headers.get("Content-Type")):
        raise Declined("body is not said to be JSON")
    try:
        value = json.loads(asked.body)  # as legacy: another parser takes numbers that this one refuses
    except (ValueError, RecursionError) as error:
        raise Declined("body is not JSON") from error
    url = value.get("url") if isinstance(value, dict) else None
    if not isinstance(url, str) or not url.strip():
        raise Declined("body without url")
    try:
        url.encode()
    except UnicodeEncodeError as error:
        raise Declined("url has half a character") from error
    if "\0" in url:
        raise Declined("NUL in url")
    return url.strip()


def _is_json(content_type: str | None) -> bool:
    """Whether legacy reads the body as JSON: it does so without the field too."""
    if content_type is None:
        return True
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and "/" not in subtype and (subtype == "json" or subtype.endswith("+json"))


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


def expressible(url: str, mark: str) -> None:
    """Raises Declined where legacy would read a wildcard in what exact spellings stand for."""
    if any(sign in url for sign in "%\\"):
        raise Declined("wildcards in url")
    if "_" in _slug(url, mark):
        raise Declined("wildcard _ in the name behind url")


async def _search(client: Client, entity: str, url: str, endpoint: str) -> list[Record]:
    mark = MARKS[entity]
    stored = await client.vocabulary.spellings(entity, FIELD, _slug(url, mark) or url, endpoint)
    if stored is None:
        expressible(url, mark)
        found = await _having(client, entity, spellings(url, mark), endpoint)
        if len(found) >= MOST:
            raise Declined("more hits than one page holds")
        return found
    if entity == "contacts":
        stored = tuple(value for value in stored if value != "_")  # legacy leaves the placeholder out here only
    found = await _having(client, entity, stored, endpoint)
    if len(found) != len(stored):
        raise Declined("the index is not what the table is")
    return found


async def _having(client: Client, entity: str, urls: tuple[str, ...], endpoint: str) -> list[Record]:
    """One page of the records that have one of these addresses."""
    if not urls:
        return []
    condition = Keyword(FIELD, tuple(dict.fromkeys(urls)))
    return await client.search(Query(entity, (condition,), limit=MOST, populate=entity == "contacts"), endpoint)


async def _companies(client: Client, url: str, endpoint: str) -> list[dict[str, Any]]:
    """The companies, each with all its contacts, a few companies at a time. Raises TooMany."""
    firms = await _search(client, "companies", url, endpoint)
    room = asyncio.Semaphore(AT_ONCE)
    left = MOST_CONTACTS

    async def contacts_of(company: Record) -> list[Record]:
        nonlocal left
        async with room:
            condition = Keyword("company_id", (str(company["uuid"]),))
            found = await client.collect(Query("contacts", (condition,)), REACH, endpoint)
        left -= len(found)
        if left < 0:
            raise TooMany(MOST_CONTACTS - left)
        return found

    async with asyncio.TaskGroup() as each:
        tasks = [each.create_task(contacts_of(firm), name="contacts of a company") for firm in firms]
    return [_with_contacts(firm, task.result()) for firm, task in zip(firms, tasks, strict=True)]


def _with_contacts(company: Record, contacts: list[Record]) -> dict[str, Any]:
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
