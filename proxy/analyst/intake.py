"""The unix socket on which workers hand over: frames in, routing tables out."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from proxy.exchange import Exchange, Write
from proxy.frames import (
    BreakerMoved,
    Counts,
    Frame,
    FrameError,
    FrameReader,
    Hello,
    Kind,
    decode_exchanges,
    read_breaker,
    read_counts,
    read_hello,
    read_writes,
)
from proxy.tasks import Tasks

log = logging.getLogger("crossfade.intake")
READ_SIZE = 1 << 18
BEHIND = 8 << 20
"""Bytes that a worker may leave unread before its connection is closed: it has stopped listening."""


class Ears(Protocol):
    """Who hears what workers say."""

    def hello(self, hello: Hello) -> None: ...
    def gone(self, worker: int) -> None: ...
    def counts(self, counts: Counts) -> None: ...
    def breaker(self, moved: BreakerMoved) -> None: ...
    def exchanges(self, exchanges: Sequence[Exchange]) -> None: ...
    def writes(self, writes: Sequence[Write]) -> None: ...


class Intake:
    """Listens on `path`. `refused` counts connections that were closed for a frame that could not be read.

    `listening` is set when workers can connect.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._workers: dict[asyncio.StreamWriter, int] = {}
        self.refused = 0
        self.listening = asyncio.Event()

    def broadcast(self, frame: bytes) -> None:
        """Hands the frame to every connected worker; never waits."""
        for writer in list(self._workers):
            transport = writer.transport
            if transport.get_write_buffer_size() > BEHIND:
                log.warning("worker %d does not read its tables: its connection is closed", self._workers[writer])
                transport.abort()
                continue
            writer.write(frame)

    async def run(self, ears: Ears) -> None:
        """Serves until cancelled."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        talks = Tasks()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.spawn(self._talk(reader, writer, ears), "worker's connection")

        server = await asyncio.start_unix_server(connected, str(self._path))
        os.chmod(self._path, 0o600)  # noqa: PTH101 - pathlib has no more to offer here
        self.listening.set()
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            await talks.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ears: Ears) -> None:
        frames = FrameReader()
        try:
            while data := await reader.read(READ_SIZE):
                for frame in frames.feed(data):
                    self._heard(frame, writer, ears)
        except FrameError as error:
            self.refused += 1
            log.error("worker %s: a frame can not be read: %s", self._workers.get(writer, "?"), error)
        except OSError as error:
            log.info("worker %s went away: %s", self._workers.get(writer, "?"), error)
        finally:
            worker = self._workers.pop(writer, None)
            writer.close()
            if worker is not None and worker not in self._workers.values():
                ears.gone(worker)

    def _heard(self, frame: Frame, writer: asyncio.StreamWriter, ears: Ears) -> None:
        if frame.kind == Kind.HELLO:
            hello = read_hello(frame.payload)
            self._workers[writer] = hello.worker
            ears.hello(hello)
        elif frame.kind == Kind.EXCHANGES:
            ears.exchanges(decode_exchanges(frame.payload))
        elif frame.kind == Kind.COUNTS:
            ears.counts(read_counts(frame.payload))
        elif frame.kind == Kind.BREAKER:
            ears.breaker(read_breaker(frame.payload))
        elif frame.kind == Kind.WRITES:
            ears.writes(read_writes(frame.payload))
