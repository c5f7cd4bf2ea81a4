"""Versioned migrations: each a file of plain SQL, applied once, in order, under a lock.

A file's first line, `-- readable from: N`, names the oldest schema version whose code still works with the schema
that the file makes. So a release knows whether it may use a database that a newer one has migrated: migrations
expand before they contract, and two releases, one apart, run side by side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from proxy.store import SchemaMismatch

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x63726F7373_01
"""The advisory lock under which one process migrates and the others wait ("cross", 1)."""
_HEAD = re.compile(r"^-- readable from: (\d+)$")

_TABLE = """
CREATE SCHEMA IF NOT EXISTS crossfade;
CREATE TABLE IF NOT EXISTS crossfade.migrations (
    version       integer PRIMARY KEY,
    name          text NOT NULL,
    readable_from integer NOT NULL,
    checksum      text NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT now()
);
"""

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]
else:
    Connection = asyncpg.Connection  # generic for the type checker only


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `readable_from` is the oldest schema version whose code works with what it makes."""

    version: int
    name: str
    readable_from: int
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations of this release, in order. Raises `SchemaMismatch` for a file that is no migration."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        head = _HEAD.match(sql.partition("\n")[0])
        number = path.stem.partition("_")[0]
        if head is None or not number.isdigit():
            raise SchemaMismatch(f"{path.name}: must be NNNN_name.sql and begin with `-- readable from: N`")
        found.append(Migration(int(number), path.stem, int(head[1]), sql))
    return found


async def migrate(connection: Connection, own: list[Migration]) -> list[int]:
    """Brings the schema up to date and returns the versions applied now.

    Safe to call by several processes at once, and again. Raises `SchemaMismatch`; nothing has been changed then.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(_TABLE)
        rows = await connection.fetch(
            "SELECT version, name, readable_from, checksum FROM crossfade.migrations ORDER BY version"
        )
        applied = {row["version"]: row for row in rows}
        _check(applied, own)
        missing = [one for one in own if one.version not in applied]
        for migration in missing:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO crossfade.migrations (version, name, readable_from, checksum) VALUES ($1, $2, $3, $4)",
                migration.version, migration.name, migration.readable_from, migration.checksum,
            )  # fmt: skip
    return [one.version for one in missing]


def _check(applied: dict[int, Any], own: list[Migration]) -> None:
    newest = max((one.version for one in own), default=0)
    for migration in own:
        row = applied.get(migration.version)
        if row is not None and row["checksum"] != migration.checksum:
            raise SchemaMismatch(
                f"migration {migration.name} differs from the one that this database was made with: "
                "install the release that made it, or restore the file; a migration is never edited"
            )
    for version, row in applied.items():
        if version > newest and row["readable_from"] > newest:
            raise SchemaMismatch(
                f"the database is at schema {version} ({row['name']}), which releases with schema "
                f"{row['readable_from']} or newer can use; this one has {newest}: install a newer release"
            )
