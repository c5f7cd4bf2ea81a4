"""Effects in legacy's database: what is written, once a key, and what is said when it can not be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from connectra.effects import Activity, BadEffect, Effect, Effects, EffectsAway
from lab import people
from proxy.store.embedded import Server
from tests.support.legacy_effects import USER, keys, made, waiting
from tests.support.postgres import fresh_database
from tests.support.reference import Reference, reference

pytestmark = pytest.mark.asyncio(loop_scope="module")
DDL = (Path(__file__).resolve().parents[2] / "deploy" / "legacy-effects.sql").read_text()
SEARCH = Activity("linkedin", "search", {"url": "https://linkedin.com/in/zoë"}, 3, {"contacts": 2, "companies": 1}, 1)
EFFECT = Effect("linkedin", USER, "192.0.2.7", "tests/1.0", SEARCH)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(postgres: Server) -> AsyncIterator[Reference]:
    async with fresh_database(postgres) as dsn, reference(dsn) as running:
        await running.server.lab.pool.execute(DDL)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def legacy(shared: Reference) -> Reference:
    """Without keys; USER pays."""
    await shared.server.lab.pool.execute("DELETE FROM crossfade_effects")
    await shared.server.lab.pool.execute("UPDATE user_profiles SET role = 'Member' WHERE user_id = $1", USER)
    return shared


@asynccontextmanager
async def effects(legacy: Reference, **given: Any) -> AsyncIterator[Effects]:
    one = Effects(legacy.server.lab.options.dsn, **given)
    try:
        yield one
    finally:
        await one.close()


async def test_an_order_is_what_legacy_itself_writes(legacy: Reference) -> None:
    headers = {"X-Forwarded-For": "192.0.2.7, 10.0.0.1", "User-Agent": "tests/1.0"}
    url = "https://www.linkedin.com/in/nobody-of-this-name"
    before = await made(legacy)
    async with legacy.session.post("/api/v2/linkedin/", json={"url": f" {url} "}, headers=headers) as answer:
        assert answer.status == 200
    activity = Activity("linkedin", "search", {"url": url}, 0, {"contacts": 0, "companies": 0}, 1)
    async with effects(legacy) as one:
        assert await one.order("k1", replace(EFFECT, activity=activity))
    query = "SELECT * FROM user_activities WHERE user_id = $1 ORDER BY id DESC LIMIT 2"
    ours, theirs = [dict(row) for row in await legacy.server.lab.pool.fetch(query, USER)]
    assert await made(legacy) - before == (2, 2)
    assert {**ours, "id": 0, "created_at": 0} == {**theirs, "id": 0, "created_at": 0}


async def test_a_key_makes_one_effect_however_often_it_is_ordered(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy) as one, effects(legacy) as other:
        firsts = await asyncio.gather(*(each.order("k1", EFFECT) for each in [one, other] * 4))
        assert await one.known("k1")
        assert not await one.known("k2")
    assert sorted(firsts) == [False] * 7 + [True]
    assert await made(legacy) - before == (1, 1)


async def test_two_keys_are_two_effects(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy) as one:
        assert await one.order("k1", EFFECT)
        assert await one.order("k2", EFFECT)
    assert await made(legacy) - before == (2, 2)


async def test_roles_pay_as_on_legacy(legacy: Reference) -> None:
    charged = {}
    async with effects(legacy) as one:
        for role in ("SuperAdmin", "Admin", "ProUser", "Member", None):
            await legacy.server.lab.pool.execute("UPDATE user_profiles SET role = $1 WHERE user_id = $2", role, USER)
            before = await made(legacy)
            await one.order(f"as {role}", EFFECT)
            charged[role] = await made(legacy) - before
    assert charged == {"SuperAdmin": (1, 0), "Admin": (1, 0), "ProUser": (1, 1), "Member": (1, 1), None: (1, 1)}


async def test_a_balance_may_become_negative(legacy: Reference) -> None:
    await legacy.server.lab.pool.execute("UPDATE user_profiles SET credits = 0 WHERE user_id = $1", USER)
    async with effects(legacy) as one:
        await one.order("k1", EFFECT)
    assert (await legacy.row("SELECT credits FROM user_profiles WHERE user_id = $1", USER))["credits"] == -1


async def test_an_activity_row_that_can_not_be_written_is_swallowed_and_the_credit_taken(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy) as one:
        for number, wrong in enumerate(({"address": "x" * 46}, {"agent": "\udcff"}, {"agent": "\0"})):
            assert await one.order(f"k{number}", replace(EFFECT, **wrong))
    assert await made(legacy) - before == (0, 3)


async def test_what_can_not_be_written_is_said_without_its_values(
    legacy: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    bad = replace(EFFECT, agent="secret\udcff")
    async with effects(legacy) as one:
        assert await one.order("k1", bad)
    assert "an activity row could not be written" in caplog.text
    assert not [value for value in ("secret", USER) if value in caplog.text]


async def test_who_legacy_does_not_know_leaves_only_the_key(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy) as one:
        assert await one.order("k1", replace(EFFECT, user="no uuid"))
        assert await one.order("k2", replace(EFFECT, user=people.user_uuid(10_000)))
    assert (await made(legacy) - before, await keys(legacy)) == ((0, 0), ["k1", "k2"])


async def test_a_lock_that_outlasts_the_deadline_leaves_nothing_behind(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy, deadline=0.3) as one, legacy.server.lab.pool.acquire() as holder:
        async with holder.transaction():
            await holder.execute("LOCK TABLE user_profiles IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(EffectsAway):
                await one.order("k1", EFFECT)
        assert not await one.known("k1")
        assert await one.order("k1", EFFECT)
    assert await made(legacy) - before == (1, 1)


async def test_two_orders_of_a_key_wait_for_each_other(legacy: Reference) -> None:
    before = await made(legacy)
    async with effects(legacy) as one, legacy.server.lab.pool.acquire() as holder, asyncio.TaskGroup() as both:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM user_profiles WHERE user_id = $1 FOR UPDATE", USER)
            orders = [both.create_task(one.order("k1", EFFECT)) for _ in range(2)]
            await waiting(legacy, 2)
            assert not any(task.done() for task in orders)
        assert sorted(await asyncio.gather(*orders)) == [False, True]
    assert await made(legacy) - before == (1, 1)


async def test_a_database_that_is_away_gives_no_word() -> None:
    one = Effects("postgresql://127.0.0.1:1/nothing")
    with pytest.raises(EffectsAway):
        await one.order("k1", EFFECT)
    with pytest.raises(EffectsAway):
        await one.known("k1")
    assert "127.0.0.1" in str(await one.ready())
    await one.close()


async def test_effects_are_ready_where_the_table_is(legacy: Reference) -> None:
    async with effects(legacy) as one:
        assert await one.ready() is None
    assert await keys(legacy) == []


async def test_without_an_address_the_reason_names_the_variable() -> None:
    assert await Effects(None).ready() == "LEGACY_DATABASE_URL is not set"


LACKS = (
    ("ALTER TABLE crossfade_effects RENAME TO other", "ALTER TABLE other RENAME TO crossfade_effects",
     "run deploy/legacy-effects.sql there"),
    ("ALTER TABLE crossfade_effects DROP CONSTRAINT crossfade_effects_pkey",
     "ALTER TABLE crossfade_effects ADD PRIMARY KEY (key)", "ON CONFLICT"),
    ("ALTER TABLE user_activities RENAME user_agent TO agent", "ALTER TABLE user_activities RENAME agent TO user_agent",
     "user_activities"),
    ("ALTER TABLE user_profiles RENAME TO other", "ALTER TABLE other RENAME TO user_profiles", "user_profiles"),
)  # fmt: skip
RIGHTS = (
    ("SELECT, INSERT ON crossfade_effects", "permission denied for table crossfade_effects"),
    ("INSERT ON user_activities", "permission denied for table user_activities"),
    ("USAGE ON SEQUENCE user_activities_id_seq", "sequence"),
    ("SELECT, UPDATE ON user_profiles", "permission denied for table user_profiles"),
)


async def test_what_an_order_needs_is_looked_at_before(legacy: Reference) -> None:
    async with effects(legacy) as one:
        for change, undo, word in LACKS:
            await legacy.server.lab.pool.execute(change)
            assert word in str(await one.ready())
            await legacy.server.lab.pool.execute(undo)
        assert await one.ready() is None


async def test_every_right_that_an_order_needs_is_named(legacy: Reference) -> None:
    pool = legacy.server.lab.pool
    await pool.execute("CREATE ROLE orders LOGIN")
    one = Effects(legacy.server.lab.options.dsn.replace("//postgres@", "//orders@"))
    try:
        for right, _ in RIGHTS:
            await pool.execute(f"GRANT {right} TO orders")
        assert await one.ready() is None
        for right, word in RIGHTS:
            await pool.execute(f"REVOKE {right} FROM orders")
            assert word in str(await one.ready())
            await pool.execute(f"GRANT {right} TO orders")
    finally:
        await one.close()
        await pool.execute("DROP OWNED BY orders; DROP ROLE orders")


async def test_a_database_that_takes_no_writes_is_not_ready(postgres: Server) -> None:
    async with fresh_database(postgres) as dsn:
        connection = await asyncpg.connect(dsn)
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await connection.close()
        one = Effects(dsn)
        assert await one.ready() == "legacy's database is read-only"
        await one.close()


async def test_a_description_survives_the_way_to_the_worker_and_back() -> None:
    assert Effect.from_json(EFFECT.to_json()) == EFFECT
    assert EFFECT.to_json().isascii()


@pytest.mark.parametrize(
    "change",
    [{"user": 1}, {"agent": 1}, {"activity": None}, {"more": 1}, {"address": None}, {"user": "\0"}, {"user": "\ud800"},
     {"activity": {**asdict(SEARCH), "request": []}}, {"activity": {**asdict(SEARCH), "credits": -1}}],
    ids=["user", "agent", "activity", "unknown", "address", "NUL", "no text", "request", "credits"],
)
async def test_a_description_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadEffect):
        Effect.from_json(json.dumps(json.loads(EFFECT.to_json()) | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'"x"', b"[" * 100_000])
async def test_bytes_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(BadEffect):
        Effect.from_json(data)
