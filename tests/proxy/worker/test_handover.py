"""The hand-over never waits: what does not fit is dropped and counted, large bodies cross as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.exchange import Exchange, Observed, Request, Spool
from proxy.frames import Frame, FrameReader, Hello, Kind, decode_exchanges, pack
from proxy.spooling import INLINE, Spools
from proxy.worker import handover as module
from proxy.worker.handover import Handover
from rollout.sides import Side


def exchange(body: bytes = b"{}") -> Exchange:
    request = Request("GET", "/a", (), None, "192.0.2.1")
    seen = Observed(200, (), body, len(body), 0.1)
    return Exchange("x", 1.0, "contact", 3, 1, 0, Side.LEGACY, Side.LEGACY, request, legacy=seen, candidate=seen)


class Listener:
    """In the analyst's place: the frames that came, and the connection to answer on."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.changed = asyncio.Event()
        self.writer: asyncio.StreamWriter | None = None
        self.gone = asyncio.Event()
        self.gone.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        frames = FrameReader()
        self.gone.clear()
        while data := await reader.read(65_536):
            self.frames += frames.feed(data)
            self.changed.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.gone.set()

    async def until(self, kind: Kind) -> Frame:
        async with asyncio.timeout(10):
            while True:
                found = next((frame for frame in self.frames if frame.kind == kind), None)
                if found is not None:
                    return found
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Listener]:
    """Listens; at its end the worker's side has closed before."""
    made = Listener()
    async with await asyncio.start_unix_server(made.take, str(folder / "s")):
        yield made
        async with asyncio.timeout(10):
            await made.gone.wait()


@asynccontextmanager
async def handing(
    folder: Path, lost: list[tuple[str, int, str]], tables: list[bytes], budget: int = 1 << 20
) -> AsyncIterator[Handover]:
    spools = Spools(folder, "worker0", budget)
    made = Handover(
        folder / "s", spools, lambda: Hello(0, 1), lambda *what: lost.append(what), tables.append
    )
    running = asyncio.get_running_loop().create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_exchanges_go_out_once_somebody_listens(tmp_path: Path) -> None:
    async with listening(tmp_path) as listener, handing(tmp_path, [], []) as made:
        assert made.take(exchange())
        assert (await listener.until(Kind.HELLO)).payload
        assert decode_exchanges((await listener.until(Kind.EXCHANGES)).payload) == [exchange()]
        assert await made.flushed(5.0)


async def test_what_does_not_fit_is_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    lost: list[tuple[str, int, str]] = []
    async with handing(tmp_path, lost, []) as made:
        assert [made.take(exchange()) for _ in range(3)] == [True, True, False]
    assert lost == [("contact", 3, "hand-over full")]


async def test_a_large_body_crosses_as_a_file(tmp_path: Path) -> None:
    large = b"x" * (INLINE + 1)
    async with listening(tmp_path) as listener, handing(tmp_path, [], []) as made:
        made.take(replace(exchange(), legacy=Observed(200, (), large, len(large), 0.1)))
        crossed = decode_exchanges((await listener.until(Kind.EXCHANGES)).payload)[0]
        assert crossed.legacy is not None
        assert isinstance(crossed.legacy.body, Spool)
        assert await asyncio.to_thread(Path(crossed.legacy.body.path).read_bytes) == large


async def test_a_large_body_without_room_is_left_out_and_said(tmp_path: Path) -> None:
    large = b"x" * (INLINE + 1)
    async with listening(tmp_path) as listener, handing(tmp_path, [], [], budget=INLINE) as made:
        made.take(replace(exchange(), legacy=Observed(200, (), large, len(large), 0.1)))
        crossed = decode_exchanges((await listener.until(Kind.EXCHANGES)).payload)[0]
        assert (crossed.skipped, crossed.legacy and crossed.legacy.body) == ("spool full", None)


async def test_the_files_of_a_dropped_exchange_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 0)
    path = tmp_path / "worker0-1.body"
    path.write_bytes(b"x")
    async with handing(tmp_path, [], []) as made:
        made.take(replace(exchange(), legacy=Observed(200, (), Spool(str(path), 1), 1, 0.1)))
    assert not path.exists()


async def test_the_files_of_what_was_never_handed_over_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "worker0-1.body"
    path.write_bytes(b"x")
    async with handing(tmp_path, [], []) as made:
        made.take(replace(exchange(), legacy=Observed(200, (), Spool(str(path), 1), 1, 0.1)))
        await asyncio.sleep(0)
    assert not path.exists()


async def test_tables_come_back_on_the_same_connection(tmp_path: Path) -> None:
    tables: list[bytes] = []
    async with listening(tmp_path) as listener, handing(tmp_path, [], tables):
        await listener.until(Kind.HELLO)
        assert listener.writer is not None
        listener.writer.write(pack(Kind.TABLE, b"a table"))
        async with asyncio.timeout(10):
            while not tables:
                await asyncio.sleep(0)
    assert tables == [b"a table"]
