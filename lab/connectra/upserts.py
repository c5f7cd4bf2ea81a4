"""Batch upserts of records: rows, documents and filter values, each of which can fail alone."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from lab.connectra.engine import Engine
from lab.connectra.errors import PAGE_SIZE_EXCEEDED, BadRequest, Panicked
from lab.connectra.outages import ENGINE_REFUSED, DatabaseLost
from lab.connectra.table import Duplicate, Record

MAX_RECORDS = 100
_TWICE = "ERROR: ON CONFLICT DO UPDATE command cannot affect row a second time (SQLSTATE 21000)"
_NO_ROWS = 'ERROR: syntax error at or near ")" (SQLSTATE 42601)'


def upsert(engine: Engine, service: str, records: list[Record | None] | None) -> None:
    """POST /contacts/batch-upsert, /companies/batch-upsert: whatever becomes of the writes, the answer is 200.

    Raises BadRequest for more than 100 records and for companies that can not be looked up, Panicked for a null among
    them, DatabaseLost when the filters can not be read, Ended.
    """
    whole = [record for record in records or () if record is not None]
    if len(records or ()) > MAX_RECORDS:
        raise BadRequest(PAGE_SIZE_EXCEEDED)
    if len(whole) < len(records or ()):
        raise Panicked
    if service == "contact" and any(map(_has_company, whole)):
        try:
            engine.outages.ask_database()
        except DatabaseLost as lost:
            raise BadRequest(lost.text) from None
    engine.outages.ask_database()
    written(engine, service, whole)


def written(engine: Engine, service: str, records: list[Record]) -> list[str]:
    """Writes to table, index and filter values; the errors of those that failed. Raises Ended, nothing written then."""
    now = datetime.now(UTC)
    indexing = engine.outages.engine_takes_documents()
    failures = [] if indexing else [ENGINE_REFUSED]
    companies = [
        engine.company_of(record) if service == "contact" and _has_company(record) else None for record in records
    ]
    table = engine.table(service)
    try:
        table.upsert(records, now)
    except Duplicate:  # the whole statement is refused; the index is written all the same
        failures.append(_TWICE)
    for record, company in zip(records, companies, strict=True) if indexing else ():
        if record.get("uuid"):
            engine.put_document(service, record, company, now)
    if not engine.filters.harvest(service, table.schema, records):
        failures.append(_NO_ROWS)
    return failures


def _has_company(record: Record) -> bool:
    """Only a company_id that is a valid UUID is looked up."""
    try:
        uuid.UUID(record.get("company_id") or "")
    except ValueError:
        return False
    return True
