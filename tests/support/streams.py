"""A stage for endpoints that stream: backends that send large bodies, break off or pause, and a worker between them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from typing import Any

from rollout.model import Upstream
from tests.support.backends import Behave, FailingBackend, Sent
from tests.support.tables import route, table
from tests.support.workers import PATIENCE, Analyst, Worker, analyst, worker

PIECE = (b"0123456789abcdef" * 8)[1:] * 516 + b"wxyz"
MIB = 1 << 20
EXPORT = "/contacts/7/"


def head(size: int, status: str = "200 OK", *fields: str) -> bytes:
    """The head of an answer of `size` bytes."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/plain", f"Content-Length: {size}", *fields, "", ""]
    return "\r\n".join(lines).encode()


def flood(size: int, *, cut_at: int | None = None, last: bytes = b"") -> Behave:
    """Sends `size` bytes, the `last` ones as given; or breaks off after `cut_at` of them."""

    async def behave(sent: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(head(size))
        left = (size if cut_at is None else cut_at) - len(last)
        while left > 0:
            writer.write(PIECE[:left])
            await writer.drain()
            left -= len(PIECE)
        writer.write(last)
        await writer.drain()
        if cut_at is not None:
            writer.close()

    return behave


def held(begun: bytes, release: asyncio.Event, rest: bytes) -> Behave:
    """Sends `begun` at once and `rest` when told to."""

    async def behave(sent: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(begun)
        await writer.drain()
        await release.wait()
        writer.write(rest)
        await writer.drain()

    return behave


class Streams:
    """Legacy, candidate, analyst and a worker; the route `GET /contacts/{contact_uuid}/` streams."""

    def __init__(self, stack: AsyncExitStack, state: Path) -> None:
        self._stack = stack
        self.state = state
        self.spool = state / "spool"
        self.legacy, self.candidate = FailingBackend(), FailingBackend()
        self.analyst = Analyst()
        self.worker: Worker

    async def play(self, *, timeout: float = 30.0, **given: Any) -> Worker:
        """Starts everything; `timeout` is the candidate's longest silence, seconds."""
        behaves = self.legacy.behave, self.candidate.behave
        for backend, behave in zip((self.legacy, self.candidate), behaves, strict=True):
            await self._stack.enter_async_context(backend)
            backend.behave = behave
        self.analyst = await self._stack.enter_async_context(analyst(self.state))
        candidates = {"candidate": Upstream(self.candidate.url, timeout)}
        made = table(
            route(**({"stream": True} | given)), legacy=self.legacy.url, candidates=candidates, issued_at=time()
        )
        self.worker = await self._stack.enter_async_context(worker(self.state, made))
        self._stack.push_async_callback(self.kill)
        return self.worker

    async def kill(self) -> None:
        """Ends the worker at once: how it drains is not looked at here."""
        self.worker.process.kill()
        await self.worker.process.wait()

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client that has sent its request and reads as it likes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.worker.port)
        writer.write(f"GET {EXPORT} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        return reader, writer

    async def counted(self, field: str) -> Any:
        """The first of the worker's counts in which `field` has anything."""
        async with asyncio.timeout(PATIENCE):
            while not (found := getattr(await self.analyst.counts.get(), field)):
                pass
        return found

    async def until_empty(self) -> None:
        """Waits until no spool file is left."""
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(lambda: list(self.spool.iterdir())):
                await asyncio.sleep(0)
