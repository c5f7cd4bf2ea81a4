"""POST /api/v2/linkedin/: people and companies by LinkedIn URL, with its credit and its activity row (§6.11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from lab.legacy.bodies import LinkedInSearch, parsed, raw_body
from lab.legacy.effects import Activity, charge, record
from lab.legacy.http import Answer, Call, Crash, Failure, to_json
from lab.legacy.quirks import Quirk
from lab.legacy.records import (
    FIRM_COLUMNS,
    PERSON_COLUMNS,
    PERSON_JOINS,
    Firm,
    Person,
    firm,
    person,
)
from lab.legacy.state import Lab

MOST = 1000
"""Metadata rows that each of the two searches reads at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """People and companies whose LinkedIn URL contains what was asked for; of each company all its contacts."""

    people: list[Person]
    firms: list[Firm]
    contacts: dict[str, list[Person]]


async def search(lab: Lab, call: Call) -> Answer:
    """The endpoint."""
    body = await raw_body(call)
    user = await lab.users.authenticate(call, lab.pool)
    url = parsed(LinkedInSearch, body).url.strip()
    if not url:
        raise Failure(400, "LinkedIn URL cannot be empty")
    owner = user.uuid
    if user.cached and Quirk.LINKEDIN_ONE_SESSION in lab.quirks:
        raise Crash("two searches at once on one cold session (LQ-15)")
    try:
        found = await find(lab, url)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        # The failed session takes the activity row with it: nothing is written (observed).
        raise Failure(500, "Failed to search by LinkedIn URL") from None
    summary = {"contacts": len(found.people), "companies": len(found.firms)}
    activity = Activity("linkedin", "search", {"url": url}, sum(summary.values()), summary)
    await record(lab.pool, owner, activity, call)
    await charge(lab.pool, owner, 1)
    return Answer(200, _body(found))


def slug_pattern(url: str, marker: str) -> str:
    """`%slug%` of what follows the last marker, else `%whole text%`. Markers are case-sensitive."""
    _, found, rest = url.rpartition(marker)
    slug = rest.partition("?")[0].partition("/")[0] if found else ""
    return f"%{slug or url}%"


async def find(lab: Lab, url: str) -> Found:
    """Both searches, one after the other."""
    order = lab.last("id")
    people = await lab.pool.fetch(
        f"""SELECT {PERSON_COLUMNS} FROM (
            SELECT uuid, row_number() OVER () AS position FROM (
                SELECT uuid FROM contacts_metadata
                WHERE linkedin_url IS NOT NULL AND linkedin_url <> '_' AND linkedin_url ILIKE $1
                ORDER BY {order} LIMIT {MOST}
            ) matched
        ) hit JOIN contacts c ON c.uuid = hit.uuid {PERSON_JOINS} ORDER BY hit.position""",
        slug_pattern(url, "/in/"),
    )
    firms = await lab.pool.fetch(
        f"""SELECT {FIRM_COLUMNS} FROM (
            SELECT *, row_number() OVER () AS position FROM (
                SELECT * FROM companies_metadata
                WHERE linkedin_url IS NOT NULL AND linkedin_url ILIKE $1
                ORDER BY {order} LIMIT {MOST}
            ) matched
        ) cm JOIN companies co ON co.uuid = cm.uuid ORDER BY cm.position""",
        slug_pattern(url, "/company/"),
    )
    companies = [firm(row) for row in firms]
    contacts = await _contacts_of(lab, [found.company.uuid for found in companies])
    return Found([person(row) for row in people], companies, contacts)


async def _contacts_of(lab: Lab, companies: list[str]) -> dict[str, list[Person]]:
    if not companies:
        return {}
    rows = await lab.pool.fetch(
        f"""SELECT {PERSON_COLUMNS} FROM contacts c {PERSON_JOINS}
            WHERE c.company_id = ANY ($1::text[]) ORDER BY {lab.last("c.id")}""",
        companies,
    )
    found: dict[str, list[Person]] = {company: [] for company in companies}
    for row in rows:
        one = person(row)
        found[str(one.contact.company_id)].append(one)
    return found


def _body(found: Found) -> bytes:
    """The answer. A company that many contacts repeat is encoded once."""
    encoded: dict[str, tuple[orjson.Fragment, orjson.Fragment | None]] = {}
    return to_json(
        {
            "contacts": _with_relations(found.people, encoded),
            "companies": [
                {
                    "company": orjson.Fragment(to_json(each.company)),
                    "metadata": each.metadata,
                    "contacts": _with_relations(found.contacts[each.company.uuid], encoded),
                }
                for each in found.firms
            ],
            "total_contacts": len(found.people),
            "total_companies": len(found.firms),
        }
    )


def _with_relations(
    people: Iterable[Person], encoded: dict[str, tuple[orjson.Fragment, orjson.Fragment | None]]
) -> list[dict[str, Any]]:
    return [{"contact": each.contact, "metadata": each.metadata, **_company(each, encoded)} for each in people]


def _company(
    one: Person, encoded: dict[str, tuple[orjson.Fragment, orjson.Fragment | None]]
) -> dict[str, orjson.Fragment | None]:
    if one.company is None:
        return {"company": None, "company_metadata": None}
    if one.company.uuid not in encoded:
        metadata = orjson.Fragment(to_json(one.company_metadata)) if one.company_metadata else None
        encoded[one.company.uuid] = orjson.Fragment(to_json(one.company)), metadata
    company, metadata = encoded[one.company.uuid]
    return {"company": company, "company_metadata": metadata}


async def find_many(lab: Lab, urls: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Distinct uuids of people and of companies that any of the URLs finds, and the URLs that find nothing."""
    people: dict[str, None] = {}
    companies: dict[str, None] = {}
    unmatched = []
    for url in urls:
        found = await find(lab, url)
        people.update(dict.fromkeys(each.contact.uuid for each in found.people))
        companies.update(dict.fromkeys(each.company.uuid for each in found.firms))
        if not found.people and not found.firms:
            unmatched.append(url)
    return list(people), list(companies), unmatched
