"""POST /api/v2/email/export and its task: addresses found in the database and written back (contract §7.2, §7.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import asyncpg

from lab.legacy import export_store as store
from lab.legacy.bodies import EmailContact, EmailExport, LinkedInExport, parsed, raw_body
from lab.legacy.csv_rows import excel_lines
from lab.legacy.effects import Activity, charge, finish, record
from lab.legacy.export_store import LIFETIME, Export, NewExport
from lab.legacy.export_tasks import Task, export_linkedin, write
from lab.legacy.http import Answer, Call, Failure, ok
from lab.legacy.jobs import Step, TooManyJobs
from lab.legacy.quirks import Quirk
from lab.legacy.sql import bare_host, host_of
from lab.legacy.state import Lab

PLAIN_HEADER = ("first_name", "last_name", "domain", "email")
CANCELLED_EVERY = 10
PROGRESS_EVERY = 5
_FIND = """SELECT c.email FROM contacts c JOIN companies co ON co.uuid = c.company_id
WHERE co.uuid = ANY ($1::text[]) AND c.first_name ILIKE $2 AND c.last_name ILIKE $3 AND trim(c.email) <> ''
ORDER BY {order} LIMIT 1"""
_BY_DOMAIN = "SELECT uuid FROM companies_metadata WHERE normalized_domain = $1"
_BY_WEBSITE = f"SELECT uuid FROM companies_metadata WHERE trim(website) <> '' AND {host_of('website')} = $1 LIMIT 1000"
_UPSERT = """INSERT INTO contacts (uuid, first_name, last_name, email, email_status, company_id, created_at, updated_at)
VALUES ($1, $2, $3, $4, 'valid', $5, $6, $6)
ON CONFLICT (uuid) DO UPDATE SET email = excluded.email, email_status = excluded.email_status,
    updated_at = excluded.updated_at, first_name = coalesce(excluded.first_name, contacts.first_name),
    last_name = coalesce(excluded.last_name, contacts.last_name),
    company_id = coalesce(excluded.company_id, contacts.company_id)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One person to find; `row` is the raw CSV row that it came from, if any."""

    first_name: str
    last_name: str
    domain: str | None
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Progress:
    """What the task has gathered. `results` has everybody, `rows` those with a usable domain."""

    results: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    contacts: set[str] = field(default_factory=set)
    companies: set[str] = field(default_factory=set)


async def create(lab: Lab, call: Call) -> Answer:
    """POST /api/v2/email/export"""
    body = await raw_body(call)
    user = await lab.users.authenticate(call, lab.pool)
    wanted = parsed(EmailExport, body)
    total = len(wanted.contacts)
    people = [_wanted(each, wanted.rows[place] if wanted.rows else {}) for place, each in enumerate(wanted.contacts)]
    kept = json.dumps(wanted.model_dump(mode="json"), ensure_ascii=False)
    new = NewExport(user.uuid, "emails", total, [], [], contact_count=total, email_json=kept)
    export = await _created(lab, new, "Failed to create export")
    summary = {"export_id": export.export_id, "status": "success"}
    activity = await record(lab.pool, user.uuid, Activity("email", "export", {"email_count": total}, 0, summary), call)
    _queue(lab, partial(export_emails, lab, export.export_id, people, activity), "Failed to create export")
    await charge(lab.pool, user.uuid, total)
    return ok(_receipt(lab, export, total), 201)


async def create_linkedin(lab: Lab, call: Call) -> Answer:
    """POST /api/v2/linkedin/export: an export of type contacts, its download URL ready at once."""
    body = await raw_body(call)
    user = await lab.users.authenticate(call, lab.pool)
    urls = [url.strip() for url in parsed(LinkedInExport, body).urls if url.strip()]
    if not urls:
        raise Failure(400, "At least one valid LinkedIn URL is required")
    wrong = "Failed to create LinkedIn export"
    export = await _created(lab, NewExport(user.uuid, "contacts", len(urls), [], linkedin_urls=urls), wrong)
    asked = {"urls": urls, "url_count": len(urls)}
    summary = {"export_id": export.export_id, "status": "success"}
    activity = await record(lab.pool, user.uuid, Activity("linkedin", "export", asked, 0, summary), call)
    _queue(lab, partial(export_linkedin, lab, export.export_id, urls, activity), wrong)
    await charge(lab.pool, user.uuid, len(urls))
    return ok(_receipt(lab, export, 0), 201)


async def export_emails(lab: Lab, export_id: str, people: Sequence[Wanted], activity: int | None) -> None:
    """Finds everybody's address, keeps what it found, writes the CSV."""
    async with Task(lab, export_id, len(people)) as task:
        if not await task.begin():
            return
        found = Progress()
        for place, wanted in enumerate(people, 1):
            if place % CANCELLED_EVERY == 0 and await store.status_of(lab, export_id) == "cancelled":
                return
            if place % PROGRESS_EVERY == 0 or place == len(people):
                await task.progress(place - 1)
            await _one(lab, wanted, found)
        await write(task.path, _csv(lab, people, found))
        await lab.pool.execute(
            "UPDATE user_exports SET contact_uuids = $2, company_uuids = $3 WHERE export_id = $1",
            export_id,
            sorted(found.contacts),
            sorted(found.companies),
        )
        await task.complete(contact_count=len(found.results), company_count=len(found.companies))
        if activity is not None:
            await _finish(lab, export_id, activity, found)


