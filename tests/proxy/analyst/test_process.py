"""The analyst's room over a real PostgreSQL that is killed, and its control API over a real unix socket."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proxy.analyst.process_http import make_app as make_metrics_app
from proxy.analyst.process_room import Places, Room
from proxy.analyst.state import Standing
from proxy.console.api import make_app
from proxy.console.api_desk import AnalystDesk
from proxy.frames import FrameReader, Hello
from proxy.store import WriteBack
from proxy.store.embedded import embedded_postgres
from proxy.store.postgres import PostgresStore
from rollout.machine import EndpointState, EventKind
from rollout.model import Config, Endpoint
from rollout.observations import Sides
from rollout.sides import Side
from rollout.table import Table, from_bytes
from tests.proxy.analyst.test_steward import Said
from tests.support.changes import NOW
from tests.support.endpoints import config, endpoint
from tests.support.tables import route, table

PATIENCE = 15.0


class Decisions:
    """A judge that says what it is told, and a compiler that shows percents."""

    def __init__(self) -> None:
        self.said = Said()
        self.completed: list[WriteBack] = []
        self.full = 0
        """How often the disk is full before a write-back succeeds."""

    def judge(self, standing: Standing, others: Mapping[str, Standing], now: float) -> Said:
        return self.said

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        return {}

    def may_serve(self, endpoint: Endpoint) -> bool:
        return True

    def why_no_effects(self) -> str | None:
        return None

    def table(
        self, config: Config, states: Mapping[str, EndpointState], epoch: int, now: float, p99: Mapping[str, float]
    ) -> Table:
        routes = [route(name, percent=state.percent, window=state.window) for name, state in states.items()]
        return table(*routes, epoch=epoch, issued_at=now)

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        return WriteBack(endpoint, percent, "old", "new")

    def complete(self, pending: WriteBack) -> str:
        if self.full:
            self.full -= 1
            return "disk full"
        self.completed.append(pending)
        return "written"

    def draw(self) -> float:
        return 0.5


class Bench:
    def __init__(self, dsn: str, folder: Path) -> None:
        self.decisions, self.tables = Decisions(), list[Table]()
        self.moved = asyncio.Condition()
        self.store = PostgresStore(dsn, "host-1", deadline=2.0)
        places = Places(folder / "table.json", folder / "journal.jsonl", folder / "steward.json")
        given = config(endpoint(), endpoint("company"))
        self.room = Room(given, self.decisions, self.store, self, places, lambda: NOW, every=0.02)

    def broadcast(self, frame: bytes) -> None:
        (one,) = FrameReader().feed(frame)
        self.tables.append(from_bytes(one.payload))

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits for a state of the room; its rounds are its events."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    @property
    def percent(self) -> int | None:
        return self.tables[-1].routes[0].percent if self.tables else None


@asynccontextmanager
async def running(dsn: str, folder: Path) -> AsyncIterator[Bench]:
    bench = Bench(dsn, folder)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.room.run())
        try:
            yield bench
        finally:
            # Once the room did not end: wait_for of Python 3.11 can lose a cancellation, so it is repeated.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=1.0)
            if not task.cancelled():
                task.result()
            await bench.store.close()


@asynccontextmanager
async def asking(room: Room, folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(make_app(AnalystDesk(room, room._store, lambda: NOW)))
    await runner.setup()
    path = str(folder / "control.sock")
    await web.UnixSite(runner, path).start()
    try:
        async with aiohttp.ClientSession("http://crossfade", connector=aiohttp.UnixConnector(path)) as session:
            yield session
    finally:
        await runner.cleanup()


async def test_a_promotion_reaches_table_audit_and_file(dsn: str, tmp_path: Path) -> None:
    async with running(dsn, tmp_path) as bench:
        bench.decisions.said = Said(EventKind.PROMOTE, "proven")
        await bench.until(lambda: bench.percent == 10_000 and len(bench.decisions.completed) >= 6)
        assert await bench.store.write_backs() == []
        epochs = [one.epoch for one in bench.tables]
        assert epochs == sorted(epochs)


async def test_a_write_back_that_met_a_full_disk_is_made_once_there_is_room(dsn: str, tmp_path: Path) -> None:
    async with running(dsn, tmp_path) as bench:
        bench.decisions.full = 3
        bench.decisions.said = Said(EventKind.PROMOTE, "proven")
        await bench.until(lambda: bench.percent == 10_000 and len(bench.decisions.completed) >= 6)
        assert bench.decisions.full == 0


async def test_orders_and_status_over_the_socket(dsn: str, tmp_path: Path) -> None:
    async with running(dsn, tmp_path) as bench, asking(bench.room, tmp_path) as session:
        await bench.until(lambda: bench.room.keeper.leads)
        answer = await session.post("/set", json={"endpoint": "contact", "percent": 5, "reason": "try"})
        assert (await answer.json())["changes"][0]["done"]
        await bench.until(lambda: bench.percent == 500)
        status = await (await session.get("/status")).json()
        assert status["endpoints"][0] | {"name": "contact", "percent": 5.0, "rung": 100.0} == status["endpoints"][0]
        assert status["store"]["ok"]
        explained = await (await session.get("/explain", params={"endpoint": "contact"})).json()
        assert explained["history"][0]["reason"] == "try"
        assert (await session.get("/explain", params={"endpoint": "x"})).status == 404
        refused = await session.post("/promote", json={"phase": "nowhere", "reason": "r"})
        assert "there are single-record" in (await refused.json())["error"]
        everything = await session.post("/rollback", json={"all": True, "reason": "stop"})
        assert [one["endpoint"] for one in (await everything.json())["changes"]] == ["contact", "company"]
        await bench.until(lambda: bench.percent == 0)


async def test_postgresql_away_at_start_means_no_promotion_and_a_table_all_the_same(tmp_path: Path) -> None:
    async with running("postgresql://nobody@127.0.0.1:1/none", tmp_path) as bench:
        bench.decisions.said = Said(EventKind.PROMOTE)
        await bench.until(lambda: bench.tables)
        assert bench.percent == 0
        assert bench.room.general()["store"]["ok"] is False


async def test_postgresql_killed_while_serving_costs_no_move_down_and_no_evidence(tmp_path: Path) -> None:
    data, link = tmp_path / "data", Path(f"/tmp/crossfade-test-{os.getpid()}")
    dsn = f"postgresql://postgres@/postgres?host={link}"
    link.unlink(missing_ok=True)
    try:
        async with running(dsn, tmp_path) as bench, asking(bench.room, tmp_path) as session:
            async with embedded_postgres(data) as server:
                link.symlink_to(server.socket_folder)
                await bench.until(lambda: bench.room.keeper.leads)
                await session.post("/set", json={"endpoint": "contact", "percent": 5, "reason": "try"})
                await bench.until(lambda: bench.percent == 500)
                bench.room.observe("contact", 2, Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.1))
                os.kill(server.pid, signal.SIGQUIT)
                await bench.until(lambda: not bench.room.keeper.ok)
                up = await session.post("/promote", json={"endpoint": "contact", "reason": "up"})
                assert "PostgreSQL is away" in (await up.json())["changes"][0]["text"]
                seen = bench.room.shown["contact"].window.tallies.seen
                down = await session.post("/rollback", json={"endpoint": "contact", "reason": "down"})
                assert (await down.json())["changes"][0]["done"]
                await bench.until(lambda: bench.percent == 0)
            assert seen == 1
            link.unlink()
            async with embedded_postgres(data) as server:
                link.symlink_to(server.socket_folder)
                await bench.until(lambda: bench.room.keeper.leads)
                rows = (await (await session.get("/audit", params={"endpoint": "contact"})).json())["rows"]
                assert [(one["kind"], one["journalled"]) for one in rows] == [
                    ("order: rollback", True), ("order: set", False),
                ]  # fmt: skip
                assert not (tmp_path / "journal.jsonl").exists()
    finally:
        link.unlink(missing_ok=True)


async def test_what_is_in_memory_is_saved_at_the_end(dsn: str, tmp_path: Path) -> None:
    async with running(dsn, tmp_path) as bench:
        await bench.until(lambda: bench.room.keeper.leads)
        bench.room.observe("contact", 1, Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.1))
    async with running(dsn, tmp_path) as bench:
        await bench.until(lambda: bench.room.keeper.leads)
        assert bench.room.shown["contact"].window.tallies.seen == 1


async def test_metrics_and_health_say_how_it_is(dsn: str, tmp_path: Path) -> None:
    async with running(dsn, tmp_path) as bench:
        await bench.until(lambda: bench.room.keeper.leads and bench.tables)
        runner = web.AppRunner(make_metrics_app(bench.room.metrics.text, bench.room.health))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            nobody = await session.get("/health")
            assert (nobody.status, (await nobody.json())["status"]) == (503, "failing")
            bench.room.hello(Hello(0, 1, epoch=50))
            bench.room.observe("contact", 1, Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.2))
            await bench.until(lambda: bench.tables[-1].epoch == 51)
            fine = await (await session.get("/health")).json()
            assert (fine["status"], fine["vql_success_rate"], fine["connectra_availability"]) == ("ok", 1.0, 1.0)
            bench.room.show()
            text = await (await session.get("/metrics")).text()
            assert 'crossfade_percent{endpoint="contact"} 0.0' in text
            assert "crossfade_workers 1.0" in text
        await runner.cleanup()


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_legacys_p99_comes_from_its_latest_latencies(tmp_path: Path, seconds: float) -> None:
    room = Bench("postgresql://", tmp_path).room
    room.steward.begin({}, {})
    assert room.p99() == {}
    for _ in range(300):
        room.observe("contact", 1, Sides(NOW, Side.LEGACY, Side.LEGACY, seconds, 0.1))
    assert room.p99() == {"contact": pytest.approx(seconds, rel=0.05)}
