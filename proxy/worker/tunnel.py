"""Upgrades (WebSocket and others): the request goes to legacy, and then bytes go both ways untouched."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from proxy.worker.client import Client, Sent
from proxy.worker.headers import first, named, of_request, serialised
from proxy.worker.sides import Sides
from rollout.model import Upstream

CONNECT_SECONDS = 5.0
PIECE = 1 << 16


async def tunnel(client: Client, legacy: Upstream, sides: Sides) -> Sent:
    """Relays until either end closes. Whatever legacy answers goes to the client as it is."""
    parts = urlsplit(legacy.url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await _opened(parts.hostname or "", port, secure, client)
    except (OSError, TimeoutError):
        return client.refuse(502, "Bad Gateway", "legacy gave no answer (connect)")
    upstream = _Upstream(writer)
    try:
        fields = of_request(client.fields, client.peer, sides.token)
        fields += [(b"Connection", value) for value in named(client.fields, b"connection")]
        fields.append((b"Upgrade", first(client.fields, b"upgrade") or b""))
        start = f"{client.method} {parts.path.rstrip('/')}{client.target} HTTP/1.1"
        writer.write(serialised(start.encode("utf-8", "surrogateescape"), fields))
        client.hand_on(upstream)
        while piece := await reader.read(PIECE):
            await client.write_raw(piece)
        return client.abort() if not client.started else client.closed()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class _Protocol(asyncio.StreamReaderProtocol):
    """Legacy's side: while it does not read, neither is the client read, whose bytes would have to be held."""

    def __init__(self, reader: asyncio.StreamReader, client: Client) -> None:
        super().__init__(reader)
        self._client = client

    def pause_writing(self) -> None:
        super().pause_writing()
        self._client.hold()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._client.go_on()


async def _opened(
    host: str, port: int, secure: bool, client: Client
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, protocol = await loop.create_connection(
        lambda: _Protocol(reader, client), host, port, ssl=True if secure else None
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Upstream:
    """What the client sends after its head, in the form in which the server hands bytes to a parser."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes of the client; True when legacy has closed."""
        if self._writer.is_closing():
            return True, b""
        self._writer.write(data)
        return False, b""

    def feed_eof(self) -> None:
        """The client has closed."""
        self._writer.close()
