"""Batch upserts of records: rows, documents and filter values, each of which can fail alone."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import UTC, datetime

from lab.connectra.engine import Engine
from lab.connectra.errors import PAGE_SIZE_EXCEEDED, BadRequest, Panicked
from lab.connectra.table import Duplicate, Record

MAX_RECORDS = 100


def upsert(engine: Engine, service: str, records: list[Record | None] | None) -> None:
    """POST /contacts/batch-upsert, /companies/batch-upsert: whatever becomes of the writes, the answer is 200.

    Raises BadRequest for more than 100 records, Panicked for a null among them.
    """
    whole = [record for record in records or () if record is not None]
    if len(records or ()) > MAX_RECORDS:
        raise BadRequest(PAGE_SIZE_EXCEEDED)
    if len(whole) < len(records or ()):
        raise Panicked
    written(engine, service, whole)


def written(engine: Engine, service: str, records: list[Record]) -> int:
    """Writes to table, index and filter values; says how many filter values there were."""
    now = datetime.now(UTC)
    companies = [_company(engine, record) if service == "contact" else None for record in records]
    table = engine.table(service)
    with suppress(Duplicate):  # refused by PostgreSQL, which the service discards; the index is written all the same
        table.upsert(records, now)
    for record, company in zip(records, companies, strict=True):
        if record.get("uuid"):
            engine.put_document(service, record, company, now)
    return engine.filters.harvest(service, table.schema, records)


def _company(engine: Engine, record: Record) -> Record | None:
    """Looked up only when company_id is a valid UUID."""
    try:
        uuid.UUID(record.get("company_id") or "")
    except ValueError:
        return None
    return engine.company_of(record)
