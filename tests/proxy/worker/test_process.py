"""The worker as its clients meet it: a real process between real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import pytest

from proxy.exchange import Failure
from proxy.worker import process
from proxy.worker.process import lasting
from rollout.model import Budget
from rollout.sides import Side
from tests.support.backends import BlackHole, FailingBackend, Sent
from tests.support.tables import route, table
from tests.support.workers import Analyst, Worker, analyst, worker

CONTACT = "/contacts/7/"


class Stage:
    """Legacy, candidate, analyst and a worker between them."""

    def __init__(self, stack: AsyncExitStack, state: Path) -> None:
        self._stack = stack
        self._state = state
        self.legacy = FailingBackend(_answer(b"legacy"))
        self.candidate = FailingBackend(_answer(b"candidate"))
        self.analyst = Analyst()
        self.worker: Worker

    async def play(self, *, candidate: str | None = None, age: float = 0.0, **given: Any) -> Worker:
        """Starts everything with one route `GET /contacts/{contact_uuid}/`."""
        for backend in (self.legacy, self.candidate):
            await self._stack.enter_async_context(backend)
        self.analyst = await self._stack.enter_async_context(analyst(self._state))
        made = table(
            route(**given), legacy=self.legacy.url, candidate=candidate or self.candidate.url, issued_at=time() - age
        )
        self.table = made
        self.worker = await self._stack.enter_async_context(worker(self._state, made))
        return self.worker


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(stack, tmp_path)


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_a_request_reaches_legacy_with_its_fields_in_order_case_and_number(stage: Stage) -> None:
    one = await stage.play()
    await one.get("/a%2Fb?x=%C3%A9&x=2&", "X-b: 1", "x-A: 2", "X-b: 3", "Cookie: a=1; b=2")
    sent = stage.legacy.seen[0]
    assert sent.line == "GET /a%2Fb?x=%C3%A9&x=2& HTTP/1.1"
    assert sent.fields[:5] == [b"Host: api.test", b"X-b: 1", b"x-A: 2", b"X-b: 3", b"Cookie: a=1; b=2"]


async def test_a_request_gains_only_the_forwarded_address_and_via(stage: Stage) -> None:
    one = await stage.play()
    await one.get("/")
    names = [field.split(b":")[0] for field in stage.legacy.seen[0].fields]
    assert names == [b"Host", b"X-Forwarded-For", b"Via"]


async def test_an_answer_reaches_the_client_with_its_fields_in_order_case_and_number(stage: Stage) -> None:
    one = await stage.play()
    head = b"HTTP/1.1 207 Some Words\r\nset-COOKIE: a\r\nX-q: 1\r\nSet-Cookie: b\r\nContent-Length: 0\r\n"
    stage.legacy.answers(head + b"\r\n")
    assert await one.get("/") == head + b"Connection: close\r\n\r\n"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_without_a_body_stays_without(stage: Stage, status: bytes) -> None:
    one = await stage.play()
    stage.legacy.answers(b"HTTP/1.1 %b\r\nETag: x\r\n\r\n" % status)
    assert await one.get("/") == b"HTTP/1.1 %b\r\nETag: x\r\nConnection: close\r\n\r\n" % status


async def test_head_keeps_the_length_that_legacy_names(stage: Stage) -> None:
    one = await stage.play()
    stage.legacy.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
    got = await one.get("/", method="HEAD")
    assert got == b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n"


async def test_a_compressed_answer_is_not_touched(stage: Stage) -> None:
    one = await stage.play()
    stage.legacy.answers(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\0\0")
    assert (await one.get("/")).endswith(b"\r\n\r\n\x1f\x8b\0\0")


async def test_a_chunked_request_body_arrives_whole(stage: Stage) -> None:
    one = await stage.play()
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    await one.ask(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert b"".join(stage.legacy.seen[0].body.split(b"\r\n")[1::2]) == b"abcde"


async def test_ambiguous_framing_is_refused(stage: Stage) -> None:
    one = await stage.play()
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    got = await one.ask(head + b"0\r\n\r\n")
    assert got.split()[1] == b"400"
    assert not stage.legacy.seen


async def test_a_caller_can_not_declare_itself_a_shadow(stage: Stage) -> None:
    one = await stage.play()
    await one.get("/", "X-Crossfade-Shadow: 1")
    assert stage.legacy.seen[0].field("X-Crossfade-Shadow") is None


async def test_a_request_that_went_round_in_a_circle_is_refused(stage: Stage) -> None:
    one = await stage.play()
    await one.get("/")
    via = stage.legacy.seen[0].field("Via") or b""
    assert (await one.get("/", f"Via: {via.decode()}")).split()[1] == b"508"


async def test_legacy_that_is_gone_is_a_502_in_plain_words(stage: Stage) -> None:
    one = await stage.play()
    await stage.legacy.gone()
    got = await one.get("/")
    assert (got.split()[1], b"legacy" in got) == (b"502", True)


async def test_a_client_that_leaves_ends_the_request_to_legacy(stage: Stage) -> None:
    one = await stage.play()
    stage.legacy.silent()
    _, writer = await asyncio.open_connection("127.0.0.1", one.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    await asyncio.wait_for(stage.legacy.arrived.wait(), 10)
    writer.transport.abort()
    await asyncio.wait_for(stage.legacy.left.wait(), 10)


async def test_a_sampled_request_becomes_an_exchange_with_both_answers(stage: Stage) -> None:
    one = await stage.play()
    assert (await one.get(CONTACT)).endswith(b"legacy")
    made = await stage.analyst.exchange()
    assert (made.legacy and made.legacy.body, made.candidate and made.candidate.body) == (b"legacy", b"candidate")


async def test_equal_answers_cross_without_their_bodies(stage: Stage) -> None:
    stage.candidate.answer = stage.legacy.answer
    one = await stage.play()
    await one.get(CONTACT)
    made = await stage.analyst.exchange()
    assert (made.equal, made.legacy and made.legacy.body) == (True, None)


async def test_a_shadow_says_that_it_is_one(stage: Stage) -> None:
    one = await stage.play()
    await one.get(CONTACT)
    await stage.analyst.exchange()
    assert stage.candidate.seen[0].field("X-Crossfade-Shadow") == b"1"


async def test_a_candidate_that_hangs_does_not_keep_the_client_waiting(stage: Stage) -> None:
    one = await stage.play()
    stage.candidate.silent()
    assert (await one.get(CONTACT)).endswith(b"legacy")


async def test_the_candidate_serves_at_a_hundred_percent(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    assert (await one.get(CONTACT)).endswith(b"candidate")
    assert (await stage.analyst.exchange()).served is Side.CANDIDATE


FAILS = {
    "sick": (b"HTTP/1.1 503 Gone\r\nContent-Length: 0\r\n\r\n", Failure.STATUS),
    "no HTTP": (b"\x16\x03\x01 what is this\r\n\r\n", Failure.INVALID),
    "switches": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", Failure.INVALID),
    "missing": (b"HTTP/1.1 200 OK\r\nX-Crossfade-Missing: a.b\r\nContent-Length: 0\r\n\r\n", Failure.MISSING),
}


@pytest.mark.parametrize("name", FAILS)
async def test_legacy_answers_where_the_candidate_failed(stage: Stage, name: str) -> None:
    one = await stage.play(percent=10_000)
    stage.candidate.answers(FAILS[name][0])
    assert (await one.get(CONTACT)).endswith(b"legacy")
    assert (await stage.analyst.exchange()).fallback == FAILS[name][1]


async def test_legacy_answers_where_the_candidate_is_gone(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    await stage.candidate.gone()
    assert (await one.get(CONTACT)).endswith(b"legacy")
    assert (await stage.analyst.exchange()).fallback == Failure.CONNECT


async def test_legacy_answers_where_the_candidate_is_silent(stage: Stage) -> None:
    one = await stage.play(percent=10_000, serve_deadline=0.1)
    stage.candidate.silent()
    assert (await one.get(CONTACT)).endswith(b"legacy")
    assert (await stage.analyst.exchange()).fallback == Failure.DEADLINE


async def test_a_declined_request_is_no_fallback(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    stage.candidate.answers(b"HTTP/1.1 409 Conflict\r\nX-Crossfade-Declined: filter\r\nContent-Length: 0\r\n\r\n")
    assert (await one.get(CONTACT)).endswith(b"legacy")
    made = await stage.analyst.exchange()
    assert (made.fallback, made.candidate and made.candidate.declined) == (None, "filter")


async def test_the_breaker_opens_after_failures_in_a_row(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    stage.candidate.sick()
    reasons = []
    for _ in range(6):
        assert (await one.get(CONTACT)).endswith(b"legacy")
        reasons.append((await stage.analyst.exchange()).fallback)
    assert reasons == [Failure.STATUS] * 5 + [Failure.BREAKER]


async def test_a_caller_who_wrote_reads_from_legacy(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    await one.ask(b"POST /w HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
    assert (await one.get(CONTACT)).endswith(b"legacy")


async def test_a_table_whose_lease_is_over_serves_legacy_only(stage: Stage) -> None:
    one = await stage.play(percent=10_000, age=1_000.0)
    assert (await one.get(CONTACT)).endswith(b"legacy")


async def test_a_table_that_arrives_is_in_force(stage: Stage) -> None:
    one = await stage.play(percent=10_000)
    await stage.analyst.send(replace(stage.table, epoch=2, routes=(replace(stage.table.routes[0], percent=0),)))
    async with asyncio.timeout(10):
        while not (await one.get(CONTACT)).endswith(b"legacy"):
            await stage.analyst.counts.get()


async def test_sigterm_lets_the_request_in_flight_finish(stage: Stage) -> None:
    one = await stage.play()
    release = asyncio.Event()

    async def later(sent: Sent, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(_answer(b"late"))

    stage.legacy.behave = later
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(one.get("/slow"))
        await asyncio.wait_for(stage.legacy.arrived.wait(), 10)
        one.process.terminate()
        release.set()
    assert asked.result().endswith(b"late")
    assert await asyncio.wait_for(one.process.wait(), 15) == 0


async def test_a_black_hole_as_candidate_falls_back(stage: Stage) -> None:
    async with BlackHole() as hole:
        one = await stage.play(percent=10_000, candidate=hole.url, serve_deadline=0.1)
        assert (await one.get(CONTACT)).endswith(b"legacy")


async def test_an_answer_over_the_budget_is_skipped_with_that_reason(stage: Stage) -> None:
    one = await stage.play(budget=Budget(body=3))
    assert (await one.get(CONTACT)).endswith(b"legacy")
    assert (await stage.analyst.exchange()).skipped == "body over budget"


async def test_an_analyst_that_is_gone_does_not_matter_to_clients(stage: Stage) -> None:
    one = await stage.play()
    one.paths.intake.unlink()
    assert (await one.get(CONTACT)).endswith(b"legacy")


async def test_background_work_that_fails_is_counted_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "AGAIN", 0.0)
    again, failed = asyncio.Event(), list[str]()

    async def work() -> None:
        if not failed:
            raise ValueError("a defect")
        again.set()
        await asyncio.Event().wait()

    running = asyncio.get_running_loop().create_task(lasting(work, "hand-over", failed.append))
    await asyncio.wait_for(again.wait(), 10)
    running.cancel()
    assert failed == ["hand-over"]
