"""The lab's own writes, so that lag is real: create, change, move and delete contacts, change companies.

Not part of the original. The answers are JSON; callers are authenticated like everywhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
from pydantic import BaseModel, ConfigDict

from lab.legacy.bodies import parsed, raw_body
from lab.legacy.http import Answer, Call, Failure, ok
from lab.legacy.state import Lab

_Model = TypeVar("_Model", bound=BaseModel)


class _Change(BaseModel):
    """Only what is named is written."""

    model_config = ConfigDict(extra="forbid")


class ContactMetadataChange(_Change):
    """Columns of `contacts_metadata`."""

    linkedin_url: str | None = None
    linkedin_sales_url: str | None = None
    facebook_url: str | None = None
    twitter_url: str | None = None
    website: str | None = None
    work_direct_phone: str | None = None
    home_phone: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    other_phone: str | None = None
    stage: str | None = None


class ContactChange(_Change):
    """Columns of `contacts`, and its metadata row (made if there is none)."""

    uuid: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_id: str | None = None
    email: str | None = None
    title: str | None = None
    departments: list[str] | None = None
    mobile_phone: str | None = None
    email_status: str | None = None
    text_search: str | None = None
    seniority: str | None = None
    status: str | None = None
    metadata: ContactMetadataChange | None = None


class CompanyMetadataChange(_Change):
    """Columns of `companies_metadata`."""

    linkedin_url: str | None = None
    linkedin_sales_url: str | None = None
    facebook_url: str | None = None
    twitter_url: str | None = None
    website: str | None = None
    normalized_domain: str | None = None
    company_name_for_emails: str | None = None
    phone_number: str | None = None
    latest_funding: str | None = None
    latest_funding_amount: int | None = None
    last_raised_at: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None


class CompanyChange(_Change):
    """Columns of `companies`, and its metadata row."""

    name: str | None = None
    employees_count: int | None = None
    industries: list[str] | None = None
    keywords: list[str] | None = None
    address: str | None = None
    annual_revenue: int | None = None
    total_funding: int | None = None
    technologies: list[str] | None = None
    text_search: str | None = None
    metadata: CompanyMetadataChange | None = None


class Move(_Change):
    """Where a contact goes; null leaves it without a company."""

    company_uuid: str | None


async def create_contact(lab: Lab, call: Call) -> Answer:
    """POST /lab/contacts/"""
    change = await _body(lab, call, ContactChange)
    return await _create(lab, change, change.company_id)


async def create_in_company(lab: Lab, call: Call) -> Answer:
    """POST /lab/companies/{company_uuid}/contacts/"""
    change = await _body(lab, call, ContactChange)
    if await lab.pool.fetchval("SELECT 1 FROM companies WHERE uuid = $1", call.params[0]) is None:
        raise Failure(404, "Company not found")
    return await _create(lab, change, call.params[0])


async def change_contact(lab: Lab, call: Call) -> Answer:
    """PATCH /lab/contacts/{uuid}/"""
    change = await _body(lab, call, ContactChange)
    return await _update(lab, "contacts", "Contact not found", call.params[0], change)


async def change_company(lab: Lab, call: Call) -> Answer:
    """PATCH /lab/companies/{uuid}/"""
    change = await _body(lab, call, CompanyChange)
    return await _update(lab, "companies", "Company not found", call.params[0], change)


async def move_contact(lab: Lab, call: Call) -> Answer:
    """PUT /lab/contacts/{uuid}/company/"""
    move = await _body(lab, call, Move)
    now = _now()
    moved = await lab.pool.fetchval(
        "UPDATE contacts SET company_id = $2, updated_at = $3 WHERE uuid = $1 RETURNING uuid",
        call.params[0],
        move.company_uuid,
        now,
    )
    if moved is None:
        raise Failure(404, "Contact not found")
    return ok({"uuid": moved, "company_id": move.company_uuid, "updated_at": now})


async def delete_contact(lab: Lab, call: Call) -> Answer:
    """DELETE /lab/contacts/{uuid}/"""
    await lab.users.authenticate(call, lab.pool)
    return await _delete(lab, call.params[0], None)


async def delete_in_company(lab: Lab, call: Call) -> Answer:
    """DELETE /lab/companies/{company_uuid}/contacts/{uuid}/"""
    await lab.users.authenticate(call, lab.pool)
    return await _delete(lab, call.params[1], call.params[0])


async def _body(lab: Lab, call: Call, model: type[_Model]) -> _Model:
    body = await raw_body(call)
    await lab.users.authenticate(call, lab.pool)
    return parsed(model, body)


async def _create(lab: Lab, change: ContactChange, company: str | None) -> Answer:
    now = _now()
    uuid = change.uuid or str(uuid4())
    own = {**_own(change), "company_id": company, "uuid": uuid, "created_at": now, "updated_at": now}
    metadata = {**_own(change.metadata), "uuid": uuid}
    try:
        async with lab.pool.acquire() as connection, connection.transaction():
            await connection.execute(_insert("contacts", own), *own.values())
            await connection.execute(_insert("contacts_metadata", metadata), *metadata.values())
    except asyncpg.UniqueViolationError:
        raise Failure(409, f"There is a contact {uuid} already; leave uuid out to have one made") from None
    return ok({"uuid": uuid, "company_id": company, "created_at": now, "updated_at": now}, 201)


async def _update(lab: Lab, table: str, missing: str, uuid: str, change: ContactChange | CompanyChange) -> Answer:
    now = _now()
    own = {**_own(change), "updated_at": now}
    own.pop("uuid", None)
    metadata = _own(change.metadata)
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(own, 2))
    async with lab.pool.acquire() as connection, connection.transaction():
        query = f"UPDATE {table} SET {settings} WHERE uuid = $1 RETURNING uuid"
        if await connection.fetchval(query, uuid, *own.values()) is None:
            raise Failure(404, missing)
        if metadata:
            replaced = ", ".join(f"{name} = excluded.{name}" for name in metadata)
            metadata["uuid"] = uuid
            upsert = f"{_insert(f'{table}_metadata', metadata)} ON CONFLICT (uuid) DO UPDATE SET {replaced}"
            await connection.execute(upsert, *metadata.values())
    return ok({"uuid": uuid, "updated_at": now})


async def _delete(lab: Lab, uuid: str, company: str | None) -> Answer:
    async with lab.pool.acquire() as connection, connection.transaction():
        query = "DELETE FROM contacts WHERE uuid = $1 AND ($2::text IS NULL OR company_id = $2) RETURNING uuid"
        if await connection.fetchval(query, uuid, company) is None:
            raise Failure(404, "Contact not found")
        await connection.execute("DELETE FROM contacts_metadata WHERE uuid = $1", uuid)
    return ok({"uuid": uuid, "deleted": True})


def _own(change: BaseModel | None) -> dict[str, Any]:
    """What was named, without the nested row."""
    return {} if change is None else change.model_dump(exclude_unset=True, exclude={"metadata"})


def _insert(table: str, values: dict[str, Any]) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"


def _now() -> datetime:
    """Naive UTC, as the columns hold it."""
    return datetime.now(UTC).replace(tzinfo=None)
