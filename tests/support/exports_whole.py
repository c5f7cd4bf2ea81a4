"""Exports through the whole program: reference legacy, a Connectra that follows its database, `crossfade serve`."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import orjson
import yaml

from lab import people
from lab.connectra.engine import Engine
from lab.connectra.feed import Feed
from lab.connectra.switches import FieldDefect, Switches
from lab.legacy.tokens import access_token, encode
from proxy.store.embedded import Server
from tests.support.host import PATIENCE, Host, host
from tests.support.postgres import fresh_database
from tests.support.reference import Reference, reference
from tests.support.standin import API_KEY, serving

ROLLOUT = Path(__file__).resolve().parents[2] / "rollout.yaml"
USER, OTHER = people.user_uuid(2), people.user_uuid(3)
"""USER pays for what it exports."""
SECRET = "lab-secret"
ENDPOINT = "export-download"
CONTACTS, COMPANIES = 2000, 200
CREATE = {"contacts": "/api/v2/exports/contacts/export", "companies": "/api/v2/exports/companies/export"}
IDS = {"contacts": "contact_uuids", "companies": "company_uuids"}
_LINE = re.compile(r"(crossfade_\w+)\{(.*)\} (\S+)")


class Mortal(Switches):
    """A stand-in's switches; with `searches` set, it breaks every connection after so many searches."""

    searches: int | None = None

    def fault(self, path: str, endpoint: str) -> str:
        if self.searches is None or path != "/contacts/":
            return super().fault(path, endpoint)
        self.searches -= 1
        return "drop" if self.searches < 0 else ""


def rollout(legacy: str, connectra: str, percent: int) -> str:
    """The phase `exports` of the repository's own file, its rules untouched, with the times of a test."""
    whole = yaml.safe_load(ROLLOUT.read_text())
    phase = next(one for one in whole["phases"] if one["name"] == "exports")
    endpoint = phase["endpoints"][ENDPOINT]
    endpoint |= {"percent": percent, "sticky": ["client_ip"], "serve_deadline": "10s", "read_your_writes": "0s"}
    shape: dict[str, Any] = {
        "version": 1,
        "legacy": {"url": legacy, "timeout": "20s"},
        "connectra": {"url": connectra, "api_key": API_KEY},
        "defaults": {"ladder": [50, 100], "recheck": ["200ms", "1500ms"], "block": "1s", "auto": False},
        "phases": [phase],
    }
    return yaml.safe_dump(shape, sort_keys=False)


