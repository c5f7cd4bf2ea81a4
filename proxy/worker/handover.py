"""The hand-over to the analyst: bounded, never waited for. What does not fit is dropped and counted.

One task writes batches of frames to the unix socket and connects again, for ever, when nobody is there; another reads
the routing tables that come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from proxy.exchange import Exchange, Observed, Write
from proxy.frames import Counts, FrameError, FrameReader, Hello, Kind, encode_exchanges, pack, pack_json
from proxy.spooling import FULL, INLINE, Spools, drop_both

log = logging.getLogger("crossfade.worker")

BATCH = 16
LINGER = 0.02
"""Seconds that an exchange may wait for company."""
WAITING = 2_000
WAITING_BYTES = 32 << 20
FRAMES = 256
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
CONNECT_SECONDS = 2.0
WRITE_SECONDS = 10.0
READ_SIZE = 1 << 16


class Handover:
    """`lost(endpoint, window, reason)` is told of every exchange that is dropped; `table(payload)` of each table."""

    def __init__(
        self,
        socket: Path,
        spools: Spools,
        hello: Callable[[], Hello],
        lost: Callable[[str, int, str], None],
        table: Callable[[bytes], None],
    ) -> None:
        self._socket = socket
        self.spools = spools
        self._hello = hello
        self._lost = lost
        self._table = table
        self._waiting: deque[tuple[Exchange, int]] = deque()
        self._bytes = 0
        self._frames: deque[bytes] = deque(maxlen=FRAMES)
        self._some = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.connected = False

    def take(self, exchange: Exchange) -> bool:
        """Takes an exchange, or drops it, says so and answers False. Never waits."""
        size = _size(exchange)
        if len(self._waiting) >= WAITING or self._bytes + size > WAITING_BYTES:
            self._lost(exchange.endpoint, exchange.window, "hand-over full")
            drop_both(exchange)
            return False
        self._waiting.append((exchange, size))
        self._bytes += size
        self._wake()
        return True

    def counts(self, counts: Counts) -> None:
        """Counts go before exchanges; the oldest are given up when nobody takes them."""
        self._frame(pack_json(Kind.COUNTS, counts))

    def writes(self, writes: list[Write]) -> None:
        self._frame(pack_json(Kind.WRITES, writes))

    def frame(self, frame: bytes) -> None:
        """A frame that is packed already."""
        self._frame(frame)

    def _frame(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._wake()

    def _wake(self) -> None:
        self._some.set()
        self._empty.clear()

    async def flushed(self, seconds: float) -> bool:
        """Waits until everything has been written; False when that took longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Connects, writes and reads until cancelled."""
        try:
            await self._connecting()
        finally:
            while self._waiting:
                drop_both(self._waiting.popleft()[0])

    async def _connecting(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    reader, writer = await asyncio.open_unix_connection(str(self._socket))
            except (OSError, TimeoutError):
                await asyncio.sleep(pause)
                pause = min(pause * 2.0, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            self.connected = True
            try:
                await self._speak(reader, writer)
            finally:
                self.connected = False
                writer.close()
            await asyncio.sleep(pause)  # a peer that accepts and closes at once is not worth a core

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(pack_json(Kind.HELLO, self._hello()))
        listening = asyncio.get_running_loop().create_task(self._listen(reader), name="tables")
        try:
            while not listening.done():
                some = asyncio.get_running_loop().create_task(self._some.wait(), name="some")
                await asyncio.wait({some, listening}, return_when=asyncio.FIRST_COMPLETED)
                some.cancel()
                if not listening.done():
                    await self._write(writer)
        except (OSError, TimeoutError) as error:
            log.warning("the analyst went away: %s", str(error) or type(error).__name__)
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        if len(self._waiting) < BATCH and not self._frames:
            await asyncio.sleep(LINGER)
        while self._frames:
            writer.write(self._frames.popleft())
        batch: list[Exchange] = []
        while self._waiting and len(batch) < BATCH:
            exchange, size = self._waiting.popleft()
            self._bytes -= size
            batch.append(self._spooled(exchange))
        if batch:
            writer.write(pack(Kind.EXCHANGES, encode_exchanges(batch)))
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await writer.drain()
        except (OSError, TimeoutError):
            for exchange in batch:
                self._lost(exchange.endpoint, exchange.window, "hand-over broken")
                drop_both(exchange)
            raise
        if not self._waiting and not self._frames:
            self._some.clear()
            self._empty.set()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        try:
            while data := await reader.read(READ_SIZE):
                for frame in frames.feed(data):
                    if frame.kind == Kind.TABLE:
                        self._table(frame.payload)
        except (OSError, FrameError) as error:
            log.warning("reading from the analyst failed: %s", error)

    # -- large bodies -------------------------------------------------------------------------------------------

    def _spooled(self, exchange: Exchange) -> Exchange:
        """The exchange with its large bodies in files; without bodies, and saying so, when there is no room."""
        legacy, candidate = self._small(exchange.legacy), self._small(exchange.candidate)
        if legacy is exchange.legacy and candidate is exchange.candidate:
            return exchange
        made = replace(exchange, legacy=legacy, candidate=candidate)
        if _kept(exchange.legacy, legacy) and _kept(exchange.candidate, candidate):
            return made
        drop_both(made)
        return replace(made, legacy=_bare(legacy), candidate=_bare(candidate), skipped=exchange.skipped or FULL)

    def _small(self, side: Observed | None) -> Observed | None:
        if side is None or not isinstance(side.body, bytes) or len(side.body) <= INLINE:
            return side
        return replace(side, body=self.spools.store(side.body))


def _kept(before: Observed | None, after: Observed | None) -> bool:
    return before is None or before.body is None or (after is not None and after.body is not None)


def _bare(side: Observed | None) -> Observed | None:
    return None if side is None else replace(side, body=None)


def _size(exchange: Exchange) -> int:
    size = 2_048 + len(exchange.request.body or b"")
    for side in (exchange.legacy, exchange.candidate):
        if side is not None and isinstance(side.body, bytes):
            size += len(side.body)
    return size
