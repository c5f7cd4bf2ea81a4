"""The socket on which workers hand over, with real connections."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.analyst import intake as module
from proxy.analyst.intake import Intake
from proxy.exchange import Exchange, Write
from proxy.frames import BreakerMoved, Counts, FrameReader, Hello, Kind, encode_exchanges, pack, pack_json
from tests.support.exchanges import AT, exchange

DEADLINE = 10.0
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Heard:
    """Everything that workers said, in order; `come` waits for so many."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self._waiting: list[asyncio.Event] = []

    def _hear(self, what: Any) -> None:
        self.said.append(what)
        for event in self._waiting:
            event.set()

    async def come(self, count: int) -> list[Any]:
        event = asyncio.Event()
        self._waiting.append(event)
        async with asyncio.timeout(DEADLINE):
            while len(self.said) < count:
                event.clear()
                await event.wait()
        return self.said

    def hello(self, hello: Hello) -> None:
        self._hear(hello)

    def gone(self, worker: int) -> None:
        self._hear(("gone", worker))

    def counts(self, counts: Counts) -> None:
        self._hear(counts)

    def breaker(self, moved: BreakerMoved) -> None:
        self._hear(moved)

    def exchanges(self, exchanges: Sequence[Exchange]) -> None:
        self._hear(list(exchanges))

    def writes(self, writes: Sequence[Write]) -> None:
        self._hear(list(writes))


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[tuple[Intake, Heard]]:
    intake, heard = Intake(path), Heard()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(intake.run(heard))
        await intake.listening.wait()
        try:
            yield intake, heard
        finally:
            running.cancel()


@asynccontextmanager
async def worker(path: Path, *said: bytes) -> AsyncIterator[Pair]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(b"".join(said))
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "analyst.sock"


HELLO = Hello(0, 77, 5)
MOVED = BreakerMoved(0, "connectra", "open", AT)
WRITE = Write(AT, "contact", {"contact_uuid": "c1"}, 200)


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (pack_json(Kind.COUNTS, Counts(0, AT, 5)), Counts(0, AT, 5)),
        (pack_json(Kind.BREAKER, MOVED), MOVED),
        (pack_json(Kind.WRITES, [WRITE]), [WRITE]),
        (pack(Kind.EXCHANGES, encode_exchanges([exchange(1, 2)])), [exchange(1, 2)]),
    ],
    ids=["counts", "breaker", "writes", "exchanges"],
)
async def test_what_a_worker_says_is_heard(path: Path, frame: bytes, what: Any) -> None:
    async with listening(path) as (_, heard), worker(path, pack_json(Kind.HELLO, HELLO), frame):
        assert await heard.come(2) == [HELLO, what]


async def test_a_kind_of_a_later_release_is_skipped(path: Path) -> None:
    unknown = b"\0\0\0\x03\x01\x0fz"
    async with listening(path) as (intake, heard), worker(path, unknown, pack_json(Kind.HELLO, HELLO)):
        assert await heard.come(1) == [HELLO]
        assert intake.refused == 0


async def test_a_table_reaches_every_worker(path: Path) -> None:
    hellos = [pack_json(Kind.HELLO, Hello(index, 70 + index)) for index in (0, 1)]
    async with listening(path) as (intake, heard), worker(path, hellos[0]) as one, worker(path, hellos[1]) as other:
        await heard.come(2)
        intake.broadcast(pack(Kind.TABLE, b"table"))
        for reader, _ in (one, other):
            async with asyncio.timeout(DEADLINE):
                [frame] = FrameReader().feed(await reader.readexactly(len(pack(Kind.TABLE, b"table"))))
            assert (frame.kind, frame.payload) == (Kind.TABLE, b"table")


async def test_a_worker_that_leaves_is_told(path: Path) -> None:
    async with listening(path) as (_, heard):
        async with worker(path, pack_json(Kind.HELLO, HELLO)):
            await heard.come(1)
        assert await heard.come(2) == [HELLO, ("gone", 0)]


async def test_a_worker_that_is_back_already_is_not_gone(path: Path) -> None:
    hello = pack_json(Kind.HELLO, HELLO)
    async with listening(path) as (_, heard), worker(path, pack_json(Kind.HELLO, Hello(1, 78))):
        await heard.come(1)
        async with worker(path, hello):
            await heard.come(2)
            async with worker(path, hello) as (_, again):
                await heard.come(3)
                again.close()
                await again.wait_closed()
                async with worker(path, pack_json(Kind.HELLO, Hello(2, 79))):
                    said = await heard.come(4)
        assert ("gone", 0) not in said


@pytest.mark.parametrize(
    "frame",
    [b"\xff\xff\xff\xff\x01\x01", pack(Kind.COUNTS, b"{"), pack(Kind.EXCHANGES, b"\xff\xff")],
    ids=["impossible length", "not json", "not exchanges"],
)
async def test_a_frame_that_can_not_be_read_closes_that_connection_alone(path: Path, frame: bytes) -> None:
    hello = pack_json(Kind.HELLO, HELLO)
    async with listening(path) as (intake, heard), worker(path, pack_json(Kind.HELLO, Hello(1, 78))) as (other, _):
        await heard.come(1)
        async with worker(path, hello) as (reader, writer), asyncio.timeout(DEADLINE):
            await heard.come(2)
            writer.write(frame)
            assert await reader.read() == b""
        assert ("gone", 0) in await heard.come(3)
        assert intake.refused == 1
        intake.broadcast(pack(Kind.TABLE, b"t"))
        async with asyncio.timeout(DEADLINE):
            assert await other.readexactly(7)


async def test_a_worker_that_reads_nothing_is_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEHIND", 1 << 20)
    async with listening(path) as (intake, heard), worker(path, pack_json(Kind.HELLO, HELLO)) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await heard.come(1)
        for _ in range(3):
            intake.broadcast(bytes(2 << 20))
        assert ("gone", 0) in await heard.come(2)
        writer.transport.abort()


async def test_only_the_owner_may_connect(path: Path) -> None:
    async with listening(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_socket_left_by_a_crash_is_in_nobodys_way(path: Path) -> None:
    async with listening(path):
        pass
    async with listening(path) as (_, heard), worker(path, pack_json(Kind.HELLO, HELLO)):
        assert await heard.come(1) == [HELLO]