async def _one(lab: Lab, wanted: Wanted, found: Progress) -> None:
    """Steps 0 and 2 of the original need a verifier, which is not configured here: the finder decides alone."""
    domain = bare_host(wanted.domain) if wanted.domain else ""
    names = {"first_name": wanted.first_name, "last_name": wanted.last_name}
    if not domain:
        found.results.append({**names, "domain": wanted.domain or "", "email": ""})
        return
    email = await _find(lab, wanted, domain)
    if email is not None:
        contact, company = await _keep(lab, wanted, domain, email)
        found.contacts.add(contact)
        found.companies.add(company)
    found.results.append({**names, "domain": domain, "email": email or ""})
    found.rows.append({"domain": domain, **wanted.row, "email": email or ""})


async def _find(lab: Lab, wanted: Wanted, domain: str) -> str | None:
    """The first contact of a company of this domain whose names contain those given."""
    if not wanted.first_name or not wanted.last_name:
        return None
    rows = await lab.pool.fetch(_BY_DOMAIN, domain) or await lab.pool.fetch(_BY_WEBSITE, domain)
    companies = [row[0] for row in rows]
    patterns = f"%{wanted.first_name}%", f"%{wanted.last_name}%"
    email = await lab.pool.fetchval(_FIND.format(order=lab.last("c.id")), companies, *patterns) if companies else None
    return None if email is None else str(email).strip()


async def _keep(lab: Lab, wanted: Wanted, domain: str, email: str) -> tuple[str, str]:
    """Writes the hit: a contact with a name-based uuid, and a company of the domain if there is none."""
    address = email.lower().strip()
    contact = str(uuid5(NAMESPACE_URL, address + f"{wanted.first_name}{wanted.last_name}".strip()))
    now = datetime.now(UTC).replace(tzinfo=None)
    async with lab.pool.acquire() as connection, connection.transaction():
        company = await connection.fetchval(f"{_BY_DOMAIN} ORDER BY id LIMIT 1", domain)
        if company is None:
            company = str(uuid5(NAMESPACE_URL, f"domain:{domain}"))
            await connection.execute(
                "INSERT INTO companies (uuid, created_at, updated_at) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING",
                company,
                now,
            )
            await connection.execute(
                """INSERT INTO companies_metadata (uuid, normalized_domain, website) VALUES ($1, $2, $3)
                   ON CONFLICT (uuid) DO UPDATE SET normalized_domain = excluded.normalized_domain,
                       website = excluded.website""",
                company,
                domain,
                f"https://{domain}",
            )
        names = wanted.first_name or None, wanted.last_name or None
        await connection.execute(_UPSERT, contact, *names, address, company, now)
    return contact, str(company)


def _csv(lab: Lab, people: Sequence[Wanted], found: Progress) -> str:
    """LQ-17: without raw rows the name columns stay empty, as rows are built from the raw row alone."""
    header = list(next((each.row for each in people if each.row), PLAIN_HEADER))
    if "email" not in header:
        header.append("email")
    raw = any(each.row for each in people)
    named = Quirk.EMAIL_CSV_WITHOUT_NAMES not in lab.quirks and not raw
    rows = found.rows if found.rows and not named else found.results
    return excel_lines([header, *([_text(row.get(name, "")) for name in header] for row in rows)])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


async def _finish(lab: Lab, export_id: str, activity: int, found: Progress) -> None:
    total = len(found.results)
    hits = sum(1 for result in found.results if result["email"])
    summary = {
        "export_id": export_id,
        "status": "completed",
        "total_contacts": total,
        "emails_found": hits,
        "emails_not_found": total - hits,
        "finder_found": hits,
        "verifier_found": 0,
        "not_found": total - hits,
    }
    await finish(lab.pool, activity, "success", hits, summary)


def _wanted(contact: EmailContact, row: Mapping[str, Any]) -> Wanted:
    return Wanted(contact.first_name, contact.last_name, contact.domain or contact.website, row)


def _receipt(lab: Lab, export: Export, contacts: int) -> dict[str, Any]:
    expires = export.created_at + LIFETIME
    token = store.download_token(lab, export.export_id, export.user_id, expires)
    return {
        "export_id": export.export_id,
        "download_url": store.download_url(lab, export.export_id, token),
        "expires_at": expires,
        "contact_count": contacts,
        "company_count": 0,
        "status": "pending",
    }


async def _created(lab: Lab, new: NewExport, wrong: str) -> Export:
    try:
        return await store.create(lab, new)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        raise Failure(500, wrong) from None


def _queue(lab: Lab, step: Step, wrong: str) -> None:
    try:
        lab.jobs.add([step])
    except TooManyJobs:
        raise Failure(500, wrong) from None
