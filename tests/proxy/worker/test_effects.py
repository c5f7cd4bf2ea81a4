"""The order of events of a request with effects, in a real worker: who answers, and how often the effect is ordered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import Any

import pytest
from aiohttp import web

from proxy.worker.orders import Order
from rollout.table import Table
from tests.support.backends import FailingBackend
from tests.support.gateway_standin import EFFECT, StandIn, json, standin
from tests.support.tables import route, table
from tests.support.workers import PATIENCE, Worker, analyst, worker

LEGACY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"from":"legacy"}'
BODY = b'{"url":"x"}'
ASK = b"POST /search/ HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nConnection: close\r\n\r\n" + BODY


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with standin(tmp_path) as one:
        yield one


@pytest.fixture
async def legacy() -> AsyncIterator[FailingBackend]:
    async with FailingBackend(LEGACY) as backend:
        yield backend


def served(legacy: FailingBackend, gateway: StandIn, **given: Any) -> Table:
    """The endpoint with effects at 100 %."""
    values = {"method": "POST", "template": "/search/", "percent": 10_000, "effects": True, "effects_deadline": 0.6}
    one = route("linkedin", **(values | given))
    return table(one, legacy=legacy.url, candidate=gateway.url, issued_at=time())


@asynccontextmanager
async def working(state: Path, given: Table) -> AsyncIterator[Worker]:
    """A worker that is killed at the end: there is nobody here to whom it could hand over."""
    async with worker(state, given) as running:
        yield running
        running.process.kill()
        await running.process.wait()


@pytest.fixture
async def proxy(tmp_path: Path, legacy: FailingBackend, gateway: StandIn) -> AsyncIterator[Worker]:
    async with working(tmp_path / "state", served(legacy, gateway)) as running:
        yield running


async def who(proxy: Worker) -> str:
    """Whose answer the client gets; empty for none."""
    answer = await proxy.ask(ASK)
    assert b"x-crossfade-" not in answer.lower()
    return answer.partition(b"\r\n\r\n")[2].decode().removeprefix('{"from":"').removesuffix('"}')


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


async def test_the_candidate_s_answer_comes_with_one_order_and_legacy_is_not_asked(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    assert await who(proxy) == "candidate"
    assert (list(gateway.made.values()), gateway.bodies, legacy.seen) == ([1], [EFFECT], [])


async def test_two_requests_are_two_orders(proxy: Worker, gateway: StandIn) -> None:
    assert [await who(proxy), await who(proxy)] == ["candidate"] * 2
    assert list(gateway.made.values()) == [1, 1]


async def test_the_first_byte_waits_for_the_commit(proxy: Worker, gateway: StandIn) -> None:
    committed = asyncio.Event()

    async def slow(key: str, request: web.Request) -> web.StreamResponse:
        await committed.wait()
        return gateway.make(key)

    gateway.on_order = slow
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(ASK)
    await asyncio.wait_for(gateway.ordered.wait(), PATIENCE)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    committed.set()
    assert b"candidate" in await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()


@pytest.mark.parametrize("told", [None, "no base64 !", "//79"], ids=["nothing", "no base64", "no text"])
async def test_an_answer_that_tells_no_effect_is_legacy_s(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn, told: str | None
) -> None:
    gateway.told = told
    assert await who(proxy) == "legacy"
    assert (gateway.orders, len(legacy.seen)) == ([], 1)


async def test_a_failure_before_the_order_is_a_fallback(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    gateway.status = 503
    assert await who(proxy) == "legacy"
    assert (gateway.orders, len(legacy.seen)) == ([], 1)


async def test_a_gateway_that_is_gone_before_the_order_leaves_it_to_legacy(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    async def last() -> None:
        gateway.stop_listening()

    gateway.on_search = last
    assert await who(proxy) == "legacy"
    assert (gateway.orders, len(legacy.seen)) == ([], 1)


async def test_an_order_that_the_gateway_refuses_is_left_to_legacy(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    async def refuses(key: str, request: web.Request) -> web.StreamResponse:
        return json({"why": "no description of an effect"}, 400)

    gateway.on_order = refuses
    assert await who(proxy) == "legacy"
    assert (list(gateway.made), len(legacy.seen)) == ([], 1)


async def test_a_lost_reply_is_found_out_by_the_key(proxy: Worker, legacy: FailingBackend, gateway: StandIn) -> None:
    gateway.on_order = gateway.makes_and_drops
    assert await who(proxy) == "candidate"
    assert (list(gateway.made.values()), len(gateway.orders), legacy.seen) == ([1], 1, [])
    assert gateway.looks == gateway.orders


async def test_an_order_that_was_not_done_is_sent_again_under_its_key(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    async def once(key: str, request: web.Request) -> web.StreamResponse:
        gateway.on_order = None
        return await gateway.drops(key, request)

    gateway.on_order = once
    assert await who(proxy) == "candidate"
    assert (len(gateway.orders), len(set(gateway.orders)), list(gateway.made.values())) == (2, 1, [1])
    assert legacy.seen == []


async def test_what_can_not_be_found_out_in_time_is_in_the_outbox_before_the_answer(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    gateway.on_order = gateway.on_look = gateway.drops
    assert await who(proxy) == "candidate"
    (kept,) = proxy.paths.outbox.iterdir()
    assert (kept.stat().st_mode & 0o777, legacy.seen) == (0o600, [])
    gateway.on_order = gateway.on_look = None
    await until(lambda: not list(proxy.paths.outbox.iterdir()))
    assert list(gateway.made.values()) == [1]


async def test_an_order_that_hangs_does_not_hold_the_client_beyond_the_deadline(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    gateway.on_order = gateway.on_look = gateway.hangs
    assert await who(proxy) == "candidate"
    assert (len(list(proxy.paths.outbox.iterdir())), legacy.seen) == (1, [])


async def test_after_an_order_without_confirmation_legacy_serves_for_a_moment(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    gateway.on_order = gateway.on_look = gateway.drops
    assert [await who(proxy), await who(proxy)] == ["candidate", "legacy"]
    assert (len(set(gateway.orders)), len(legacy.seen)) == (1, 1)


async def test_without_an_outbox_an_unknown_outcome_gives_the_client_no_answer(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    proxy.paths.outbox.rmdir()
    gateway.on_order = gateway.on_look = gateway.drops
    assert await who(proxy) == ""
    assert legacy.seen == []


async def test_the_client_s_leave_before_the_order_orders_nothing(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    searching, go_on = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        searching.set()
        await go_on.wait()

    gateway.on_search = waits
    _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(ASK)
    await asyncio.wait_for(searching.wait(), PATIENCE)
    writer.transport.abort()
    gateway.on_search = None
    assert await who(proxy) == "candidate"
    assert (len(gateway.orders), legacy.seen) == (1, [])
    go_on.set()


async def test_a_mirrored_request_orders_nothing(
    tmp_path: Path, legacy: FailingBackend, gateway: StandIn
) -> None:
    async with (
        analyst(tmp_path / "state") as listening,
        working(tmp_path / "state", served(legacy, gateway, percent=0)) as proxy,
    ):
        assert await who(proxy) == "legacy"
        exchange = await listening.exchange()
    assert exchange.candidate is not None
    assert exchange.candidate.status == 200
    assert (gateway.searches[0].get("X-Crossfade-Shadow"), gateway.orders) == ("1", [])


async def test_no_exchange_carries_the_effect_to_the_analyst(
    tmp_path: Path, legacy: FailingBackend, gateway: StandIn
) -> None:
    async with (
        analyst(tmp_path / "state") as listening,
        working(tmp_path / "state", served(legacy, gateway)) as proxy,
    ):
        assert await who(proxy) == "candidate"
        exchange = await listening.exchange()
    assert exchange.candidate is not None
    assert all(name.lower() != b"x-crossfade-effect" for name, _ in exchange.candidate.headers)
    assert (exchange.skipped, exchange.legacy) == ("effects", None)


async def test_what_became_of_effects_is_counted(
    tmp_path: Path, legacy: FailingBackend, gateway: StandIn
) -> None:
    async with (
        analyst(tmp_path / "state") as listening,
        working(tmp_path / "state", served(legacy, gateway)) as proxy,
    ):
        await asyncio.wait_for(listening.connected.wait(), PATIENCE)
        gateway.on_order = gateway.on_look = gateway.drops
        await who(proxy)
        seen: dict[str, int] = {}
        waiting = 0
        async with asyncio.timeout(PATIENCE):
            while "kept" not in seen or "late" not in seen:
                counts = await listening.counts.get()
                for outcome, times in counts.effects.get("linkedin", {}).items():
                    seen[outcome] = seen.get(outcome, 0) + times
                waiting = max(waiting, counts.effects_waiting)
                if waiting:
                    gateway.on_order = gateway.on_look = None
    assert (seen, waiting) == ({"kept": 1, "late": 1}, 1)


async def test_an_effect_of_an_endpoint_that_declares_none_is_left_to_legacy(
    tmp_path: Path, legacy: FailingBackend, gateway: StandIn
) -> None:
    async with working(tmp_path / "state", served(legacy, gateway, effects=False, reads=True, shadow=0)) as proxy:
        assert await who(proxy) == "legacy"
    assert (gateway.orders, len(legacy.seen)) == ([], 1)


async def test_a_fallback_does_not_bind_the_caller_to_legacy(
    proxy: Worker, legacy: FailingBackend, gateway: StandIn
) -> None:
    gateway.told, told = None, gateway.told
    assert await who(proxy) == "legacy"
    gateway.told = told
    assert await who(proxy) == "candidate"


async def test_an_order_that_waits_goes_to_where_the_gateway_is_now(
    tmp_path: Path, legacy: FailingBackend, gateway: StandIn
) -> None:
    outbox = tmp_path / "state" / "outbox"
    outbox.mkdir(parents=True)
    moved = Order("k1", "unix:/where/it/was/gateway.sock", "linkedin", time(), "{}")
    (outbox / "0-k1.json").write_bytes(moved.to_bytes())
    async with working(tmp_path / "state", served(legacy, gateway)):
        await until(lambda: gateway.orders == ["k1"])
