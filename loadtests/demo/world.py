"""The demo's world: a database, both halves of the lab, `crossfade serve` before them, and how to reach each."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import jwt

from loadtests.demo.stage import Actor, accepts, free_port, python
from loadtests.demo.traffic import Material
from loadtests.replay.asking import Sides
from loadtests.replay.questions import Data
from loadtests.replay.world import make_exports
from proxy.cli.client import Control, Refused, Unreachable
from proxy.settings import Paths
from proxy.store.embedded import embedded_postgres

SECRET = "lab-secret"
API_KEY = "lab-key"
COMPANIES, CONTACTS, CALLERS = 2_000, 20_000, 2_000
LEGACY_MEDIAN, CANDIDATE_MEDIAN, SIGMA = 25.0, 16.0, 0.2
"""Service times, milliseconds: so large, and so far apart, that a noisy machine decides nothing."""
SLOW_MEDIAN = 30.0
"""Of each of the two calls that a page of a company's contacts takes side by side: together 40 % over legacy."""
PAIR_MEDIAN = 15.0
"""The same for the count, which is to be faster than legacy."""
LAG = 1.5
EXPORTED = 100
"""Rows of each of the two exports that callers download."""
EFFECTS = Path(__file__).parents[2] / "deploy" / "legacy-effects.sql"
TOKEN_LIFE = 3600


