"""Migrations: once, in order, by many at a time, and never silently over a schema that we do not know."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from proxy.store import SchemaMismatch
from proxy.store.postgres_schema import Migration, migrate, migrations


async def test_migrating_twice_changes_nothing(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        assert await migrate(connection, migrations()) == [one.version for one in migrations()]
        assert await migrate(connection, migrations()) == []
    finally:
        await connection.close()


async def test_processes_that_migrate_at_once_take_turns(dsn: str) -> None:
    connections = [await asyncpg.connect(dsn) for _ in range(4)]
    try:
        done = await asyncio.gather(*(migrate(one, migrations()) for one in connections))
    finally:
        for one in connections:
            await one.close()
    assert sorted(len(applied) for applied in done) == [0, 0, 0, len(migrations())]


async def test_a_migration_that_was_edited_is_refused(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    first, *rest = migrations()
    try:
        await migrate(connection, [first])
        with pytest.raises(SchemaMismatch, match="a migration is never edited"):
            await migrate(connection, [replace(first, sql=first.sql + "-- "), *rest])
    finally:
        await connection.close()


async def test_a_newer_schema_is_used_if_it_says_that_we_can(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    own = migrations()
    newer = Migration(own[-1].version + 1, "next", own[-1].version, "SELECT 1")
    try:
        await migrate(connection, [*own, newer])
        assert await migrate(connection, own) == []
    finally:
        await connection.close()


async def test_a_newer_schema_that_left_us_behind_is_refused(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    own = migrations()
    newer = Migration(own[-1].version + 1, "next", own[-1].version + 1, "SELECT 1")
    try:
        await migrate(connection, [*own, newer])
        with pytest.raises(SchemaMismatch, match="install a newer release"):
            await migrate(connection, own)
    finally:
        await connection.close()


async def test_a_migration_that_fails_leaves_nothing(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.PostgresError):
            await migrate(connection, [*migrations(), Migration(99, "broken", 1, "SELECT nothing_of_this_name()")])
        assert await connection.fetchval("SELECT to_regnamespace('crossfade')") is None
    finally:
        await connection.close()


def test_versions_count_up_from_one() -> None:
    assert [one.version for one in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_file_without_its_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_x.sql").write_text("SELECT 1;")
    with pytest.raises(SchemaMismatch, match=r"0001_x\.sql"):
        migrations(tmp_path)
