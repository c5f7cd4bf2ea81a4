"""The upstream client behind one small seam: `Pool.send` writes a request, and hands out the answer as it comes.

Connections are kept alive and reused, the last used first. The parser is aiohttp's (C); nothing is decompressed and
nothing is added; bodies stream both ways with back-pressure.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import ClientError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from aiohttp.streams import StreamReader

from proxy.exchange import Failure, Fields
from proxy.worker.headers import serialised

LONGEST_FIELD = 1 << 16
MOST_FIELDS = 512
IDLE = 128
"""Idle connections kept to one upstream."""
IDLE_SECONDS = 4.0
"""Shorter than what servers usually keep theirs open for (5 s and more), so that few requests meet a closing one."""
CONNECT_SECONDS = 5.0
READ_SIZE = 1 << 16
CUT = "Not enough data"
"""How the parser says that the peer closed in the middle of a body; other words are about a framing that is wrong."""


class UpstreamError(Exception):
    """No usable answer; `failure` says how, the text for people why."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Head:
    """A request to send. `target` is the raw path and query; `chunked` when the body's length is not known."""

    method: str
    target: str
    fields: list[tuple[bytes, bytes]]
    chunked: bool = False


class Answer:
    """What came back. Read the body to its end with `pieces`, and call `close` in any case."""

    def __init__(self, pool: Pool, connection: ResponseHandler, status: int, reason: str, fields: Fields) -> None:
        self.status = status
        self.reason = reason
        self.fields = fields
        self.began = 0.0
        """Time of the loop at which the request's first byte was written."""
        self._pool = pool
        self._connection = connection
        self._payload: StreamReader | None = None
        self._writing: asyncio.Task[None] | None = None
        self._whole = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises UpstreamError when it breaks off."""
        assert self._payload is not None
        try:
            while piece := await self._payload.readany():
                yield piece
        except (ClientError, OSError, HttpProcessingError) as error:
            raise _mapped(error, "while its body was read") from error
        self._whole = True

    def close(self) -> None:
        """Gives the connection back, or closes it when something of this exchange is still under way."""
        writing, connection = self._writing, self._connection
        if writing is not None and not writing.done():
            writing.cancel()
        elif self._whole and connection.is_connected() and not connection.should_close:
            self._pool.put_back(connection)
            return
        connection.abort()


class Pool:
    """Connections to one upstream: `http://HOST:PORT[/prefix]`, `https://…` or `unix:/path`.

    `timeout` is the longest silence of the peer, seconds.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        self.timeout = timeout
        self._idle: list[tuple[float, ResponseHandler]] = []
        parts = urlsplit(url)
        self._parts = parts
        self._prefix = parts.path.rstrip("/") if parts.scheme in ("http", "https") else ""

    async def send(self, head: Head, body: bytes | AsyncIterator[bytes] | None = None) -> Answer:
        """Sends the request and waits for the answer's head. Raises UpstreamError.

        A kept connection that the peer has closed meanwhile is replaced, as long as no streamed body has been begun
        and the method may be repeated (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
        """
        repeatable = head.method in ("GET", "HEAD", "OPTIONS") and not isinstance(body, AsyncIterator)
        connection = self._kept() if repeatable else None
        if connection is not None:
            try:
                return await self._exchange(connection, head, body)
            except UpstreamError as error:
                if error.failure is not Failure.RESET:
                    raise
        return await self._exchange(await self._connect(), head, body)

    def put_back(self, connection: ResponseHandler) -> None:
        """Keeps a connection for the next request."""
        if len(self._idle) >= IDLE:
            connection.close()
            return
        self._idle.append((asyncio.get_running_loop().time(), connection))

    def close(self) -> None:
        """Closes the idle connections; those in use are closed by their exchanges."""
        while self._idle:
            self._idle.pop()[1].close()

    def _kept(self) -> ResponseHandler | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_connected() and not connection.should_close and now - since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> ResponseHandler:
        loop = asyncio.get_running_loop()
        parts = self._parts
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if parts.scheme == "unix":
                    _, made = await loop.create_unix_connection(lambda: ResponseHandler(loop), parts.path)
                    return made
                secure = parts.scheme == "https"
                port = parts.port or (443 if secure else 80)
                _, made = await loop.create_connection(
                    lambda: ResponseHandler(loop), parts.hostname or "", port, ssl=True if secure else None
                )
                return made
        except (OSError, TimeoutError) as error:
            text = f"{self.url} does not answer: {str(error) or type(error).__name__}"
            raise UpstreamError(Failure.CONNECT, text) from error

    async def _exchange(
        self, connection: ResponseHandler, head: Head, body: bytes | AsyncIterator[bytes] | None
    ) -> Answer:
        answer = Answer(self, connection, 0, "", ())
        try:
            return await self._answered(answer, connection, head, body)
        except (ClientError, OSError, HttpProcessingError) as error:
            answer.close()
            raise _mapped(error, "before it answered") from error
        except BaseException:
            answer.close()
            raise

    async def _answered(
        self, answer: Answer, connection: ResponseHandler, head: Head, body: bytes | AsyncIterator[bytes] | None
    ) -> Answer:
        transport = connection.transport
        if transport is None:
            raise ConnectionResetError("the connection is closed")
        connection.set_response_params(
            skip_payload=head.method == "HEAD", read_until_eof=True, auto_decompress=False,
            read_timeout=self.timeout, read_bufsize=READ_SIZE,
            max_line_size=LONGEST_FIELD, max_field_size=LONGEST_FIELD, max_headers=MOST_FIELDS,
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        answer.began = loop.time()
        start = f"{head.method} {self._prefix}{head.target} HTTP/1.1".encode("utf-8", "surrogateescape")
        transport.write(serialised(start, head.fields) + (body if isinstance(body, bytes) else b""))
        connection.start_timeout()
        if isinstance(body, AsyncIterator):
            answer._writing = loop.create_task(_written(answer, connection, head, body), name="request body")
        message, payload = await connection.read()
        while message.code < 200 and message.code != 101:  # interim answers are between us and this peer
            message, payload = await connection.read()
        if message.code == 101:
            raise UpstreamError(Failure.INVALID, f"{self.url} switched to a protocol that nobody asked for")
        answer.status, answer.reason, answer.fields = message.code, message.reason, message.raw_headers
        answer._payload = payload
        return answer


async def _written(answer: Answer, connection: ResponseHandler, head: Head, body: AsyncIterator[bytes]) -> None:
    """Streams the request's body; whatever stops it closes the connection, so that its reader does not wait.

    A peer is not silent while it reads: the time for its answer begins anew with each piece that it has taken.
    """
    try:
        async for piece in body:
            transport = connection.transport
            if transport is None or transport.is_closing():
                return
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if head.chunked else piece)
            if connection.writing_paused:
                await connection._drain_helper()
            if answer.status == 0:
                connection.start_timeout()
        if head.chunked and connection.transport is not None:
            connection.transport.write(b"0\r\n\r\n")
    except (ClientError, OSError, HttpProcessingError):
        connection.abort()  # the client broke off, or the peer did: the reader of the answer says which
    except BaseException:
        connection.abort()
        raise


def _first_line(error: HttpProcessingError) -> str:
    """What follows are the peer's bytes, which are nobody's business in a log."""
    return error.message.partition("\n")[0].rstrip(":")


def _mapped(error: Exception, when: str) -> UpstreamError:
    """aiohttp's errors end here."""
    text = str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        return UpstreamError(Failure.DEADLINE, f"silent for too long {when}")
    if isinstance(error, HttpProcessingError):
        return UpstreamError(Failure.INVALID, f"not HTTP: {_first_line(error)}")
    if isinstance(error.__cause__, ContentLengthError | TransferEncodingError) and CUT in error.__cause__.message:
        return UpstreamError(Failure.RESET, f"the connection broke {when}: {error.__cause__.message}")
    if isinstance(error.__cause__, HttpProcessingError):
        return UpstreamError(Failure.INVALID, f"not HTTP: {_first_line(error.__cause__)}")
    return UpstreamError(Failure.RESET, f"the connection broke {when}: {text}")
