"""Real listeners that answer, fail, hang or are gone, and remember what they were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(frozen=True)
class Sent:
    """One request as it arrived: its head's bytes and its body, de-chunked by nobody."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode("latin-1")

    @property
    def fields(self) -> list[bytes]:
        return self.head.rstrip(b"\r\n").split(b"\r\n")[1:]

    def field(self, name: str) -> bytes | None:
        start = name.lower().encode() + b": "
        return next((one[len(start) :] for one in self.fields if one.lower().startswith(start)), None)


Behave = Callable[[Sent, asyncio.StreamWriter], Awaitable[None]]


class FailingBackend:
    """An HTTP/1.1 server that is `up` (gives `answer`), `sick` (503), silent, or `gone` (refuses connections).

    `behave`, when set, answers by itself. `seen` are the requests in order; `arrived` is set by each.
    """

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.behave: Behave | None = None
        self.seen: list[Sent] = []
        self.arrived = asyncio.Event()
        self.left = asyncio.Event()
        """Set when a peer has closed its connection."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gone()

    async def up(self) -> None:
        """Listens, on the same port as before."""
        self.behave = None
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def sick(self) -> None:
        """Answers 503 from now on."""
        self.answers(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nsick")

    def silent(self) -> None:
        """Takes requests and answers none."""

        async def never(sent: Sent, writer: asyncio.StreamWriter) -> None:
            return

        self.behave = never

    def answers(self, answer: bytes) -> None:
        """Gives these bytes for every request."""

        async def given(sent: Sent, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            await writer.drain()

        self.behave = given

    async def gone(self) -> None:
        """Closes the listener and every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        if server is not None:
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                sent = Sent(head, await _body(head, reader))
                self.seen.append(sent)
                self.arrived.set()
                if self.behave is not None:
                    await self.behave(sent, writer)
                else:
                    writer.write(self.answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the peer has left, which is what `left` says
        finally:
            self.left.set()
            self._writers.discard(writer)
            writer.close()


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return await reader.readuntil(b"0\r\n\r\n")
    _, found, rest = lowered.partition(b"content-length: ")
    return await reader.readexactly(int(rest.split(b"\r\n")[0])) if found else b""


class BlackHole(FailingBackend):
    """Takes connections and requests, and never says a word."""

    async def __aenter__(self) -> Self:
        await self.up()
        self.silent()
        return self
