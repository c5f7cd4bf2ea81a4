"""Intake, examiner and comparing processes together: from a worker's frame to the room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from comparators.rules import Rules, parse_rules
from comparators.verdict import Outcome
from proxy.analyst import process_comparing as module
from proxy.analyst.examine import Finding
from proxy.analyst.process_comparing import Comparing, legacy_requests
from proxy.exchange import Exchange, Observed, Spool
from proxy.frames import BreakerMoved, Counts, FrameReader, Hello, Kind, encode_exchanges, pack, pack_json
from proxy.settings import Paths
from rollout.observations import Compared
from tests.support.endpoints import config, endpoint
from tests.support.exchanges import AT, exchange, observed

DEADLINE = 30.0
LARGE = 50 << 20


class Room:
    """What the room hears, as a queue."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.recorder = self
        self.findings: list[Finding] = []

    def hello(self, hello: Hello) -> None:
        self.heard.put_nowait(hello)

    def gone(self, worker: int) -> None:
        self.heard.put_nowait(("gone", worker))

    def counts(self, counts: Counts) -> None:
        self.heard.put_nowait(counts)

    def breaker(self, moved: BreakerMoved) -> None:
        self.heard.put_nowait(moved)

    def observe(self, endpoint: str, window: int, observation: Any) -> None:
        self.heard.put_nowait(observation)

    def lost(self, endpoint: str, window: int, reason: str, times: int = 1) -> None:
        self.heard.put_nowait(("lost", reason))

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.heard.put_nowait(finding)

    async def until(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(DEADLINE):
            while not isinstance(found := await self.heard.get(), kind):
                pass
        return found


class Bench:
    def __init__(self, comparing: Comparing, room: Room, writer: asyncio.StreamWriter, reader: Any) -> None:
        self.comparing, self.room, self.writer, self.reader = comparing, room, writer, reader

    def hand_over(self, *exchanges: Exchange) -> None:
        self.writer.write(pack(Kind.EXCHANGES, encode_exchanges(list(exchanges))))


async def connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                return await asyncio.open_unix_connection(str(path))
            except OSError:
                await asyncio.sleep(0.005)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    paths = Paths(tmp_path)
    paths.prepare()
    comparing, room = Comparing(config(endpoint(rules=Rules(), recheck=())), paths, b"secret"), Room()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(comparing.run(cast("Any", room)))
        reader, writer = await connected(paths.intake)
        writer.write(pack_json(Kind.HELLO, Hello(0, os.getpid(), 1)))
        await room.until(Hello)
        try:
            yield Bench(comparing, room, writer, reader)
        finally:
            writer.close()
            running.cancel()


async def test_an_exchange_becomes_a_verdict(bench: Bench) -> None:
    bench.hand_over(exchange({"a": 1}, {"a": 1.0}))
    assert (await bench.room.until(Compared)).outcome is Outcome.MATCH


async def test_a_mismatch_becomes_a_finding(bench: Bench) -> None:
    bench.hand_over(exchange({"a": 1}, {"a": 2}))
    finding = await bench.room.until(Finding)
    assert (finding.endpoint, finding.paths) == ("contact", ("a",))


def spooled(path: Path, last: bytes = b"a") -> Observed:
    with path.open("wb") as file:
        file.truncate(LARGE - 1)
        file.seek(LARGE - 1)
        file.write(last)
    return observed(body=Spool(str(path), LARGE), size=LARGE, headers=((b"Content-Type", b"text/plain"),))


@pytest.mark.parametrize(
    ("last", "outcome"), [(b"a", Outcome.MATCH), (b"b", Outcome.MISMATCH)], ids=["equal", "the last byte differs"]
)
async def test_large_files_are_compared_and_deleted(
    bench: Bench, tmp_path: Path, last: bytes, outcome: Outcome
) -> None:
    sides = spooled(tmp_path / "spool" / "w-1.body"), spooled(tmp_path / "spool" / "w-2.body", last)
    bench.hand_over(exchange(*sides))
    assert (await bench.room.until(Compared)).outcome is outcome
    async with asyncio.timeout(DEADLINE):
        while await asyncio.to_thread(lambda: list((tmp_path / "spool").iterdir())):
            await asyncio.sleep(0)


async def test_files_that_nobody_holds_are_deleted_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP", 0.0)
    paths = Paths(tmp_path)
    paths.prepare()
    old = paths.spool / "worker0-1.body"
    old.write_bytes(b"x")
    os.utime(old, (1, 1))
    comparing = Comparing(config(endpoint(rules=Rules(), recheck=())), paths, b"secret")
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        running = group.create_task(comparing.run(cast("Any", Room())))
        while await asyncio.to_thread(old.exists):
            await asyncio.sleep(0)
        running.cancel()


async def test_new_rules_hold_at_once(bench: Bench) -> None:
    bench.comparing.configure(config(endpoint(rules=parse_rules({"ignore": ["a"]}), recheck=())))
    bench.hand_over(exchange({"a": 1}, {"a": 2}))
    assert (await bench.room.until(Compared)).outcome is Outcome.MATCH


async def test_counts_and_breakers_reach_the_room(bench: Bench) -> None:
    counts, moved = Counts(0, AT, 1), BreakerMoved(0, "connectra", "open", AT)
    bench.writer.write(pack_json(Kind.COUNTS, counts) + pack_json(Kind.BREAKER, moved))
    assert await bench.room.until(Counts) == counts
    assert await bench.room.until(BreakerMoved) == moved


async def test_a_table_reaches_the_worker(bench: Bench) -> None:
    frame = pack(Kind.TABLE, b"table")
    bench.comparing.broadcast(frame)
    async with asyncio.timeout(DEADLINE):
        [found] = FrameReader().feed(await bench.reader.readexactly(len(frame)))
    assert found.payload == b"table"


@pytest.mark.parametrize(
    ("requests", "number"),
    [
        ({}, 0),
        ({"": {"legacy:2xx": 3}, "contact": {"legacy:5xx": 2, "candidate:2xx": 90}}, 5),
    ],
    ids=["none", "the candidate's do not pay"],
)
def test_only_legacys_own_requests_pay_for_extra_ones(requests: dict[str, dict[str, int]], number: int) -> None:
    assert legacy_requests(Counts(0, AT, requests=requests)) == number
