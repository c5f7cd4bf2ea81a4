"""Effects of a search that the candidate serves, in legacy's database, while processes are killed at every step.

A request whose client got an answer has left exactly one activity row and one credit, any other at most one.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from lab.legacy.tokens import access_token
from proxy.cli.client import Refused
from proxy.settings import Paths
from proxy.store.embedded import Server
from tests.support.connectra_fake import KEY, Connectra, connectra
from tests.support.host import PATIENCE, Host, host
from tests.support.legacy_effects import USER, Made, keys, made, waiting
from tests.support.postgres import fresh_database
from tests.support.postgres_between import Between
from tests.support.reference import Reference, reference

pytestmark = pytest.mark.asyncio(loop_scope="module")
DDL = (Path(__file__).resolve().parents[2] / "deploy" / "legacy-effects.sql").read_text()
ADA = "https://www.linkedin.com/in/ada-of-the-tests"
FILE = """\
version: 1
legacy: {{url: "{legacy}", timeout: 5s}}
connectra: {{url: "{connectra}", api_key: "{key}"}}
phases:
  - name: linkedin
    bake: 1h
    endpoints:
      linkedin:
        match: POST /api/v2/linkedin/
        candidate: connectra
        effects: true
        effects_deadline: 1s
        serve_deadline: 5s
        percent: 100
        compare:
          known_gaps:
            - {{path: "contacts[]", reason: not in the index, owner: search-team, until: 2099-01-01}}
            - {{path: "companies[]", reason: not in the index, owner: search-team, until: 2099-01-01}}
