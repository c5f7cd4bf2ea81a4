"""What the replay asks: the reference legacy API, a stand-in fed from the same database, and the gateway alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import jwt

from loadtests.demo.stage import Actor, accepts, free_port, python
from loadtests.replay.asking import Sides
from loadtests.replay.questions import Data, Row
from proxy.store.embedded import embedded_postgres

SECRET = "the-replay-signs-its-tokens-with-this"
GATEWAY_SECRET = "the-replay-speaks-as-a-worker"
API_KEY = "replay-key"
LIFE = 4 * 3600
EXPORT_DEADLINE = 120.0
EXPORTS = 3
"""Of each kind."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of the generated world, and of each export."""

    companies: int = 2_000
    contacts: int = 20_000
    exported: int = 300


@asynccontextmanager
async def world(folder: Path, sizes: Sizes, say: Callable[[str], None]) -> AsyncIterator[tuple[Sides, Data]]:
    """Starts everything, and stops it all in reverse order, whatever happens."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded_postgres(log=lambda _line: None))
        dsn = await server.create("lab")
        legacy, connectra, gateway = (free_port() for _ in range(3))
        say(f"starting the reference with {sizes.companies:,} companies and {sizes.contacts:,} contacts")
        rows = ("--companies", str(sizes.companies), "--contacts", str(sizes.contacts))
        pids = {}
        pids["legacy"] = await _started(
            stack, "legacy", python("lab", "legacy", "--dsn", dsn, "--port", str(legacy), "--secret", SECRET, *rows),
            folder, legacy,
        )  # fmt: skip
        say("starting the stand-in, fed from the same database, and the gateway")
        pids["connectra"] = await _started(
            stack, "connectra",
            python("lab", "connectra", "--port", str(connectra), "--api-key", API_KEY, "--feed", dsn, "--lag", "0"),
            folder, connectra,
        )  # fmt: skip
        environment = {
            "CONNECTRA_BASE_URL": f"http://127.0.0.1:{connectra}", "CONNECTRA_API_KEY": API_KEY,
            "LEGACY_JWT_SECRET": SECRET, "LEGACY_DATABASE_URL": dsn, "CROSSFADE_GATEWAY_SECRET": GATEWAY_SECRET,
            "LEGACY_EXPORT_AGE": "86400",  # nothing is written here, and a long replay must not outlive its exports
        }  # fmt: skip
        pids["gateway"] = await _started(
            stack, "gateway", python("connectra", "--listen", f"127.0.0.1:{gateway}"), folder, gateway, environment
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        data, user = await _read(dsn)
        token = jwt.encode({"sub": user, "type": "access", "exp": int(time()) + LIFE}, SECRET, algorithm="HS256")
        fields = {"X-Crossfade-Secret": GATEWAY_SECRET, "X-Crossfade-Vouched": "1"}
        sides = Sides(session, f"http://127.0.0.1:{legacy}", f"http://127.0.0.1:{gateway}", token, fields, pids)
        say("making exports")
        exports = await make_exports(sides, data, sizes.exported) if sizes.exported else []
        yield sides, Data(data.contacts, data.companies, exports)


async def _started(
    stack: AsyncExitStack, name: str, argv: list[str], folder: Path, port: int, env: dict[str, str] | None = None
) -> int:
    actor = Actor(name, argv, folder, env)
    stack.push_async_callback(actor.stop)
    await actor.start()
    await actor.until(lambda: accepts(port))
    return actor.pid


async def _read(dsn: str) -> tuple[Data, str]:
    connection = await asyncpg.connect(dsn)
    try:
        contacts = await connection.fetch("SELECT m.*, c.* FROM contacts c LEFT JOIN contacts_metadata m USING (uuid)")
        firms = await connection.fetch("SELECT m.*, c.* FROM companies c LEFT JOIN companies_metadata m USING (uuid)")
        user = await connection.fetchval("SELECT uuid FROM users ORDER BY id LIMIT 1")
    finally:
        await connection.close()
    return Data([dict(row) for row in contacts], [dict(row) for row in firms]), str(user)


async def make_exports(sides: Sides, data: Data, size: int) -> list[str]:
    """Targets of downloads: contacts and companies, with repeated and unknown ids among them."""
    targets = []
    for kind, rows in (("contacts", data.contacts), ("companies", data.companies)):
        apart = max(EXPORTS, len(rows) // size)  # of all of them: neighbours are of one company
        for start in range(min(EXPORTS, len(rows))):
            uuids = _uuids(rows[start::apart][:size])
            made = await _called(sides, "POST", f"/api/v2/exports/{kind}/export", {f"{kind_key(kind)}_uuids": uuids})
            targets.append(await _ready(sides, str(made["export_id"])))
    return targets


def kind_key(kind: str) -> str:
    """`contacts` → `contact`, `companies` → `company`: as the bodies name them."""
    return "contact" if kind == "contacts" else "company"


def _uuids(rows: Sequence[Row]) -> list[str]:
    found = [str(row["uuid"]) for row in rows]
    return [*found, found[0], "nobody", *found[:3]]


async def _ready(sides: Sides, export: str) -> str:
    async with asyncio.timeout(EXPORT_DEADLINE):
        while True:
            status = await _called(sides, "GET", f"/api/v2/exports/{export}/status")
            if status["status"] == "completed":
                parts = urlsplit(str(status["download_url"]))
                return f"{parts.path}?{parts.query}"
            await asyncio.sleep(0.1)


async def _called(sides: Sides, method: str, path: str, body: Any = None) -> dict[str, Any]:
    fields = {"Authorization": f"Bearer {sides.token}"}
    async with sides.session.request(method, sides.legacy + path, json=body, headers=fields) as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {(await answer.text())[:300]}")
        return dict(await answer.json())
