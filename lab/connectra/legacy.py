"""The legacy database as a source of records: columns by Connectra's names, and triggers that tell of every change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from lab.connectra.table import Record

CHANNEL = "lab_connectra"
TABLES = ("contacts", "contacts_metadata", "companies", "companies_metadata")
SERVICE_OF = {
    "contacts": "contact", "contacts_metadata": "contact", "companies": "company", "companies_metadata": "company",
}
Connection = Any

_CONTACT = (
    "SELECT c.id, c.uuid, c.first_name, c.last_name, c.company_id, c.email, c.title, c.departments, c.mobile_phone,"
    " c.email_status, c.seniority, m.city, m.state, m.country, m.linkedin_url, m.facebook_url, m.twitter_url,"
    " m.website, m.work_direct_phone, m.home_phone, m.other_phone, m.stage, c.created_at, c.updated_at"
    " FROM contacts c LEFT JOIN contacts_metadata m ON m.uuid = c.uuid"
)
_COMPANY = (
    "SELECT c.id, c.uuid, c.name, c.employees_count, c.industries, c.keywords, c.address, c.annual_revenue,"
    " c.total_funding, c.technologies, m.city, m.state, m.country, m.linkedin_url, m.website, m.normalized_domain,"
    " m.facebook_url, m.twitter_url, m.company_name_for_emails, m.phone_number, m.latest_funding,"
    " m.latest_funding_amount, m.last_raised_at, c.created_at, c.updated_at"
    " FROM companies c LEFT JOIN companies_metadata m ON m.uuid = c.uuid"
)
_SELECT = {"contact": _CONTACT, "company": _COMPANY}
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION lab_connectra_tell() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('{CHANNEL}', TG_TABLE_NAME || ':');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('{CHANNEL}', TG_TABLE_NAME || ':' || OLD.uuid);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('{CHANNEL}', TG_TABLE_NAME || ':' || NEW.uuid);
    END IF;
    RETURN NULL;
END $body$
"""
_LOCK = 0x6C61625F636F6E6E  # of whoever installs the triggers; several stand-ins may follow one database


async def tables_exist(connection: Connection) -> bool:
    """Whether the legacy schema is there."""
    found = await connection.fetchval(
        "SELECT count(*) FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL", list(TABLES)
    )
    return bool(found == len(TABLES))


async def watched(connection: Connection) -> bool:
    """Whether all triggers stand (a table may have been dropped and made anew)."""
    found = await connection.fetchval(
        "SELECT count(*) FROM pg_trigger JOIN unnest($1::text[]) AS name ON tgrelid = to_regclass(name)"
        " WHERE tgname IN ('lab_connectra_rows', 'lab_connectra_truncate')",
        list(TABLES),
    )
    return bool(found == 2 * len(TABLES))


async def watch(connection: Connection) -> None:
    """Installs the triggers where they are missing."""
    if await watched(connection):
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_FUNCTION)
        for table in TABLES:
            for name, events, level in (
                ("lab_connectra_rows", "INSERT OR UPDATE OR DELETE", "ROW"),
                ("lab_connectra_truncate", "TRUNCATE", "STATEMENT"),
            ):
                await connection.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                await connection.execute(
                    f"CREATE TRIGGER {name} AFTER {events} ON {table} FOR EACH {level}"
                    " EXECUTE FUNCTION lab_connectra_tell()"
                )


async def snapshot(connection: Connection) -> dict[str, dict[str, Record]]:
    """All records of both services by uuid, of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = {service: await connection.fetch(f"{select} ORDER BY c.id") for service, select in _SELECT.items()}
    return {service: _records(rows) for service, rows in found.items()}


async def records(connection: Connection, service: str, uuids: Sequence[str]) -> dict[str, Record]:
    """The records of these uuids as they are now; those that are gone are not in it."""
    return _records(await connection.fetch(f"{_SELECT[service]} WHERE c.uuid = ANY($1::text[])", list(uuids)))


def _records(rows: Sequence[asyncpg.Record]) -> dict[str, Record]:
    return {row["uuid"]: _record(row) for row in rows}


def _record(row: asyncpg.Record) -> Record:
    record = {name: value for name, value in row.items() if value}
    for name in ("created_at", "updated_at"):
        moment = record.get(name)
        if isinstance(moment, datetime):
            record[name] = moment.replace(tzinfo=UTC)  # naive in legacy, UTC by its convention
    for name, value in record.items():
        if isinstance(value, list):
            record[name] = [element for element in value if element is not None]
    record["uuid"] = row["uuid"]
    return record
