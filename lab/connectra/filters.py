"""The filters of the two services, and the values harvested for them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from lab.connectra.errors import PAGE_SIZE_EXCEEDED, UNSUPPORTED_SERVICE, BadRequest, Failed
from lab.connectra.fields import Schema, Type
from lab.connectra.outages import Outages
from lab.connectra.table import Record, Table

SERVICES = ("contact", "company")
_DEFAULT_LIMIT, _MAX_LIMIT = 25, 100


class Filters:
    """Rows of `filters` in order, and of `filters_data` by their uuid."""

    def __init__(self, tables: dict[str, Table], outages: Outages) -> None:
        self.outages = outages
        self.rows: list[dict[str, Any]] = []
        self.values: dict[str, tuple[str, str, str]] = {}
        self._tables = tables

    def add(self, row: dict[str, Any]) -> None:
        """Inserts a definition."""
        keys = ("key", "service", "filter_type", "display_name", "direct_derived", "active", "deleted_at")
        self.rows.append({"id": len(self.rows) + 1} | {key: row.get(key) for key in keys})

    def listed(self, service: str) -> list[dict[str, Any]] | None:
        """The active definitions; None when there are none. Raises Failed for an unknown service, DatabaseLost."""
        _known(service)
        self.outages.ask_database()
        return [row for row in self.rows if row["service"] == service and _active(row)] or None

    def data(self, service: str, query: dict[str, Any]) -> list[dict[str, str]]:
        """One page of values. Raises BadRequest for a limit over 100, Failed for an unknown service or key.

        DatabaseLost is raised when the definitions can not be read.
        """
        limit = query.get("limit") or 0
        if limit > _MAX_LIMIT:
            raise BadRequest(PAGE_SIZE_EXCEEDED)
        _known(service)
        self.outages.ask_database()
        key, text = query.get("filter_key") or "", query.get("search_text") or ""
        row = next((row for row in self.rows if row["service"] == service and row["key"] == key and _active(row)), None)
        if row is None:
            raise Failed("sql: no rows in result set")
        limit = limit if limit > 0 else _DEFAULT_LIMIT
        start = max((query.get("page") or 0) - 1, 0) * limit
        like = _like(text)
        if row["direct_derived"]:
            found = self._column(self._tables[service], key, text, like)
            values = [value for value in islice(found, start, start + limit) if value]
        else:
            values = [value for name, of, value in self.values.values() if (name, of) == (key, service)]
            values = [value for value in values if like(value)][start : start + limit]
        return [{"value": value, "display_value": value} for value in values]

    def _column(self, table: Table, key: str, text: str, like: Callable[[str], bool]) -> Iterator[str]:
        kind = table.schema.columns.get(key)
        if kind is None:
            raise Failed(f'ERROR: column "{key}" does not exist (SQLSTATE 42703)')
        if kind is not Type.TEXT:
            if text:
                name = {Type.LIST: "character varying[]", Type.INTEGER: "bigint"}.get(kind, "timestamp with time zone")
                raise Failed(f"ERROR: operator does not exist: {name} ~~* unknown (SQLSTATE 42883)")
            return iter(())
        return filter(like, (row.shown.get(key, "") for row in table.rows.values()))

    def harvest(self, service: str, schema: Schema, records: Iterable[Record]) -> int:
        """Keeps each new value of the filters that are not derived; says how many values there were, new or not."""
        keys = [
            row["key"] for row in self.rows
            if row["service"] == service and row["direct_derived"] is False and row["key"] in schema.columns
        ]
        found: dict[str, tuple[str, str, str]] = {}
        for record in records:
            for key in keys:
                for value in _values(schema, key, record.get(key)):
                    found[str(uuid.uuid5(uuid.NAMESPACE_URL, key + service + value))] = (key, service, value)
        for name, entry in found.items():
            self.values.setdefault(name, entry)
        return len(found)


def _known(service: str) -> None:
    if service not in SERVICES:
        raise Failed(UNSUPPORTED_SERVICE)


def _active(row: dict[str, Any]) -> bool:
    return bool(row["active"]) and row["deleted_at"] is None


def _like(text: str) -> Callable[[str], bool]:
    """ILIKE '%text%': a backslash takes the next sign as it is, that of the pattern's own end too."""
    text = _folded(text)
    if not any(sign in text for sign in "%_\\"):
        return lambda value: text in _folded(value)
    first, *middle, last = _pieces(f"%{text}%")
    # What stands between two % is sought once, where it first is: going back could find nothing more.
    parts = [first, *(f"(?>.*?{piece})" for piece in middle if piece), f".*{last}"]
    pattern = re.compile("".join(parts), re.DOTALL)
    return lambda value: pattern.fullmatch(_folded(value)) is not None


def _pieces(pattern: str) -> list[str]:
    """What stands before, between and after the % of a pattern, as regular expressions."""
    pieces, signs = [""], iter(pattern)
    for sign in signs:
        if sign == "%":
            pieces.append("")
        else:
            pieces[-1] += "." if sign == "_" else re.escape(next(signs) if sign == "\\" else sign)
    return pieces


@lru_cache(maxsize=1 << 17)
def _folded(text: str) -> str:
    """Lower case letter by letter, as PostgreSQL's; a text keeps its length. Remembered: columns are read again."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def _values(schema: Schema, key: str, value: Any) -> list[str]:
    """What a record yields for a filter: companies only text, contacts also lists by element and numbers."""
    if not value:
        return []
    kind = schema.columns[key]
    if kind is Type.TEXT:
        return [value]
    if schema.name == "company":
        return []
    if kind is Type.LIST:
        return [element for element in value if element]
    return [str(value)]
