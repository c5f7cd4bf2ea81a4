"""The health page of the migration: answered by the gateway where the file says so, else by legacy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import time

import orjson
import pytest
from aiohttp import web

from connectra.app import Gateway, make_runner
from connectra.callers import Callers, Users
from connectra.client import Client as Search
from tests.support.backends import FailingBackend
from tests.support.connectra_fake import KEY, PANIC, Connectra, connectra
from tests.support.gateway import JWT_SECRET, bearer
from tests.support.tables import route, table
from tests.support.workers import Worker, analyst, worker

PATH = "/api/v1/health/vql"
LEGACY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"from":"legacy"}'
FLAGS = {"VQL_LINKEDIN_SEARCH": False, "CONNECTRA_ENABLED": True}
Flags = dict[str, bool] | None


class Stage:
    """A worker between legacy and a gateway."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        self.fake: Connectra
        self.legacy = FailingBackend(LEGACY)
        self.worker: Worker

    async def play(self, flags: Flags, *, gateway: bool = True, age: float = 0.0) -> None:
        """Starts everything."""
        enter = self._stack.enter_async_context
        self.fake = await enter(connectra())
        await enter(self.legacy)
        if gateway:
            client = Search(self.fake.url, KEY, 5.0)
            self._stack.push_async_callback(client.close)
            runner = make_runner(Gateway(client, Callers(JWT_SECRET, Users(None)), "22" * 32))
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            await web.UnixSite(runner, f"{self._folder}/gateway").start()
        await enter(analyst(self._folder))
        candidate = f"unix:{self._folder}/gateway"
        served = table(
            route(), legacy=self.legacy.url, candidate=candidate, issued_at=time() - age, health=flags
        )
        self.worker = await enter(worker(self._folder, served))

    async def ask(self, *, token: bool = True) -> bytes:
        """The answer; a first request makes legacy vouch for the caller."""
        fields = [f"Authorization: {bearer().decode()}"] if token else []
        await self.worker.get("/contacts/c1/", *fields)
        return await self.worker.get(PATH, *fields)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(stack, tmp_path)


def body_of(answer: bytes) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    return found


async def test_legacy_answers_where_the_file_does_not_say_otherwise(stage: Stage) -> None:
    await stage.play(None)
    assert body_of(await stage.ask()) == {"from": "legacy"}


async def test_the_page_has_the_contracts_shape_without_an_address(stage: Stage) -> None:
    await stage.play(FLAGS)
    assert body_of(await stage.ask()) == {
        "connectra_enabled": True,
        "connectra_status": "healthy",
        "connectra_base_url": "",
        "connectra_details": {"status": "ok"},
        "monitoring_available": True,
        "feature_flags": {"VQL_LINKEDIN_SEARCH": False, "CONNECTRA_ENABLED": True},
    }


async def test_nothing_of_us_is_in_the_fields_of_the_answer(stage: Stage) -> None:
    await stage.play(FLAGS)
    assert b"x-crossfade" not in (await stage.ask()).lower()


async def test_a_connectra_that_fails_is_said_without_its_words(stage: Stage) -> None:
    await stage.play(FLAGS)
    stage.fake.behave["/health"] = PANIC
    body = body_of(await stage.ask())
    assert (body["connectra_status"], body["connectra_error"]) == ("unavailable", "Connectra can not be reached")


async def test_a_connectra_that_is_switched_off_is_not_asked(stage: Stage) -> None:
    await stage.play({"CONNECTRA_ENABLED": False})
    assert body_of(await stage.ask())["connectra_enabled"] is False
    assert stage.fake.calls == []


async def test_a_caller_without_a_token_gets_legacys_answer(stage: Stage) -> None:
    await stage.play(FLAGS)
    assert body_of(await stage.ask(token=False)) == {"from": "legacy"}


async def test_legacy_answers_while_the_gateway_is_away(stage: Stage) -> None:
    await stage.play(FLAGS, gateway=False)
    assert body_of(await stage.ask()) == {"from": "legacy"}


async def test_a_question_with_a_body_is_answered_too(stage: Stage) -> None:
    await stage.play(FLAGS)
    token = f"Authorization: {bearer().decode()}"
    await stage.worker.get("/contacts/c1/", token)
    lines = [f"GET {PATH} HTTP/1.1", "Host: a", token, "Content-Length: 2"]
    answer = await stage.worker.ask("\r\n".join([*lines, "Connection: close", "", "{}"]).encode())
    assert body_of(answer)["connectra_status"] == "healthy"


async def test_legacy_answers_when_the_lease_is_over(stage: Stage) -> None:
    await stage.play(FLAGS, age=1_000.0)
    assert body_of(await stage.ask()) == {"from": "legacy"}
