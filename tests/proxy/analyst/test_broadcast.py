"""The routing table on its way to the workers and to disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.analyst.broadcast import Broadcast, last_epoch
from proxy.frames import FrameReader, Kind
from rollout.table import Table, from_bytes, to_bytes
from tests.support.changes import NOW
from tests.support.tables import route, table


class Bench:
    def __init__(self, path: Path) -> None:
        self.percent = 0
        self.sent: list[Table] = []
        self.heard = asyncio.Event()
        self.broadcaster = Broadcast(self.compile, self, path, lambda: NOW)
        self.broadcaster.ready = True

    def compile(self, epoch: int, now: float) -> Table:
        return table(route(percent=self.percent), epoch=epoch, issued_at=now)

    def broadcast(self, frame: bytes) -> None:
        (one,) = FrameReader().feed(frame)
        assert one.kind == Kind.TABLE
        self.sent.append(from_bytes(one.payload))
        self.heard.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.json"


def test_a_renewal_keeps_the_epoch_and_a_change_raises_it(path: Path) -> None:
    bench = Bench(path)
    bench.broadcaster.send()
    bench.broadcaster.send()
    bench.percent = 100
    bench.broadcaster.send()
    assert [one.epoch for one in bench.sent] == [1, 1, 2]
    assert bench.sent[-1].issued_at == NOW


def test_what_was_sent_lies_on_disk(path: Path) -> None:
    bench = Bench(path)
    bench.broadcaster.send()
    assert from_bytes(path.read_bytes()) == bench.sent[-1]


def test_the_epoch_goes_on_after_a_restart(path: Path) -> None:
    path.write_bytes(to_bytes(replace(table(route()), epoch=41)))
    bench = Bench(path)
    bench.broadcaster.send()
    assert bench.sent[0].epoch == 42


def test_an_unreadable_table_on_disk_is_no_obstacle(path: Path) -> None:
    path.write_bytes(b"half a ta")
    assert last_epoch(path) == 0


def test_a_worker_with_a_higher_epoch_gets_one_that_it_takes(path: Path) -> None:
    bench = Bench(path)
    bench.broadcaster.send()
    bench.broadcaster.above(90)
    bench.broadcaster.send()
    assert bench.sent[-1].epoch == 91


def test_nothing_is_sent_before_the_states_are_known(path: Path) -> None:
    bench = Bench(path)
    bench.broadcaster.ready = False
    bench.broadcaster.send()
    assert bench.sent == []


def test_a_disk_that_takes_nothing_does_not_stop_the_table(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "no such folder" / "table.json")
    bench.broadcaster.send()
    assert len(bench.sent) == 1


async def test_a_change_is_sent_at_once(path: Path) -> None:
    bench = Bench(path)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.broadcaster.run())
        bench.broadcaster.changed()
        await asyncio.wait_for(bench.heard.wait(), 2)
        running.cancel()
    assert len(bench.sent) == 1
