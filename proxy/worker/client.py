"""The client's side of one request: its fields and body as they came, and an answer written as the upstream sent it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from proxy.exchange import Failure, Fields, Observed
from proxy.worker.headers import first, named, serialised

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SILENT = 60.0
"""Seconds for which a client may send nothing of a body that we hold, or take nothing of an answer."""


class ClientGone(Exception):
    """The client closed its connection before it had its whole answer."""


class ClientSilent(Exception):
    """The client has announced a body, and for SILENT seconds nothing of it came."""


class Sent(web.StreamResponse):
    """What the server loop is given for an answer that has been written already."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._keep = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection takes another request."""
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Nothing is left to be sent."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to be sent."""


class Client:
    """One request and the way back. `paused` is how long writing waited for the client to read, seconds."""

    def __init__(self, request: web.BaseRequest, *, closing: Callable[[], bool]) -> None:
        self._request = request
        self._closing = closing
        self._last = False
        self._chunked = False
        self._keep_alive = True
        self.method = request.method
        self.target = request.path_qs if not request._message.path else request._message.path
        self.fields: Fields = tuple(request.raw_headers)
        self.peer = request.remote or ""
        self.started = False
        self.paused = 0.0
        self.begun = b""
        """What of the body has been read before it was found to be too large to be held."""

    @property
    def has_body(self) -> bool:
        """Whether a body follows the head (RFC 9112 §6)."""
        return self._request.body_exists

    @property
    def length(self) -> int | None:
        """The body's announced length; None when it is chunked."""
        value = first(self.fields, b"content-length")
        return int(value) if value is not None and value.isdigit() else None

    @property
    def upgrades(self) -> bool:
        """Whether the client asks for another protocol (RFC 9110 §7.8), such as WebSocket.

        Asking for HTTP/2 is ignored, as the RFC allows: some clients do so with each first request. So is what comes
        with a body or another method than GET: it is a request like others, which may be a write.
        """
        if self.method != "GET" or self.has_body:
            return False
        wanted = (first(self.fields, b"upgrade") or b"h2c").strip().lower()
        tokens = b",".join(named(self.fields, b"connection")).lower().replace(b" ", b"").split(b",")
        return b"upgrade" in tokens and wanted != b"h2c"

    async def body(self) -> AsyncIterator[bytes]:
        """The body as it comes; the client is told to go on if it waits for that (RFC 9110 §10.1.1)."""
        self._ask_for_body()
        content = self._request.content
        if self.begun:
            yield self.begun
        while piece := await content.readany():
            yield piece

    async def whole_body(self, limit: int) -> tuple[bytes, bool]:
        """At most about `limit` bytes of the body, and whether that is all of it. Raises ClientSilent."""
        held = bytearray()
        self._ask_for_body()
        content = self._request.content
        try:
            while len(held) <= limit:
                async with asyncio.timeout(SILENT):
                    piece = await content.readany()
                if not piece:
                    break
                held += piece
        except TimeoutError as error:
            raise ClientSilent from error
        return bytes(held), len(held) <= limit

    def _ask_for_body(self) -> None:
        expects = (first(self.fields, b"expect") or b"").lower() == b"100-continue"
        transport = self._request.transport
        if expects and transport is not None and not self.started:
            transport.write(CONTINUE)

    def start(self, status: int, reason: str, fields: list[tuple[bytes, bytes]], *, whole: bytes | None = None) -> None:
        """Writes the head, and the body if it is there as a whole. Raises ClientGone."""
        transport = self._transport()
        request = self._request
        bodiless = self.method == "HEAD" or status in (204, 304) or status < 200
        measured = first(tuple(fields), b"content-length") is not None
        old = request.version < (1, 1)
        self._keep_alive = request.keep_alive and not self._last and not self._closing()
        if not bodiless and not measured:
            if whole is not None:
                fields = [*fields, (b"Content-Length", str(len(whole)).encode())]
            elif old:
                self._keep_alive = False
            else:
                self._chunked = True
                fields = [*fields, (b"Transfer-Encoding", b"chunked")]
        if not self._keep_alive:
            fields = [*fields, (b"Connection", b"close")]
        elif old:
            fields = [*fields, (b"Connection", b"keep-alive")]
        line = f"HTTP/1.1 {status} {reason}".encode("utf-8", "surrogateescape")
        body = whole if whole is not None and not bodiless else b""
        self.started = True
        transport.write(serialised(line, fields) + body)

    async def write(self, piece: bytes) -> None:
        """Writes a piece of the body, and waits while the client does not read. Raises ClientGone."""
        transport = self._transport()
        transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        protocol = self._request.protocol
        if protocol.writing_paused:
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                async with asyncio.timeout(SILENT):
                    await protocol._drain_helper()
            except OSError as error:  # a time-out too
                raise ClientGone from error
            finally:
                self.paused += loop.time() - began

    def finish(self) -> Sent:
        """Ends the answer."""
        if self._chunked:
            self._transport().write(b"0\r\n\r\n")
        return Sent(keep_alive=self._keep_alive)

    def finish_or_abort(self, observed: Observed) -> Sent:
        """Ends the answer as what was observed of it says: a body that broke off must not look whole."""
        if observed.failure in (None, Failure.STATUS) or observed.size < 0:
            return self.finish()
        return self.abort()

    def abort(self) -> Sent:
        """Breaks the connection."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()
        return Sent(keep_alive=False)

    def hand_on(self, parser: Any) -> None:
        """From now on the client's bytes go to `parser.feed_data`, its end to `parser.feed_eof`."""
        self._request.protocol.set_parser(parser)

    def hold(self) -> None:
        """Reads no more of the client until `go_on`."""
        self._request.protocol.pause_reading()

    def go_on(self) -> None:
        """Reads the client again."""
        self._request.protocol.resume_reading()

    async def write_raw(self, piece: bytes) -> None:
        """Bytes as they are: head and all. Raises ClientGone."""
        self.started = True
        self._chunked = False
        await self.write(piece)

    def closed(self) -> Sent:
        """The connection takes no more requests."""
        return Sent(keep_alive=False)

    def refuse(self, status: int, reason: str, text: str) -> Sent:
        """An answer of our own, in plain words."""
        body = (text + "\n").encode()
        fields = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", str(len(body)).encode())]
        if self.has_body:
            self._last = True  # what is left of the request's body is not worth reading
        self.start(status, reason, fields, whole=body)
        return Sent(keep_alive=self._keep_alive)

    def _transport(self) -> asyncio.Transport:
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ClientGone
        return transport
