"""Exports in legacy's tables, a fake Connectra with their records, and a gateway that gives them out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import jwt
import pytest
from aiohttp import web

from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra
from tests.support.gateway import JWT_SECRET, SECRET, Door, bearer, gateway

SCHEMA = Path(__file__).resolve().parents[2] / "lab" / "schema.sql"
USER, OTHER = "u1", "u2"
EXPORT = "0b5c6a52-1111-4222-8333-944444444444"
MINUTE = timedelta(minutes=1)
IDS = {"contacts": "contact_uuids", "companies": "company_uuids"}
Row = dict[str, Any]


def token(**changed: Any) -> str:
    """A download token; `changed` are claims, and `secret`."""
    claims = {"export_id": EXPORT, "user_id": USER, "type": "export_download", "exp": datetime.now(UTC) + MINUTE}
    secret = changed.pop("secret", JWT_SECRET)
    return jwt.encode({**claims, **changed}, secret, algorithm="HS256")


def target(given: str | None = None, export: str = EXPORT) -> str:
    """The path of a download with its token."""
    return f"/api/v2/exports/{export}/download?token={token() if given is None else given}"


@dataclass
class World:
    """Legacy's tables, a fake Connectra, and a gateway in front of it."""

    database: asyncpg.Connection[asyncpg.Record]
    fake: Connectra
    door: Door
    session: aiohttp.ClientSession

    async def export(self, ids: Iterable[str] = ("p1",), kind: str = "contacts", **changed: Any) -> None:
        """A completed export of the caller's; `changed` are columns."""
        row: Row = {
            "export_id": EXPORT,
            "user_id": USER,
            "export_type": kind,
            "status": "completed",
            "file_path": "uploads/x.csv",
            "file_name": f"{EXPORT}.csv",
            "expires_at": datetime.now(UTC) + MINUTE,
            IDS[kind]: list(ids),
            **changed,
        }
        names, marks = ", ".join(row), ", ".join(f"${at}" for at in range(1, len(row) + 1))
        await self.database.execute(f"INSERT INTO user_exports ({names}) VALUES ({marks})", *row.values())

    def get(self, path: str | None = None, **headers: str) -> aiohttp.client._RequestContextManager:
        """Asks for a download."""
        return self.session.get(path or target(), headers=headers)

    async def csv(self) -> bytes:
        """The whole body of a download that is answered."""
        async with self.get() as answer:
            assert answer.status == 200, answer.headers
            return await answer.read()


@asynccontextmanager
async def exports(dsn: str) -> AsyncIterator[World]:
    """A world with two users and no export; `dsn` is an empty database."""
    database = await asyncpg.connect(dsn)
    await database.execute(SCHEMA.read_text())
    users = "INSERT INTO users (id, uuid, email, hashed_password) SELECT u, u, u || '@lab.example', '!' FROM unnest($1"
    await database.execute(users + "::text[]) AS u", [USER, OTHER])
    try:
        async with fakes.connectra() as fake, gateway(fake, dsn=dsn) as door, session_of(door) as session:
            yield World(database, fake, door, session)
    finally:
        await database.close()


@asynccontextmanager
async def session_of(door: Door) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {
        "Authorization": bearer().decode(),
        "X-Crossfade-Secret": SECRET,
        "X-Crossfade-Vouched": "1",
        "Accept-Encoding": "identity",
    }
    async with aiohttp.ClientSession(f"http://127.0.0.1:{door.port}", headers=headers, auto_decompress=False) as opened:
        yield opened


def contacts(number: int) -> list[Row]:
    """p1, p2, … of the company c1."""
    return [{"uuid": f"p{at}", "first_name": f"Ann {at}", "company_id": "c1"} for at in range(1, number + 1)]


FIRM = {"uuid": "c1", "name": "Sample, Works", "employees_count": 7, "website": "_"}


async def declined(world: World, path: str | None = None, **headers: str) -> str | None:
    """Why the gateway leaves a download to legacy; None if it does not."""
    async with world.get(path, **headers) as answer:
        assert answer.status in (200, 409)
        found: str | None = answer.headers.get("X-Crossfade-Declined")
        return found


def after(
    fake: Connectra, calls: int, then: Callable[[web.Request], Awaitable[web.StreamResponse | None]]
) -> fakes.Behave:
    """As ever for so many calls; from then on `then` is done first, and answers if it gives an answer."""

    async def behave(request: web.Request) -> web.StreamResponse:
        body = fake.calls[-1].body
        answer = await then(request) if len(fake.calls) >= calls else None
        if answer is not None:
            return answer
        return fakes.answer({"data": fake._found("contacts", body)[: body["limit"]]})

    return behave


async def cut_off(world: World) -> None:
    """The head promises a file, and its end does not come."""
    async with world.get() as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


@asynccontextmanager
async def unread(world: World) -> AsyncIterator[asyncio.StreamReader]:
    """A download of which only the head is read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.door.port, limit=1 << 12)
    fields = "".join(f"{name}: {value}\r\n" for name, value in world.session.headers.items())
    writer.write(f"GET {target()} HTTP/1.1\r\nHost: api.test\r\n{fields}\r\n".encode())
    try:
        assert b" 200 " in await reader.readline()
        yield reader
    finally:
        writer.close()
