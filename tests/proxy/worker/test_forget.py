"""The gateway's cache seen from a worker: real workers, a real gateway, and writes that make it forget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from aiohttp import web

from connectra.app import Gateway, make_runner
from connectra.cache import Cache
from connectra.callers import Callers, Users
from connectra.client import Client as Search
from proxy.worker import forget
from proxy.worker.client import Client
from proxy.worker.forget import Forgets
from proxy.worker.sides import Setting, Sides
from rollout.match import Matcher
from rollout.model import FULL
from rollout.table import Route
from tests.support.backends import FailingBackend
from tests.support.connectra_fake import KEY, Connectra, connectra
from tests.support.gateway import JWT_SECRET, bearer
from tests.support.tables import route, table
from tests.support.workers import PATIENCE, Analyst, Worker, analyst, worker

SECRET = "22" * 32
READ = "/api/v1/contacts/p/"
LEGACY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"from":"legacy"}'
WRITES = ("PATCH /lab/contacts/{contact_uuid}/", "POST /lab/contacts/", "PATCH /lab/companies/{company_uuid}/")


def cached(**given: Any) -> Route:
    """An endpoint of which every request is served by the gateway, with a cache that a test never outlives."""
    values: dict[str, Any] = {
        "template": "/api/v1/contacts/{contact_uuid}/", "percent": FULL, "shadow": 0, "cache": 60.0, "writes": WRITES,
    }  # fmt: skip
    return route(**(values | given))


class Stage:
    """A worker between legacy and a gateway with its Connectra."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.fake: Connectra
        self.legacy = FailingBackend(LEGACY)
        self.cache = Cache()
        self.worker: Worker
        self.analyst: Analyst
        self.token = bearer().decode()

    async def play(self, **given: Any) -> None:
        """Starts everything; legacy has vouched for the caller."""
        self.fake = await self._stack.enter_async_context(connectra())
        self.fake.contacts = [{"uuid": "p", "first_name": "Ada"}]
        await self._stack.enter_async_context(self.legacy)
        await self._gateway()
        self.analyst = await self._stack.enter_async_context(analyst(self._folder))
        self.table = table(
            cached(**given), legacy=self.legacy.url, candidate=f"unix:{self._folder}/gateway", issued_at=time()
        )
        self.worker = await self._stack.enter_async_context(worker(self._folder, self.table))
        assert b'"from":"legacy"' in await self.read()

    async def _gateway(self) -> None:
        client, users = Search(self.fake.url, KEY, 5.0), Users(None)
        self._stack.push_async_callback(client.close)
        runner = make_runner(Gateway(client, Callers(JWT_SECRET, users), SECRET, self.cache))
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.UnixSite(runner, f"{self._folder}/gateway").start()

    async def read(self) -> bytes:
        """The answer to a caller who has written nothing."""
        return await self.worker.get(READ, f"Authorization: {self.token}")

    async def until_read(self, name: bytes) -> None:
        """Waits for the answer with this first name: the gateway may hear of a write a moment later."""
        async with asyncio.timeout(PATIENCE):
            while name not in await self.read():
                await asyncio.sleep(0.02)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(stack, tmp_path)


async def test_a_hit_saves_a_call(stage: Stage) -> None:
    await stage.play()
    answers = [await stage.read() for _ in range(2)]
    assert ([b'"Ada"' in one for one in answers], len(stage.fake.calls)) == ([True, True], 1)
    assert b"x-crossfade" not in answers[1].lower()  # the client hears nothing of it


async def test_without_a_cache_every_request_is_a_call(stage: Stage) -> None:
    await stage.play(cache=0.0)
    for _ in range(2):
        await stage.read()
    assert len(stage.fake.calls) == 2


async def test_hits_and_misses_are_counted_and_the_time_of_a_hit_is_not(stage: Stage) -> None:
    await stage.play()
    for _ in range(3):
        await stage.read()
    found: dict[str, int] = {}
    times = 0
    async with asyncio.timeout(PATIENCE):
        while sum(found.values()) < 3:
            counts = await stage.analyst.counts.get()
            times += sum(counts.seconds.get("contact", {}).get("candidate", []))
            for result, number in counts.cache.get("contact", {}).items():
                found[result] = found.get(result, 0) + number
    assert (found, times) == ({"miss": 1, "hit": 2}, 1)


async def test_the_exchange_of_a_hit_says_so(stage: Stage) -> None:
    await stage.play()
    said = []
    for _ in range(2):
        await stage.read()
    for _ in range(3):
        observed = (await stage.analyst.exchange()).candidate
        said.append(None if observed is None else observed.cache)
    assert said == ["", "miss", "hit"]


async def test_a_mirrored_request_does_not_use_it(stage: Stage) -> None:
    await stage.play(percent=0, shadow=FULL)
    for _ in range(2):
        await stage.read()
    said = [(await stage.analyst.exchange()).candidate for _ in range(3)]
    assert [one.cache for one in said if one] == ["", "", ""]


async def test_a_write_makes_the_next_answer_a_new_one(stage: Stage) -> None:
    await stage.play()
    writes = {"Eve": "PATCH /lab/contacts/p/", "Ida": "POST /lab/contacts/", "Una": "PATCH /lab/companies/c/"}
    for name, write in writes.items():
        await stage.read()
        stage.fake.contacts[0]["first_name"] = name
        method, path = write.split()
        await stage.worker.get(path, method=method)
        await stage.until_read(f'"{name}"'.encode())


