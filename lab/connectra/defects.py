"""Answers made wrong on purpose: fields missing or wrong in always the same records, other records than asked for."""

from __future__ import annotations

from typing import Any

from lab.connectra.engine import Engine
from lab.connectra.fields import CONTACT
from lab.connectra.switches import FieldDefect
from lab.connectra.table import Record


def spoil(data: list[Record], service: str, defects: list[FieldDefect]) -> None:
    """Applies the defects to records that are about to be sent."""
    for record in data if defects else ():
        company = dict(record["company"]) if "company" in record else None  # contacts of one company share it
        if company is not None:
            record["company"] = company
        for defect in defects:
            name = defect.field.removeprefix("company.")
            nested = name != defect.field or (service == "contact" and name not in CONTACT.columns)
            target = company if nested and service == "contact" else record
            if target is not None and name in target and defect.hits(_uuid(target, record)):
                _spoil(target, name, defect.action)


def _uuid(target: Record, record: Record) -> str:
    return target.get("uuid") or record.get("company_id") or ""


def _spoil(record: Record, name: str, action: str) -> None:
    if action == "missing":
        del record[name]
    else:
        record[name] = wrong(record[name])


def wrong(value: Any) -> Any:
    """Another value of the same type: numbers one larger, texts with a mark, lists without their first element."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value[1:], f"{value[0]} (wrong)"] if value else value
    return f"{value} (wrong)"


def exchanged(engine: Engine, service: str, data: list[Record]) -> list[Record]:
    """As many records as there were, but others: each is replaced by the row inserted after it."""
    rows = engine.table(service).rows
    uuids = list(rows)
    places = {uuid: at for at, uuid in enumerate(uuids)}
    found = []
    for record in data:
        at = places.get(record.get("uuid", ""), -1)
        other = rows[uuids[(at + 1) % len(uuids)]].shown if uuids else {}
        cursor = {"cursor": record["cursor"]} if "cursor" in record else {}
        found.append({**other, **cursor})
    return found
