"""The two-phase read: hits from the index, then rows by their uuids, joined in the order of the hits."""

from __future__ import annotations

from typing import Any

from lab.connectra.bodies import Search
from lab.connectra.errors import DATA_FETCH_FAILED, Failed
from lab.connectra.matching import Finder, Hit
from lab.connectra.outages import DatabaseLost, Outages
from lab.connectra.table import Record, Table, UnknownColumn, projected


def contacts(finder: Finder, rows: Table, companies: Table, search: Search, outages: Outages) -> list[Record]:
    """POST /contacts/. Contacts and companies are read at the same time. Raises Failed and EngineRefused."""
    hits = finder.hits(search)
    if not hits:
        return []
    try:
        outages.ask_database(2 if search.populate else 1)
        columns = rows.select((*search.columns, "company_id") if search.columns else ())
        firms = _companies(companies, hits, search.company_columns) if search.populate else {}
    except (DatabaseLost, UnknownColumn):
        raise Failed(DATA_FETCH_FAILED) from None
    data = []
    for hit, record in _joined(hits, rows, columns):
        firm = firms.get(record.get("company_id", "")) if firms else None
        if firm is not None:
            record["company"] = firm
        _add_cursor(record, hit)
        data.append(record)
    return data


def companies(finder: Finder, rows: Table, search: Search, outages: Outages) -> list[Record]:
    """POST /companies/. Raises Failed and EngineRefused."""
    hits = finder.hits(search)
    if not hits:
        return []
    outages.ask_database()
    if search.columns == ("",):
        return []
    data = []
    for hit, record in _joined(hits, rows, rows.select(search.columns)):
        _add_cursor(record, hit)
        data.append(record)
    return data


def _joined(hits: list[Hit], rows: Table, columns: tuple[str, ...] | None) -> list[tuple[Hit, Record]]:
    """Hits with their rows' records; those without a row are dropped, all when the uuid was not selected."""
    if columns is not None and "uuid" not in columns:
        return []
    return [(hit, projected(row, columns)) for hit in hits if (row := rows.rows.get(hit.uuid)) is not None]


def _companies(rows: Table, hits: list[Hit], wanted: tuple[str, ...]) -> dict[str, Record]:
    """The hits' companies by uuid; without the uuid selected they all fall on the empty one."""
    columns = rows.select(wanted)
    found = [row for uuid in dict.fromkeys(hit.company_id for hit in hits) if (row := rows.rows.get(uuid)) is not None]
    records: dict[str, Any] = {}
    for row in found:
        record = projected(row, columns)
        records[record.get("uuid", "")] = record
    return records


def _add_cursor(record: Record, hit: Hit) -> None:
    if hit.sort:
        record["cursor"] = list(hit.sort)
