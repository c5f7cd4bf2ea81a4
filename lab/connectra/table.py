"""The relational half: table rows, apart from the index's documents, and what a SELECT of columns gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.connectra import gotime
from lab.connectra.errors import Failed
from lab.connectra.fields import Schema, Type

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `shown` holds the values as JSON in key order, empty ones left out."""

    uuid: str
    shown: Record


class Duplicate(Exception):
    """Two records of one statement have the same uuid: PostgreSQL refuses the whole statement."""


class UnknownColumn(Failed):
    """A column that the table or the service's model has not."""


class Table:
    """Rows by uuid, in the order in which they were inserted; `serial` is the last id given out."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rows: dict[str, Row] = {}
        self.serial = 0

    def __len__(self) -> int:
        return len(self.rows)

    def upsert(self, records: Sequence[Record], now: datetime) -> None:
        """One INSERT … ON CONFLICT (uuid): all columns are replaced but id, created_at and deleted_at.

        A serial number is spent on every record without an id, also on those that exist already.
        """
        uuids = [record.get("uuid") or "" for record in records]
        if len(set(uuids)) < len(uuids):
            raise Duplicate
        for uuid, record in zip(uuids, records, strict=True):
            number = record.get("id")
            if not number:
                self.serial += 1
                number = self.serial
            values = record | {"id": number, "uuid": uuid, "updated_at": record.get("updated_at") or now}
            before = self.rows.get(uuid)
            if before is None:
                values["created_at"] = record.get("created_at") or now
                self.rows[uuid] = self.row(values)
            else:
                kept = {name: before.shown.get(name) for name in ("id", "created_at", "deleted_at")}
                self.rows[uuid] = self.row(values | kept)

    def put(self, record: Record) -> None:
        """Puts a row there as it stands (the feed, patches)."""
        self.rows[record["uuid"]] = self.row(record)

    def delete(self, uuid: str) -> None:
        """Removes a row."""
        self.rows.pop(uuid, None)

    def patch(self, uuid: str, values: Record) -> None:
        """UPDATE of some columns."""
        self.put(self.rows[uuid].shown | values)

    def row(self, record: Record) -> Row:
        """The row of a record: values in key order, empty ones left out, times as text."""
        shown: Record = {}
        for name, kind in self.schema.columns.items():
            value = record.get(name)
            if value:
                shown[name] = gotime.to_json(value) if kind is Type.TIME and isinstance(value, datetime) else value
        return Row(record["uuid"], shown)

    def select(self, columns: Iterable[str]) -> tuple[str, ...] | None:
        """The columns of a SELECT list in key order; None when it names none, and for all.

        Raises UnknownColumn.
        """
        wanted: set[str] = set()
        for column in columns:
            name = column.removeprefix(f"{self.schema.alias}.")
            if name == "*":
                wanted.update(self.schema.columns)
            elif not name:
                raise UnknownColumn('ERROR: zero-length delimited identifier at or near """" (SQLSTATE 42601)')
            elif name not in self.schema.columns:
                raise UnknownColumn(f'ERROR: column "{name}" does not exist (SQLSTATE 42703)')
            else:
                wanted.add(name)
        if not wanted or len(wanted) == len(self.schema.columns):
            return None
        return tuple(name for name in self.schema.columns if name in wanted)


def projected(row: Row, columns: tuple[str, ...] | None) -> Record:
    """The row's record with these columns; a new dict."""
    if columns is None:
        return dict(row.shown)
    return {name: row.shown[name] for name in columns if name in row.shown}
