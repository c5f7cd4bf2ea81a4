"""The feed from the legacy database: a change is seen after the lag, not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from lab.connectra.engine import Engine
from lab.connectra.feed import Feed
from lab.connectra.switches import Switches
from tests.support.standin import search

SCHEMA = Path(__file__).resolve().parents[3] / "lab" / "schema.sql"
SEED = """
INSERT INTO companies (uuid, name, employees_count, industries)
VALUES ('firm', 'Works', 7, '{x,NULL}'), ('other', 'Other', 1, NULL);
INSERT INTO companies_metadata (uuid, city) VALUES ('firm', 'oslo');
INSERT INTO contacts (uuid, first_name, company_id, email, seniority, created_at)
VALUES ('ana', 'Ana', 'firm', '', 'vp', '2024-01-02 03:04:05.678'), ('bo', 'Bo', 'other', NULL, 'vp', NULL);
INSERT INTO contacts_metadata
VALUES (DEFAULT, 'ana', '', NULL, NULL, NULL, NULL, NULL, NULL, 'rome', '_', NULL, NULL, NULL);
"""


@dataclass
class World:
    """A database, and a stand-in that follows it."""

    database: Any
    engine: Engine
    switches: Switches
    feed: Feed

    def contact(self, uuid: str) -> dict[str, Any]:
        where = {"keyword_match": {"must": {"uuid": uuid}}}
        found = search(self.engine, "contact", where=where)
        return found[0] if found else {}

    def people_of(self, company: str) -> int:
        return len(search(self.engine, "contact", where={"keyword_match": {"must": {"company_id": company}}}))

    async def see(self, happened: Callable[[], bool]) -> float:
        """Seconds until it has happened."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.timeout(10):
            while not happened():
                await asyncio.sleep(0.002)
        return loop.time() - begun


@asynccontextmanager
async def following(dsn: str, lag: float) -> AsyncIterator[tuple[Engine, Switches, Feed]]:
    engine, switches = Engine(), Switches(lag=lag)
    feed = Feed(engine, switches, dsn)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(feed.run(), name="feed")
        async with asyncio.timeout(20):
            await feed.ready.wait()
        yield engine, switches, feed
        running.cancel()


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    database = await asyncpg.connect(dsn)
    try:
        await database.execute(SCHEMA.read_text() + SEED)
        async with following(dsn, 0.0) as (engine, switches, feed):
            yield World(database, engine, switches, feed)
    finally:
        await database.close()


async def test_legacy_rows_become_records_without_empty_values(world: World) -> None:
    record = world.contact("ana")
    record.pop("id")
    assert record == {
        "uuid": "ana", "first_name": "Ana", "company_id": "firm", "seniority": "vp", "city": "rome",
        "state": "_", "created_at": "2024-01-02T03:04:05.678Z",
    }
    firm = search(world.engine, "company", where={"keyword_match": {"must": {"city": "oslo"}}})[0]
    assert (firm["name"], firm["employees_count"], firm["industries"]) == ("Works", 7, ["x"])


async def test_a_change_is_invisible_for_the_lag_and_visible_after_it(world: World) -> None:
    world.switches.lag = 0.3
    await world.database.execute("UPDATE contacts SET first_name = 'Zoe' WHERE uuid = 'ana'")
    assert world.contact("ana")["first_name"] == "Ana"
    assert await world.see(lambda: world.contact("ana").get("first_name") == "Zoe") >= 0.25


async def test_each_state_in_between_is_seen_in_its_turn(world: World) -> None:
    world.switches.lag = 0.3
    await world.database.execute("UPDATE contacts SET title = 'first' WHERE uuid = 'ana'")
    await world.see(lambda: world.feed.figures()["waiting"] == 1)
    await asyncio.sleep(0.1)
    await world.database.execute("UPDATE contacts SET title = 'second' WHERE uuid = 'ana'")
    await world.see(lambda: world.contact("ana").get("title") == "first")
    await world.see(lambda: world.contact("ana").get("title") == "second")


async def test_shortening_the_lag_lets_what_waits_through(world: World) -> None:
    world.switches.lag = 600.0
    await world.database.execute("UPDATE contacts SET first_name = 'Zoe' WHERE uuid = 'ana'")
    await world.see(lambda: world.feed.figures()["waiting"] == 1)
    world.switches.lag = 0.0
    world.feed.turned()
    await world.see(lambda: world.contact("ana")["first_name"] == "Zoe")


async def test_a_move_to_another_company_changes_both_counts(world: World) -> None:
    await world.database.execute("UPDATE contacts SET company_id = 'other' WHERE uuid = 'ana'")
    await world.see(lambda: world.people_of("other") == 2)
    assert world.people_of("firm") == 0


async def test_an_insert_a_delete_and_metadata_are_followed(world: World) -> None:
    await world.database.execute("INSERT INTO contacts (uuid, company_id) VALUES ('new', 'firm')")
    await world.see(lambda: world.people_of("firm") == 2)
    await world.database.execute("UPDATE contacts_metadata SET city = 'bern' WHERE uuid = 'ana'")
    await world.see(lambda: world.contact("ana").get("city") == "bern")
    await world.database.execute("DELETE FROM contacts WHERE uuid = 'ana'")
    await world.see(lambda: not world.contact("ana"))
    assert "ana" not in world.engine.contact_index.numbers


async def test_a_companys_change_reaches_its_contacts_documents(world: World) -> None:
    await world.database.execute("UPDATE companies_metadata SET city = 'bergen' WHERE uuid = 'firm'")
    where = {"keyword_match": {"must": {"company_city": "bergen"}}}
    await world.see(lambda: bool(search(world.engine, "contact", where=where)))


async def test_a_rolled_back_change_is_never_seen(world: World) -> None:
    transaction = world.database.transaction()
    await transaction.start()
    await world.database.execute("DELETE FROM contacts")
    await transaction.rollback()
    await world.database.execute("INSERT INTO contacts (uuid) VALUES ('later')")
    await world.see(lambda: bool(world.contact("later")))
    assert world.contact("ana")


async def test_a_truncate_empties_table_and_index(world: World) -> None:
    await world.database.execute("TRUNCATE contacts")
    await world.see(lambda: not world.engine.contacts.rows and not world.engine.contact_index.documents)


async def test_a_lost_connection_is_made_again_and_what_was_missed_is_read(world: World) -> None:
    await world.database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    await world.database.execute("UPDATE contacts SET first_name = 'Zoe' WHERE uuid = 'ana'")
    await world.see(lambda: world.contact("ana").get("first_name") == "Zoe")


async def test_tables_made_anew_are_followed_again(world: World) -> None:
    await world.database.execute("DROP TABLE contacts_metadata")
    create = SCHEMA.read_text().split("CREATE TABLE contacts_metadata")[1].split(";")[0]
    await world.database.execute(f"CREATE TABLE contacts_metadata{create}")
    await world.see(lambda: "city" not in world.contact("ana"))
    await world.database.execute("INSERT INTO contacts_metadata (uuid, city) VALUES ('ana', 'bern')")
    await world.see(lambda: world.contact("ana").get("city") == "bern")


async def test_the_schema_may_come_after_the_stand_in(dsn: str) -> None:
    engine = Engine()
    feed = Feed(engine, Switches(), dsn)
    database = await asyncpg.connect(dsn)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(feed.run(), name="feed")
            await database.execute(SCHEMA.read_text() + SEED)
            async with asyncio.timeout(20):
                await feed.ready.wait()
            running.cancel()
    finally:
        await database.close()
    assert set(engine.contacts.rows) == {"ana", "bo"}