"""


@dataclass
class World:
    """The whole program, the database behind legacy, and the search service."""

    serve: Host
    legacy: Reference
    fake: Connectra
    between: Between

    async def search(self) -> str | None:
        """Who answered a search: the candidate knows Ada, legacy does not. None: nobody did."""
        headers = {"Authorization": f"Bearer {access_token(USER, 'lab-secret')}", "User-Agent": "tests/1.0"}
        headers["X-Forwarded-For"] = "192.0.2.7"
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self.serve.url}/api/v2/linkedin/", json={"url": ADA}, headers=headers) as answer,
            ):
                assert answer.status == 200, await answer.text()
                assert not [name for name in answer.headers if name.lower().startswith("x-crossfade")]
                return "candidate" if (await answer.json())["total_contacts"] else "legacy"
        except aiohttp.ClientConnectionError:
            return None

    def kept(self) -> list[Path]:
        """The files in the outbox."""
        return list(Paths(self.serve.file.parent / "state").outbox.iterdir())

    def kill(self, name: str) -> None:
        os.kill(self.serve.pids(name)[-1], signal.SIGKILL)

    async def restarted(self, name: str) -> None:
        await self.serve.started_again(name, len(self.serve.pids(name)) + 1)

    async def settled(self, before: Made) -> tuple[int, int]:
        """Rows and credits since `before`, when nothing is under way any more."""
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        async with asyncio.timeout(PATIENCE):
            while self.kept() or await self.legacy.server.lab.pool.fetchval(idle):
                await asyncio.sleep(0.02)
        return await made(self.legacy) - before

    async def calm(self) -> Made:
        """Waits until the candidate serves; what has been made by then."""
        self.fake.behave.clear()
        self.fake.hanging.clear()
        async with asyncio.timeout(PATIENCE):
            while not all([await self.search() == "candidate", await self.at_the_top(), not self.kept()]):
                await asyncio.sleep(0.05)
        return await made(self.legacy)

    async def at_the_top(self) -> bool:
        """Whether everybody is served; two outages within a bake have taken a rung away, which is given back."""
        status = await self.serve.status()
        if status is None or status["endpoints"][0]["percent"] == 100:
            return status is not None
        order = {"endpoint": "linkedin", "percent": 100, "reason": "the next test"}
        with suppress(Refused):  # held at this moment
            await asyncio.to_thread(self.serve.control.post, "/set", order)
        return False


@asynccontextmanager
async def locked(world: World, table: str) -> AsyncIterator[None]:
    """Nobody can use the table meanwhile."""
    async with world.legacy.server.lab.pool.acquire() as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("effects")
    async with (
        fresh_database(postgres) as store,
        fresh_database(postgres) as database,
        reference(database) as legacy,
        connectra() as fake,
        Between(database, folder).listening() as between,
    ):
        await legacy.server.lab.pool.execute(DDL)
        fake.contacts.append({"uuid": "c1", "first_name": "Ada", "linkedin_url": ADA})
        text = FILE.format(legacy=legacy.server.url, connectra=fake.url, key=KEY)
        env = {"CONNECTRA_ENABLED": "true", "LEGACY_JWT_SECRET": "lab-secret", "LEGACY_DATABASE_URL": between.dsn}
        async with host(folder, store, legacy.server.url, "", text=text, env=env) as serve:
            await serve.percent(100)
            yield World(serve, legacy, fake, between)


async def test_a_search_by_the_candidate_leaves_what_legacy_would_have(world: World) -> None:
    before = await world.calm()
    assert await world.search() == "candidate"
    assert await world.settled(before) == (1, 1)
    row = await world.legacy.row("SELECT * FROM user_activities ORDER BY id DESC LIMIT 1")
    assert (row["ip_address"], row["user_agent"], row["result_count"]) == ("192.0.2.7", "tests/1.0", 1)


async def test_searches_at_once_leave_one_effect_each(world: World) -> None:
    before = await world.calm()
    assert await asyncio.gather(*(world.search() for _ in range(12))) == ["candidate"] * 12
    assert await world.settled(before) == (12, 12)


async def test_a_gateway_killed_before_the_order_leaves_the_effect_to_legacy(world: World) -> None:
    before = await world.calm()
    world.fake.behave["*"] = world.fake.hang
    async with asyncio.TaskGroup() as clients:
        search = clients.create_task(world.search())
        await asyncio.wait_for(world.fake.hanging.wait(), PATIENCE)
        world.kill("gateway")
    assert search.result() == "legacy"
    assert await world.settled(before) == (1, 1)


async def test_a_gateway_killed_between_order_and_commit_makes_one_effect(world: World) -> None:
    before = await world.calm()
    async with asyncio.TaskGroup() as clients, locked(world, "crossfade_effects"):
        search = clients.create_task(world.search())
        await waiting(world.legacy, 1)
        world.kill("gateway")
    assert search.result() == "candidate"
    assert await world.settled(before) == (1, 1)


async def test_a_gateway_killed_between_commit_and_reply_makes_one_effect(world: World) -> None:
    before = await world.calm()
    known = len(await keys(world.legacy))
    async with asyncio.TaskGroup() as clients:
        world.between.hold(b"COMMIT\0")
        search = clients.create_task(world.search())
        await asyncio.wait_for(world.between.held.wait(), PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while len(await keys(world.legacy)) == known:
                await asyncio.sleep(0.01)
        world.kill("gateway")
        world.between.release()
    assert search.result() == "candidate"
    assert (await world.settled(before), len(await keys(world.legacy))) == ((1, 1), known + 1)


async def test_a_gateway_killed_after_the_answer_leaves_it_at_one(world: World) -> None:
    before = await world.calm()
    assert await world.search() == "candidate"
    world.kill("gateway")
    await world.restarted("gateway")
    assert await world.settled(before) == (1, 1)


async def test_every_answer_has_one_effect_while_gateways_die_and_connections_break(world: World) -> None:
    before = await world.calm()
    answers: list[str | None] = []
    over = asyncio.Event()

    async def client() -> None:
        while not over.is_set():
            answers.append(await world.search())

    async def more(side: str | None = None) -> None:
        """Waits for 15 more answers; which side gives them after an outage is the rollout's to say."""

        def given() -> int:
            return len(answers) if side is None else answers.count(side)

        wanted = given() + 15
        async with asyncio.timeout(PATIENCE):
            while given() < wanted:
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as clients:
        for _ in range(6):
            clients.create_task(client())
        await more("candidate")
        for harm in (world.between.cut, lambda: world.kill("gateway"), world.between.cut):
            harm()
            await more()
        over.set()
    assert None not in answers
    assert await world.settled(before) == (len(answers), len(answers))