@dataclass(slots=True)
class World:
    """Everything that runs. `folder` holds the file, the state and the logs, and is gone afterwards."""

    folder: Path
    file: Path
    listen: int
    legacy_port: int
    connectra_port: int
    lab_dsn: str
    store_dsn: str
    legacy: Actor
    connectra: Actor
    serve: Actor
    session: aiohttp.ClientSession
    material: Material = field(repr=False)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self.listen}"

    @property
    def control(self) -> Control:
        return Control(str(Paths(self.folder / "state").control))

    async def status(self) -> dict[str, Any] | None:
        """What the analyst says now; None when it does not answer."""
        try:
            return dict(await asyncio.to_thread(self.control.get, "/status"))
        except (Unreachable, Refused):
            return None

    async def stand_in(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Turns one of the stand-in's switches."""
        return await self._switch(method, f"http://127.0.0.1:{self.connectra_port}{path}", body, {})

    async def reference(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Turns one of the reference legacy API's switches."""
        headers = {"Authorization": f"Bearer {self.material.tokens[0]}"}
        return await self._switch(method, f"http://127.0.0.1:{self.legacy_port}{path}", body, headers)

    async def _switch(self, method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {url} answered {answer.status}: {text[:300]}")
            return json.loads(text) if text else None

    async def set_latencies(self) -> None:
        """Medians for both sides; one endpoint's candidate is 40 % slower."""
        general = {"median_ms": LEGACY_MEDIAN, "sigma": SIGMA}
        await self.reference("PUT", "/lab/latency/", general)
        for endpoint, median in latencies().items():
            body = {"match": {"endpoint": endpoint}, "median_ms": median, "sigma": SIGMA}
            await self.stand_in("PUT", "/lab/latency", body)


def latencies() -> dict[str, float]:
    """The stand-in's median for one call, by endpoint."""
    return {
        "contact": CANDIDATE_MEDIAN,
        "company": CANDIDATE_MEDIAN,
        "company-contacts": SLOW_MEDIAN,
        "company-contacts-count": PAIR_MEDIAN,
        "linkedin": CANDIDATE_MEDIAN / 2,
    }


@asynccontextmanager
async def world(
    folder: Path, file_text: str, say: Callable[[str], None], env: dict[str, str] | None = None
) -> AsyncIterator[World]:
    """Starts everything, and stops it all in reverse order, whatever happens."""
    async with AsyncExitStack() as stack:
        say("starting PostgreSQL")
        server = await stack.enter_async_context(embedded_postgres(log=lambda _line: None))
        lab_dsn, store_dsn = await server.create("lab"), await server.create("crossfade")
        legacy_port, connectra_port, listen, metrics = (free_port() for _ in range(4))
        legacy = Actor("legacy", _legacy_command(lab_dsn, legacy_port), folder)
        say(f"starting the reference legacy API with {COMPANIES:,} companies and {CONTACTS:,} contacts")
        await _started(stack, legacy, legacy_port)
        connectra = Actor("connectra", _connectra_command(lab_dsn, connectra_port), folder)
        say("starting the Connectra stand-in, fed from the same database")
        await _started(stack, connectra, connectra_port)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await _allow_effects(lab_dsn)
        material = await _with_exports(session, await read_material(lab_dsn), legacy_port)
        file = folder / "rollout.yaml"
        file.write_text(file_text)
        serve = Actor(
            "serve",
            python(
                "proxy.cli", "serve", "--config", str(file), "--listen", f"127.0.0.1:{listen}",
                "--metrics", f"127.0.0.1:{metrics}", "--state", str(folder / "state"), "--log", "plain",
                "--round", "0.5", "--workers", str(min(2, os.cpu_count() or 1)),
            ),
            folder,
            {
                "LEGACY_URL": f"http://127.0.0.1:{legacy_port}",
                "CONNECTRA_BASE_URL": f"http://127.0.0.1:{connectra_port}",
                "CONNECTRA_API_KEY": API_KEY,
                "CONNECTRA_ENABLED": "true",
                "LEGACY_JWT_SECRET": SECRET,
                "LEGACY_DATABASE_URL": lab_dsn,
                "DATABASE_URL": store_dsn,
                **(env or {}),
            },
        )  # fmt: skip
        made = World(
            folder, file, listen, legacy_port, connectra_port, lab_dsn, store_dsn, legacy, connectra, serve, session,
            material,
        )  # fmt: skip
        await made.set_latencies()
        say("starting crossfade serve")
        await _started(stack, serve, listen)
        await serve.until(lambda: _answers(made))
        yield made


async def _started(stack: AsyncExitStack, actor: Actor, port: int) -> None:
    stack.push_async_callback(actor.stop)
    await actor.start()
    await actor.until(lambda: accepts(port))


async def _answers(made: World) -> bool:
    status = await made.status()
    return status is not None and bool(status.get("workers"))


def _legacy_command(dsn: str, port: int) -> list[str]:
    sizes = ("--companies", str(COMPANIES), "--contacts", str(CONTACTS))
    return python("lab", "legacy", "--dsn", dsn, "--port", str(port), "--secret", SECRET, *sizes)


def _connectra_command(dsn: str, port: int) -> list[str]:
    feed = ("--feed", dsn, "--lag", str(LAG))
    return python("lab", "connectra", "--port", str(port), "--api-key", API_KEY, *feed)


async def _allow_effects(dsn: str) -> None:
    """The opt-in table: without it LinkedIn search would stay in shadow."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(EFFECTS.read_text())
    finally:
        await connection.close()


async def _with_exports(session: aiohttp.ClientSession, material: Material, port: int) -> Material:
    """Two exports of the first caller, made by legacy, ready for download."""
    sides = Sides(session, f"http://127.0.0.1:{port}", "", material.tokens[0])
    data = Data([{"uuid": one} for one in material.contacts[:EXPORTED]], [{"uuid": one} for one in material.companies])
    made = await make_exports(sides, Data(data.contacts, data.companies[:EXPORTED]), EXPORTED)
    return replace(material, exports=tuple(made))


async def read_material(dsn: str, secret: str = SECRET) -> Material:
    """What can be asked for, read from the lab's database; a token for each caller."""
    connection = await asyncpg.connect(dsn)
    try:
        contacts = await connection.fetch("SELECT uuid FROM contacts ORDER BY id")
        companies = await connection.fetch(
            "SELECT c.uuid FROM companies c WHERE (SELECT count(*) FROM contacts p WHERE p.company_id = c.uuid) <= 25"
            " ORDER BY c.id"
        )
        emails = await connection.fetch(
            "SELECT email FROM contacts WHERE email ~ '^[a-z-]+-[0-9]+@' ORDER BY id LIMIT 2000"
        )
        sites = await connection.fetch(
            "SELECT split_part(website, '.', 2) FROM companies_metadata WHERE website ~ '^https://www.company[0-9]+.'"
        )
        linkedin = await connection.fetch(
            "SELECT linkedin_url FROM contacts_metadata WHERE linkedin_url LIKE 'http%' ORDER BY id LIMIT 500"
        )
        users = await connection.fetch("SELECT uuid FROM users ORDER BY id LIMIT $1", CALLERS)
    finally:
        await connection.close()
    expiry = int(time.time()) + TOKEN_LIFE
    tokens = (
        jwt.encode({"sub": str(row[0]), "type": "access", "exp": expiry}, secret, algorithm="HS256") for row in users
    )
    found = [tuple(str(row[0]) for row in rows) for rows in (contacts, companies, linkedin, emails, sites)]
    return Material(found[0], found[1], found[2], found[3], found[4], tuple(tokens))