async def test_a_write_through_another_worker_does_so_too(stage: Stage, tmp_path: Path) -> None:
    await stage.play()
    async with analyst(tmp_path / "other"), worker(tmp_path / "other", stage.table) as other:
        await stage.read()
        stage.fake.contacts[0]["first_name"] = "Eve"
        await other.get("/lab/contacts/p/", method="PATCH")
        await stage.until_read(b'"Eve"')


async def test_a_write_without_an_answer_does_so_too(stage: Stage) -> None:
    await stage.play()
    await stage.read()
    stage.fake.contacts[0]["first_name"] = "Eve"
    stage.legacy.answers(b"not HTTP\r\n\r\n")
    await stage.worker.get("/lab/contacts/p/", method="PATCH")
    await stage.until_read(b'"Eve"')


async def test_a_gateway_that_is_away_costs_a_write_nothing_but_a_count(stage: Stage, tmp_path: Path) -> None:
    await stage.play()
    (tmp_path / "gateway").unlink()
    assert (await stage.worker.get("/lab/contacts/p/", method="PATCH")).startswith(b"HTTP/1.1 200")
    errors = 0
    async with asyncio.timeout(PATIENCE):
        while not errors:
            errors = (await stage.analyst.counts.get()).errors.get("forget", 0)
    assert errors == 1


# -- without processes ----------------------------------------------------------------------------------------------


class Door:
    """A unix socket in the gateway's place: keeps what it is told, and answers unless it is `silent`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.silent = asyncio.Event()
        self.bodies: list[Any] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            self.bodies.append(orjson.loads(await reader.readexactly(length)))
            assert b"X-Crossfade-Secret: secret\r\n" in head
            if not self.silent.is_set():
                writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await reader.read()
        finally:
            writer.close()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    one = Door(tmp_path / "door")
    server = await asyncio.start_unix_server(one.serve, str(one.path))
    yield one
    server.close()
    await server.wait_closed()


@pytest.fixture
def failed() -> list[str]:
    return []


@pytest.fixture
async def forgets(failed: list[str]) -> AsyncIterator[Forgets]:
    sides = Sides(Setting(0, 1, b"token", b"secret"), lambda frame: None, lambda: 0.5)
    one = Forgets(sides, failed.append)
    yield one
    await one.tasks.cancel()
    sides.close()


async def told(forgets: Forgets, door: Door, method: str, target: str, status: int | None, *routes: Route) -> None:
    made = table(*(routes or (cached(),)), candidate=f"unix:{door.path}")
    client = cast(Client, SimpleNamespace(method=method, target=target))
    await forgets.told(client, status, made, Matcher(made.routes))


@pytest.mark.parametrize(
    ("target", "params"),
    [("/lab/contacts/a%20b/", {"contact_uuid": "a b"}), ("/lab/companies/c/", {})],
)
async def test_the_gateway_is_told_the_endpoints_own_parameter_or_none(
    forgets: Forgets, door: Door, target: str, params: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "WAITED", PATIENCE)
    await told(forgets, door, "PATCH", target, 200)
    assert door.bodies == [[{"endpoint": "contact", "params": params}]]


async def test_the_write_is_answered_after_the_gateway_knows(
    forgets: Forgets, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "WAITED", PATIENCE)
    await told(forgets, door, "PATCH", "/lab/contacts/p/", 200)
    assert (len(forgets.tasks), len(door.bodies)) == (0, 1)


async def test_a_silent_gateway_holds_no_answer_back(forgets: Forgets, door: Door) -> None:
    door.silent.set()
    await told(forgets, door, "PATCH", "/lab/contacts/p/", 200)
    assert len(forgets.tasks) == 1


async def test_a_gateway_that_stays_silent_is_counted(
    forgets: Forgets, door: Door, failed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "DEADLINE", 0.1)
    door.silent.set()
    await told(forgets, door, "PATCH", "/lab/contacts/p/", 200)
    await forgets.tasks.ended()
    assert failed == ["forget"]


async def test_more_than_can_be_under_way_are_counted(
    forgets: Forgets, door: Door, failed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "MOST", 0)
    await told(forgets, door, "PATCH", "/lab/contacts/p/", 200)
    assert (failed, len(forgets.tasks)) == (["forget"], 0)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/lab/contacts/p/", 200),
        ("PATCH", "/lab/contacts/p/", 404),
        ("PATCH", "/lab/contacts/p/", 401),
        ("DELETE", "/lab/contacts/p/", 204),
        ("PATCH", "/lab/other/p/", 200),
    ],
)
async def test_what_is_no_write_of_an_endpoint_is_not_told(
    forgets: Forgets, door: Door, method: str, target: str, status: int
) -> None:
    await told(forgets, door, method, target, status)
    assert (door.bodies, len(forgets.tasks)) == ([], 0)


async def test_an_endpoint_without_a_cache_is_not_told_of(forgets: Forgets, door: Door) -> None:
    await told(forgets, door, "PATCH", "/lab/contacts/p/", 200, cached(cache=0.0))
    assert (door.bodies, len(forgets.tasks)) == ([], 0)


@pytest.mark.parametrize("status", [None, 500, 504])
async def test_a_write_that_may_have_happened_is_told(
    forgets: Forgets, door: Door, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "WAITED", PATIENCE)
    await told(forgets, door, "PATCH", "/lab/contacts/p/", status)
    assert len(door.bodies) == 1