async def test_connections_to_the_database_that_break_in_the_order_make_one_effect(world: World) -> None:
    before = await world.calm()
    async with asyncio.TaskGroup() as clients, locked(world, "user_profiles"):
        search = clients.create_task(world.search())
        await waiting(world.legacy, 1)
        world.between.cut()
    assert search.result() == "candidate"
    assert await world.settled(before) == (1, 1)


async def test_a_database_that_is_stuck_holds_no_client_and_gets_its_effect_later(world: World) -> None:
    before = await world.calm()
    async with locked(world, "crossfade_effects"):
        assert await world.search() == "candidate"
        assert (len(world.kept()), await made(world.legacy) - before) == (1, (0, 0))
    assert await world.settled(before) == (1, 1)


async def test_a_worker_killed_with_an_effect_in_its_outbox_takes_it_up_again(world: World) -> None:
    before = await world.calm()
    async with locked(world, "crossfade_effects"):
        assert await world.search() == "candidate"
        world.kill("worker-0")
        await world.restarted("worker-0")
        assert len(world.kept()) == 1
    assert await world.settled(before) == (1, 1)


async def test_a_worker_killed_before_the_order_leaves_none(world: World) -> None:
    before = await world.calm()
    world.fake.behave["*"] = world.fake.hang
    async with asyncio.TaskGroup() as clients:
        search = clients.create_task(world.search())
        await asyncio.wait_for(world.fake.hanging.wait(), PATIENCE)
        world.kill("worker-0")
    assert search.result() is None
    assert await world.settled(before) == (0, 0)


async def test_a_worker_killed_between_order_and_answer_leaves_at_most_one(world: World) -> None:
    before = await world.calm()
    async with asyncio.TaskGroup() as clients, locked(world, "crossfade_effects"):
        search = clients.create_task(world.search())
        await waiting(world.legacy, 1)
        world.kill("worker-0")
    assert search.result() is None
    assert await world.settled(before) in ((0, 0), (1, 1))


async def test_without_the_table_the_endpoint_is_in_shadow_and_says_why(world: World) -> None:
    before = await world.calm()
    await world.legacy.server.lab.pool.execute("ALTER TABLE crossfade_effects RENAME TO away")
    try:
        said = await world.serve.until(
            lambda status: "mirrored only" in status["endpoints"][0]["missing"], "not in shadow"
        )
        async with asyncio.timeout(PATIENCE):
            while await world.search() != "legacy":
                await asyncio.sleep(0.05)
        assert "run deploy/legacy-effects.sql there" in said["endpoints"][0]["missing"]
    finally:
        await world.legacy.server.lab.pool.execute("ALTER TABLE away RENAME TO crossfade_effects")
    assert await world.calm() - before != (0, 0)


async def test_without_legacy_s_database_the_file_s_percent_is_refused_with_the_reason(
    tmp_path: Path, postgres: Server
) -> None:
    async with fresh_database(postgres) as store, connectra() as fake:
        text = FILE.format(legacy="http://127.0.0.1:9", connectra=fake.url, key=KEY)
        env = {"CONNECTRA_ENABLED": "true", "LEGACY_JWT_SECRET": "lab-secret", "LEGACY_DATABASE_URL": ""}
        async with host(tmp_path, store, "http://127.0.0.1:9", "", text=text, env=env) as serve:
            status = await serve.until(
                lambda status: "LEGACY_DATABASE_URL is not set" in (status["endpoints"][0]["refused"] or ""), "silent"
            )
    assert status["endpoints"][0]["percent"] == 0
