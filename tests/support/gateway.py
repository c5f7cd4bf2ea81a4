"""The gateway on a real socket, and requests to it byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from aiohttp import web

from connectra.app import Gateway, make_runner
from connectra.cache import Cache
from connectra.callers import Callers, Users
from connectra.client import Client
from connectra.effects import Effects
from connectra.export_records import Exports
from connectra.handlers.downloads import Downloads
from connectra.routes import export_download
from tests.support.connectra_fake import KEY, Connectra

SECRET = "made-at-this-start"
JWT_SECRET = "a-secret-of-legacy-that-is-long-enough-for-hs256"


def bearer() -> bytes:
    """The Authorization of somebody whom legacy would accept."""
    claims = {"sub": "u1", "type": "access", "exp": datetime.now(UTC) + timedelta(minutes=5)}
    return b"Bearer " + jwt.encode(claims, JWT_SECRET, algorithm="HS256").encode()


@dataclass(frozen=True)
class Got:
    """One answer as it came."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def declined(self) -> str | None:
        return self.fields.get("x-crossfade-declined")

    @property
    def error(self) -> str | None:
        return self.fields.get("x-crossfade-error")


@dataclass(frozen=True)
class Door:
    """A running gateway."""

    port: int

    async def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        fields: dict[str, str | bytes] | None = None,
        body: bytes | Iterable[bytes] = b"",
        vouched: bool = True,
    ) -> Got:
        """Sends the target as it is; `vouched` adds what the worker says. A body of pieces goes in chunks."""
        head = {"Host": "api.test", "Connection": "close", "Authorization": bearer()}
        if vouched:
            head |= {"X-Crossfade-Secret": SECRET, "X-Crossfade-Vouched": "1"}
        if isinstance(body, bytes):
            head["Content-Length"] = str(len(body))
        else:
            head["Transfer-Encoding"] = "chunked"
        head |= fields or {}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{method} {target} HTTP/1.1\r\n".encode() + b"".join(map(_line, head.items())) + b"\r\n")
            for piece in [body] if isinstance(body, bytes) else [*map(_chunk, body), b"0\r\n\r\n"]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            return await _got(reader)
        finally:
            writer.close()


def _line(field: tuple[str, str | bytes]) -> bytes:
    name, value = field
    return name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def _chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


async def _got(reader: asyncio.StreamReader) -> Got:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape").strip().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    return Got(int(line.split()[1]), fields, await reader.read())


@asynccontextmanager
async def gateway(
    fake: Connectra,
    *,
    secret: str = SECRET,
    dsn: str | None = None,
    seconds: float = 5.0,
    cache: Cache | None = None,
    effects: Effects | None = None,
) -> AsyncIterator[Door]:
    """A gateway in front of `fake` on a random port."""
    client, users = Client(fake.url, KEY, seconds), Users(dsn)
    download = export_download(Downloads(Exports(users.database), JWT_SECRET))
    ready = Gateway(
        client, Callers(JWT_SECRET, users), secret, Cache() if cache is None else cache, more=(download,),
        effects=effects or Effects(None),
    )  # fmt: skip
    runner = make_runner(ready)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Door(runner.addresses[0][1])
    finally:
        await runner.cleanup()
        await client.close()
        await users.close()
