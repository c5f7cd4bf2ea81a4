"""Legacy's own database: few connections, every question under a deadline."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from connectra.database import CONNECTIONS, Database, NotAsked

MINE = "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database()"


@pytest.mark.parametrize("dsn_given", [None, ""])
async def test_without_an_address_it_is_not_asked(dsn_given: str | None) -> None:
    with pytest.raises(NotAsked, match="LEGACY_DATABASE_URL is not set"):
        await Database(dsn_given).row("SELECT 1")


@pytest.mark.parametrize("dsn_given", ["postgresql://nobody@127.0.0.1:9/none", "nonsense"])
async def test_a_database_that_is_away_is_named_without_its_address(dsn_given: str) -> None:
    with pytest.raises(NotAsked, match=r"^legacy's database can not be asked$"):
        await Database(dsn_given).row("SELECT 1")


async def test_many_questions_at_once_share_a_few_connections(dsn: str) -> None:
    database = Database(dsn)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(database.row("SELECT $1::int AS number", at), name="row") for at in range(20)]
    rows = [task.result() for task in asked]
    connection = await asyncpg.connect(dsn)
    connected = await connection.fetchval(MINE)
    await connection.close()
    await database.close()
    assert [row["number"] for row in rows if row is not None] == list(range(20))
    assert connected <= CONNECTIONS + 1


async def test_a_slow_answer_is_given_up_and_the_next_question_is_answered(dsn: str) -> None:
    database = Database(dsn)
    with pytest.raises(NotAsked):
        await database.row("SELECT pg_sleep(60)", deadline=0.05)
    assert await database.row("SELECT 1") is not None
    await database.close()


async def test_a_database_that_was_never_asked_closes() -> None:
    await Database(None).close()
