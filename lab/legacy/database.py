"""The lab's database: tables, seed or generated rows, indexes; loaded once, then only connected to."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from lab import people
from lab.legacy.state import Options

log = logging.getLogger("lab.legacy")
FOLDER = Path(__file__).parents[1]
TABLES = ("companies", "companies_metadata", "contacts", "contacts_metadata", "users", "user_profiles")
NUMBERED = ("companies", "companies_metadata", "contacts", "contacts_metadata", "user_profiles")
AT_ONCE = 5_000
"""Generated rows of a table that are in memory at a time."""
WHEN = frozenset({"created_at", "updated_at", "last_sign_in_at"})

Part = dict[str, list[people.Row]]
"""Rows to load, by table."""


class SeedError(Exception):
    """A folder of recordings that can not be loaded; the text says what is wrong with it."""


@asynccontextmanager
async def open_database(options: Options) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """A pool on the loaded database. Raises SeedError and asyncpg's errors."""
    connection = await asyncpg.connect(options.dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('public.companies')") is None:
            await _load(connection, options)
    finally:
        await connection.close()
    async with asyncpg.create_pool(
        options.dsn, min_size=min(4, options.connections), max_size=options.connections,
        server_settings={"timezone": "UTC"},
    ) as pool:  # fmt: skip
        yield pool


async def _load(connection: asyncpg.Connection[asyncpg.Record], options: Options) -> None:
    loaded: Counter[str] = Counter()
    parts = _recorded(options.data) if options.data is not None else _generated(options)
    async with connection.transaction():
        await connection.execute((FOLDER / "schema.sql").read_text())
        await connection.execute("ALTER TABLE contacts DROP CONSTRAINT IF EXISTS fk_contacts_company_id")
        while part := await asyncio.to_thread(next, parts, None):
            for table, rows in part.items():
                await _copy(connection, table, rows)
                loaded[table] += len(rows)
        await connection.execute((FOLDER / "indexes.sql").read_text())
        for table in NUMBERED:
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest((SELECT max(id) FROM {table}), 1))"
            )
    await connection.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")
    log.info("loaded %s", ", ".join(f"{loaded[table]} {table}" for table in TABLES))


def _recorded(folder: Path) -> Iterator[Part]:
    found: dict[str, list[people.Row]] = {table: [] for table in TABLES}
    path = folder / "seed.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # a string may hold U+2028
    except OSError as error:
        raise SeedError(
            f"{path}: {error.strerror}; --data names a folder of recordings of the legacy backend"
        ) from error
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            row = {key: _typed(key, value) for key, value in dict(entry["row"]).items()}
            found[entry["table"]].append(row)
        except (ValueError, KeyError, TypeError) as error:
            raise SeedError(f"{path}:{number}: not a seed row: {error!r}") from error
    yield found


def _typed(column: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if column in WHEN and isinstance(value, str) else value


def _generated(options: Options) -> Iterator[Part]:
    """A few thousand rows at a time, so that any number of people fits into memory."""
    made = people.contacts(options.contacts, options.companies, options.seed)
    yield from _parts(("companies", "companies_metadata"), people.companies(options.companies, options.seed))
    yield from _parts(("contacts", "contacts_metadata"), made)
    yield from _parts(("users", "user_profiles"), people.users(options.users))


def _parts(tables: tuple[str, str], pairs: Iterator[tuple[people.Row, people.Row | None]]) -> Iterator[Part]:
    while some := list(islice(pairs, AT_ONCE)):
        yield {
            tables[0]: [row for row, _ in some],
            tables[1]: [beside for _, beside in some if beside is not None],
        }


async def _copy(connection: asyncpg.Connection[asyncpg.Record], table: str, rows: Sequence[people.Row]) -> None:
    """COPY, in groups of rows that name the same columns: the others take the table's defaults."""
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(tuple(row.values()))
    for columns, records in groups.items():
        await connection.copy_records_to_table(table, records=records, columns=list(columns))
