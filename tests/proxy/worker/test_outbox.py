"""Effects of unknown outcome: on disk before anybody is answered, and ordered again until they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from aiohttp import web

from proxy.tasks import Tasks
from proxy.worker.orders import Order, Orders
from proxy.worker.outbox import ASIDE, MOST, OLDEST, Outbox
from proxy.worker.tally import Tally
from proxy.worker.upstream import Pool
from tests.support.gateway_standin import StandIn, json, standin

SECRET = b"22" * 32
PATIENCE = 15.0


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with standin(tmp_path) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "outbox"
    made.mkdir()
    return made


def order(gateway: StandIn, key: str = "k1") -> Order:
    return Order(key, gateway.url, "linkedin", time(), '{"user":"ü"}')


class Running:
    """An outbox with its tally, and its files."""

    def __init__(self, folder: Path, gateway: StandIn, index: int = 0, workers: int = 1) -> None:
        self.folder = folder
        self.tally = Tally(index)
        self.pool = Pool(gateway.url, 5.0)
        self.outbox = Outbox(folder, index, workers, Orders(lambda _: self.pool, SECRET), self.tally, lambda: 0.0)

    def counted(self) -> dict[str, int]:
        taken = self.tally.take(0.0, epoch=1, blind=False, in_flight=0, mirrors=0)
        return taken.effects.get("linkedin", {})

    async def empty(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.outbox) or list(self.folder.glob("*.json")):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(folder: Path, gateway: StandIn, **given: int) -> AsyncIterator[Running]:
    one, tasks = Running(folder, gateway, **given), Tasks()
    tasks.spawn(one.outbox.run(), "outbox")
    try:
        yield one
    finally:
        await tasks.cancel()
        one.pool.close()


def left(folder: Path, gateway: StandIn, name: str, key: str = "k1", age: float = 0.0) -> None:
    """What an earlier process has left."""
    kept = replace(order(gateway, key), at=time() - age)
    (folder / name).write_bytes(kept.to_bytes())


async def test_an_order_is_on_disk_when_put_returns(folder: Path, gateway: StandIn) -> None:
    one, kept = Running(folder, gateway), order(gateway)
    await one.outbox.put(kept)
    (file,) = folder.iterdir()
    assert Order.from_bytes(file.read_bytes()) == kept
    assert len(one.outbox) == 1


async def test_an_order_is_sent_until_it_is_made_and_then_forgotten(folder: Path, gateway: StandIn) -> None:
    failures = 2

    async def fails(key: str, request: web.Request) -> web.StreamResponse:
        if len(gateway.orders) >= failures:
            gateway.on_order = None
        return json({"why": "legacy's database: gone"}, 503)

    gateway.on_order = fails
    async with running(folder, gateway) as one:
        await one.outbox.put(order(gateway))
        await one.empty()
        assert one.counted() == {"late": 1}
    assert (len(gateway.orders), dict(gateway.made)) == (failures + 1, {"k1": 1})
    assert gateway.bodies[-1].decode() == '{"user":"ü"}'


async def test_an_order_whose_reply_is_lost_is_made_once(folder: Path, gateway: StandIn) -> None:
    async def once(key: str, request: web.Request) -> web.StreamResponse:
        gateway.on_order = None
        return await gateway.makes_and_drops(key, request)

    gateway.on_order = once
    async with running(folder, gateway) as one:
        await one.outbox.put(order(gateway))
        await one.empty()
    assert (len(gateway.orders), dict(gateway.made)) == (2, {"k1": 1})


async def test_a_gateway_that_is_away_is_waited_for(folder: Path, gateway: StandIn) -> None:
    await gateway.gone()
    async with running(folder, gateway) as one:
        await one.outbox.put(order(gateway))
        await gateway.up()
        await one.empty()
    assert dict(gateway.made) == {"k1": 1}


async def test_what_an_earlier_process_left_is_taken_up(folder: Path, gateway: StandIn) -> None:
    left(folder, gateway, "0-k1.json")
    left(folder, gateway, "0-k2.json", "k2")
    async with running(folder, gateway) as one:
        await one.empty()
    assert dict(gateway.made) == {"k1": 1, "k2": 1}


async def test_each_worker_takes_up_its_own_and_the_first_those_of_nobody(folder: Path, gateway: StandIn) -> None:
    for index in range(4):
        left(folder, gateway, f"{index}-k{index}.json", f"k{index}")
    async with running(folder, gateway, index=0, workers=2) as first:
        async with asyncio.timeout(PATIENCE):
            while len(gateway.made) < 3 or len(first.outbox):
                await asyncio.sleep(0.01)
    assert sorted(gateway.made) == ["k0", "k2", "k3"]
    assert [file.name for file in folder.iterdir()] == ["1-k1.json"]


async def test_two_workers_with_the_same_order_make_one_effect(folder: Path, gateway: StandIn) -> None:
    left(folder, gateway, "0-k1.json")
    left(folder, gateway, "1-k1.json")
    async with running(folder, gateway, index=0, workers=2) as one, running(folder, gateway, index=1, workers=2):
        await one.empty()
    assert (len(gateway.orders), dict(gateway.made)) == (2, {"k1": 1})


@pytest.mark.parametrize("age", [0.0, OLDEST + 60.0], ids=["refused", "too old"])
async def test_an_order_that_can_not_be_made_any_more_is_kept_for_a_person(
    folder: Path, gateway: StandIn, age: float
) -> None:
    async def refuses(key: str, request: web.Request) -> web.StreamResponse:
        return json({"why": "no description"}, 400)

    gateway.on_order = refuses
    left(folder, gateway, "0-k1.json", age=age)
    async with running(folder, gateway) as one:
        await one.empty()
        assert one.counted() == {"given up": 1}
    assert [file.name for file in folder.iterdir()] == [f"0-k1.json{ASIDE}"]
    assert len(gateway.orders) == (0 if age else 1)


async def test_a_file_that_can_not_be_read_holds_up_no_other(folder: Path, gateway: StandIn) -> None:
    (folder / "0-k0.json").write_bytes(b"half a")
    left(folder, gateway, "0-k1.json")
    async with running(folder, gateway):
        async with asyncio.timeout(PATIENCE):
            while not gateway.made:
                await asyncio.sleep(0.01)
    assert (folder / "0-k0.json").exists()


async def test_a_disk_that_takes_nothing_is_said_to_whoever_puts(folder: Path, gateway: StandIn) -> None:
    folder.rmdir()
    one = Running(folder, gateway)
    with pytest.raises(OSError, match="outbox"):
        await one.outbox.put(order(gateway))
    assert len(one.outbox) == 0


async def test_an_order_whose_client_leaves_while_it_is_written_waits_all_the_same(
    folder: Path, gateway: StandIn
) -> None:
    one, tasks = Running(folder, gateway), Tasks()
    tasks.spawn(one.outbox.put(order(gateway)), "put")
    await asyncio.sleep(0)
    await tasks.cancel()
    assert len(one.outbox) == 1


async def test_a_full_outbox_says_so(folder: Path, gateway: StandIn) -> None:
    for number in range(MOST):
        left(folder, gateway, f"0-k{number}.json", f"k{number}")
    await gateway.gone()
    async with running(folder, gateway) as one:
        async with asyncio.timeout(PATIENCE):
            while not one.outbox.full:
                await asyncio.sleep(0.01)