@dataclass(frozen=True, slots=True)
class Got:
    """A client's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Whole:
    """The running parts. `session` asks the proxy as USER."""

    serve: Host
    legacy: Reference
    connectra: str
    switches: Mortal
    session: aiohttp.ClientSession
    store: str

    async def at(self, percent: int) -> None:
        """Puts the endpoint there by an edit of the file: a new window begins."""
        self.switches.fields.clear()
        self.switches.searches = None
        before = await self.line()
        self.serve.file.write_text(rollout(self.legacy.server.url, self.connectra, percent))
        if before["percent"] == percent:
            return
        await self.until(lambda line: line["percent"] == percent, f"never at {percent} %")
        await self.serve.until(_known_by_workers, "a worker has an old table")

    async def line(self) -> dict[str, Any]:
        """The endpoint as the analyst sees it."""
        status = await self.serve.until(lambda _: True, "no status")
        found: dict[str, Any] = status["endpoints"][0]
        return found

    async def until(self, true: Any, why: str) -> dict[str, Any]:
        """Waits for a state of the endpoint."""
        status = await self.serve.until(lambda status: bool(true(status["endpoints"][0])), why)
        found: dict[str, Any] = status["endpoints"][0]
        return found

    async def mismatch(self) -> list[dict[str, Any]]:
        """The changes that are kept of a mismatch, as soon as there is one."""
        async with asyncio.timeout(PATIENCE):
            while not (kept := await self._kept()):
                await asyncio.sleep(0.05)
        changes: list[dict[str, Any]] = orjson.loads(kept)["changes"]
        return changes

    async def _kept(self) -> str | None:
        connection = await asyncpg.connect(self.store)
        try:
            latest = "SELECT sample FROM crossfade.samples ORDER BY at DESC LIMIT 1"
            found: str | None = await connection.fetchval(latest)
            return found
        finally:
            await connection.close()

    async def figure(self, name: str, **labels: str) -> float:
        """A counter of the endpoint, summed over what `labels` leave open."""
        url = f"http://127.0.0.1:{self.serve.metrics}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            text = await answer.text()
        wanted = {f'{key}="{value}"' for key, value in ({"endpoint": ENDPOINT} | labels).items()}
        lines = [_LINE.fullmatch(line) for line in text.splitlines()]
        return sum(float(one[3]) for one in lines if one and one[1] == name and all(part in one[2] for part in wanted))

    async def until_figure(self, more_than: float, name: str, **labels: str) -> None:
        """Waits until a counter has grown."""
        async with asyncio.timeout(PATIENCE):
            while await self.figure(name, **labels) <= more_than:
                await asyncio.sleep(0.05)

    async def told(self, *words: str) -> tuple[int, str]:
        """What a command says of the running program: its exit code and output."""
        command = ("-m", "proxy.cli", *words, "--state", str(self.serve.file.parent / "state"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROLLOUT.parent, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def ordered(self, kind: str = "contacts", number: int = CONTACTS) -> str:
        """A new export of so many records, ordered through the proxy; its id."""
        uuid = people.contact_uuid if kind == "contacts" else people.company_uuid
        body = {IDS[kind]: [uuid(at) for at in range(1, number + 1)]}
        async with self.session.post(CREATE[kind], json=body) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["export_id"])

    async def made(self) -> tuple[int, int]:
        """Exports of USER, and the credits that are left."""
        rows = await self.legacy.row("SELECT count(*) AS rows FROM user_exports WHERE user_id = $1", USER)
        paid = await self.legacy.row("SELECT credits FROM user_profiles WHERE user_id = $1", USER)
        return rows["rows"], paid["credits"]

    async def completed(self, export_id: str) -> str:
        """The path of its download, when legacy has made the file."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.session.get(f"/api/v2/exports/{export_id}/status") as answer:
                    now = await answer.json()
                if now["status"] == "completed":
                    url = urlsplit(now["download_url"])
                    return f"{url.path}?{url.query}"
                assert now["status"] in ("pending", "processing"), now
                await asyncio.sleep(0.02)

    async def get(self, path: str, user: str = USER) -> Got:
        """What the proxy's client gets."""
        return await _got(self.session, path, user)

    async def from_legacy(self, path: str, user: str = USER) -> Got:
        """What legacy itself says."""
        async with aiohttp.ClientSession(self.legacy.server.url) as session:
            return await _got(session, path, user)

    def token(self, path: str, *, expired: bool = False) -> str:
        """Of this download, with the claims that legacy gives; its time may be over."""
        export_id = path.split("/")[4]
        ends = int(time.time()) + (-60 if expired else 3600)
        return encode({"export_id": export_id, "user_id": USER, "exp": ends, "type": "export_download"}, SECRET)

    async def left_at(self, status: str) -> str:
        """The path of an export's download that never went further, with a token that is good."""
        path = await self.completed(await self.ordered(number=1))
        export_id = path.split("/")[4]
        await self.legacy.server.lab.pool.execute(
            "UPDATE user_exports SET status = $2::text::export_status WHERE export_id = $1", export_id, status
        )
        return path

    async def retitled(self, number: int, title: str) -> None:
        """A contact is written past the proxy."""
        headers = {"Authorization": f"Bearer {access_token(USER, SECRET)}"}
        url = f"{self.legacy.server.url}/lab/contacts/{people.contact_uuid(number)}/"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.patch(url, json={"title": title}) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def lag(self, seconds: float) -> None:
        """How long Connectra is behind from now on."""
        url = f"{self.connectra}/lab/lag"
        async with aiohttp.ClientSession() as session, session.put(url, json={"seconds": seconds}) as answer:
            assert answer.status == 200, await answer.text()

    async def searched(self, number: int, title: str) -> None:
        """Waits until Connectra has this title of a contact."""
        query = {"where": {"keyword_match": {"must": {"uuid": people.contact_uuid(number)}}}, "limit": 1}
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(headers={"X-API-Key": API_KEY}) as session:
            while True:
                async with session.post(f"{self.connectra}/contacts/", json=query) as answer:
                    if title in await answer.text():
                        return
                await asyncio.sleep(0.02)

    async def aged(self, path: str, hours: int) -> None:
        """Legacy completed this download's export so many hours ago."""
        await self.legacy.server.lab.pool.execute(
            """UPDATE user_exports SET created_at = created_at - $2::int * interval '1 hour',
                   expires_at = expires_at - $2::int * interval '1 hour' WHERE export_id = $1""",
            path.split("/")[4], hours,
        )  # fmt: skip

    def wrong(self, field: str, share: float) -> None:
        """From now on Connectra has another value in this share of the records."""
        self.switches.fields.append(FieldDefect(field, "wrong", share))


def _known_by_workers(status: dict[str, Any]) -> bool:
    return all(worker["epoch"] >= status["epoch"] for worker in status["workers"])


async def _got(session: aiohttp.ClientSession, path: str, user: str) -> Got:
    headers = {"Authorization": f"Bearer {access_token(user, SECRET)}", "Accept-Encoding": "identity"}
    async with session.get(path, headers=headers) as answer:
        return Got(answer.status, dict(answer.headers), await answer.read())


@asynccontextmanager
async def whole(postgres: Server, folder: Path, **changed: Any) -> AsyncIterator[Whole]:
    """Everything, with the endpoint at 0 %. `changed` are options of the reference."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(fresh_database(postgres))
        database = await stack.enter_async_context(fresh_database(postgres))
        size = {"contacts": CONTACTS, "companies": COMPANIES} | changed
        legacy = await stack.enter_async_context(reference(database, **size))
        engine, switches = Engine(), Mortal()
        url = await stack.enter_async_context(_following(database, engine, switches))
        env = {
            "CONNECTRA_ENABLED": "true", "VQL_EXPORTS": "true", "LEGACY_JWT_SECRET": SECRET,
            "LEGACY_DATABASE_URL": database,
        }  # fmt: skip
        text = rollout(legacy.server.url, url, 0)
        serve = await stack.enter_async_context(host(folder, store, "", "", text=text, env=env))
        headers = {"Authorization": f"Bearer {access_token(USER, SECRET)}"}
        session = await stack.enter_async_context(aiohttp.ClientSession(serve.url, headers=headers))
        await serve.until(lambda status: bool(status["workers"]), "no worker")
        yield Whole(serve, legacy, url, switches, session, store)


@asynccontextmanager
async def _following(dsn: str, engine: Engine, switches: Switches) -> AsyncIterator[str]:
    """The URL of a stand-in that has read everything."""
    feed = Feed(engine, switches, dsn)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(feed.run(), name="feed")
        async with serving(engine, switches) as url:
            async with asyncio.timeout(PATIENCE):
                await feed.ready.wait()
            yield url
        running.cancel()
