"""Loads a folder of seed records (companies, contacts, filters .jsonl), in the order in which it was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.connectra import upserts
from lab.connectra.bodies import read, records_spec
from lab.connectra.engine import Engine

SERVICES = ("company", "contact")
_FILES = {"company": "companies.jsonl", "contact": "contacts.jsonl"}
_BATCH = 100


class BadSeed(Exception):
    """The folder can not be loaded; the text names the file."""


def load(engine: Engine, folder: Path) -> None:
    """Filters, records through the batch upsert, rewrites, patches of rows, and what is only in one store.

    Raises BadSeed.
    """
    for row in _lines(folder / "filters.jsonl"):
        engine.filters.add(row)
    entries = {service: list(_lines(folder / _FILES[service])) for service in SERVICES}
    for service in SERVICES:
        _upsert(engine, service, [entry["record"] for entry in entries[service]])
    _upsert(engine, "company", [entry["rewrite"] for entry in entries["company"] if "rewrite" in entry])
    for service in SERVICES:
        for entry in entries[service]:
            _part(engine, service, entry)


def _upsert(engine: Engine, service: str, records: list[dict[str, Any]]) -> None:
    spec = records_spec(engine.table(service).schema)
    for at in range(0, len(records), _BATCH):
        upserts.upsert(engine, service, read(json.dumps(records[at : at + _BATCH]).encode(), spec))


def _part(engine: Engine, service: str, entry: dict[str, Any]) -> None:
    uuid = entry["record"]["uuid"]
    if "table_patch" in entry:
        engine.table(service).patch(uuid, entry["table_patch"])
    if entry["store"] == "index_only":
        engine.table(service).delete(uuid)
    elif entry["store"] == "table_only":
        engine.index(service).delete(uuid)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except FileNotFoundError:
        raise BadSeed(f"{path}: no such file; --data wants companies.jsonl, contacts.jsonl and filters.jsonl") from None
    except ValueError as wrong:
        raise BadSeed(f"{path}: {wrong}") from None
