"""The reference legacy makes an export; the gateway, over a Connectra that follows its database, gives out the same."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import parse_rules
from comparators.verdict import Change, Outcome
from connectra.export_rows import COMPANY_MISSING, CONTACT_MISSING, LITERAL
from lab import people
from lab.connectra.engine import Engine
from lab.connectra.feed import Feed
from lab.connectra.switches import Switches
from tests.support.connectra_fake import Connectra
from tests.support.exports import session_of
from tests.support.gateway import JWT_SECRET, gateway
from tests.support.reference import Reference, reference
from tests.support.standin import serving

CONTACTS, COMPANIES = 300, 40
LITERAL_PATHS = [f"[].{name}" for name in sorted(LITERAL)]
GAP = {"reason": "Connectra has no text_search (D-09)", "owner": "search-team", "until": "2027-03-01"}
RULES = {
    "null_missing_empty": LITERAL_PATHS,
    "placeholders": {"None": LITERAL_PATHS},
    "known_gaps": [{"path": f"[].{name}", "kinds": ["missing"], **GAP} for name in CONTACT_MISSING],
}
"""What docs/exports.md has for this endpoint."""


@dataclass
class Both:
    """Legacy, and a session of the same user with the gateway."""

    legacy: Reference
    gateway: aiohttp.ClientSession

    async def made(self, path: str, body: Any) -> str:
        """The path of the download of a new export, when it is there."""
        _, created = await self.legacy.ask("POST", path, body)
        return await self.completed(created["export_id"])

    async def completed(self, export_id: str) -> str:
        """The path of an export's download, when it is there."""
        async with asyncio.timeout(20):
            while True:
                _, now = await self.legacy.ask("GET", f"/api/v2/exports/{export_id}/status")
                if now["status"] == "completed":
                    url = urlsplit(now["download_url"])
                    return f"{url.path}?{url.query}"

    async def files(self, path: str) -> tuple[bytes, bytes]:
        """What legacy and the gateway give out."""
        async with self.legacy.session.get(path) as theirs, self.gateway.get(path) as ours:
            assert (theirs.status, ours.status) == (200, 200), ours.headers
            for name in ("Content-Type", "Content-Disposition", "Vary"):
                assert theirs.headers[name] == ours.headers[name]
            return await theirs.read(), await ours.read()


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[str]:
    """The URL of a stand-in that has read everything."""
    engine, switches = Engine(), Switches()
    feed = Feed(engine, switches, dsn)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(feed.run(), name="feed")
        async with asyncio.timeout(20), serving(engine, switches) as url:
            await feed.ready.wait()
            yield url
        running.cancel()


@pytest.fixture
async def both(dsn: str) -> AsyncIterator[Both]:
    async with AsyncExitStack() as stack:
        world: dict[str, Any] = {
            "contacts": CONTACTS,
            "companies": COMPANIES,
            "secret": JWT_SECRET,
            "merge_interval": 0.02,
        }
        legacy = await stack.enter_async_context(reference(dsn, **world))
        url = await stack.enter_async_context(following(dsn))
        door = await stack.enter_async_context(gateway(Connectra(url=url), dsn=dsn))
        session = await stack.enter_async_context(session_of(door))
        session.headers["Authorization"] = legacy.session.headers["Authorization"]
        yield Both(legacy, session)


def table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


async def test_a_contact_export_is_legacys_but_for_the_declared_columns(both: Both) -> None:
    ids = [people.contact_uuid(at) for at in (*range(CONTACTS, 0, -1), 7, 7, 10**6)]
    path = await both.made("/api/v2/exports/contacts/export", {"contact_uuids": ids})
    theirs, ours = map(table, await both.files(path))
    assert len(theirs) == len(ours) == CONTACTS + 2
    differing = {
        name
        for legacy, mine in zip(theirs, ours, strict=True)
        for name in legacy
        if legacy[name] != mine[name] and not (name in LITERAL and {legacy[name], mine[name]} == {"", "None"})
    }
    assert differing == set(CONTACT_MISSING)


async def test_a_company_export_is_legacys_but_for_the_declared_column(both: Both) -> None:
    ids = [people.company_uuid(at) for at in (*range(1, COMPANIES + 1), 3)]
    path = await both.made("/api/v2/exports/companies/export", {"company_uuids": ids})
    theirs, ours = await both.files(path)
    lacking = [{**row, **dict.fromkeys(COMPANY_MISSING, "")} for row in table(theirs)]
    assert (table(ours), theirs.count(b"\r\n")) == (lacking, ours.count(b"\r\n"))


@pytest.mark.parametrize("part", [True, False], ids=["part", "whole"])
async def test_a_chunked_export_has_legacys_rows_in_its_parts_and_merged(both: Both, part: bool) -> None:
    body: Any = {"chunks": [[people.contact_uuid(at) for at in some] for some in ((3, 1), (2, 3))], "merge": True}
    _, created = await both.legacy.ask("POST", "/api/v2/exports/contacts/export/chunked", body)
    path = await both.completed(created["chunk_ids"][1] if part else created["export_id"])
    theirs, ours = ([row["contact_uuid"] for row in table(text)] for text in await both.files(path))
    first, second = body["chunks"]
    assert theirs == ours == (second if part else [*first, *second])


@pytest.mark.parametrize("kind", ["contact", "company"])
async def test_the_rules_of_the_guide_accept_what_differs_and_nothing_else(both: Both, kind: str) -> None:
    ids = [people.contact_uuid(at) if kind == "contact" else people.company_uuid(at) for at in range(1, COMPANIES)]
    kinds = {"contact": "contacts", "company": "companies"}[kind]
    path = await both.made(f"/api/v2/exports/{kinds}/export", {f"{kind}_uuids": ids})
    theirs, ours = await both.files(path)
    assert judged(kind, theirs, ours) == (Outcome.ACCEPTED, {f"{kind}_text_search", "company_text_search"}, [])
    near_miss = ours.replace(b"Globex", b"Globes", 1)
    assert judged(kind, theirs, near_miss)[0] is Outcome.MISMATCH


def judged(kind: str, legacy: bytes, candidate: bytes) -> tuple[Outcome, set[str], list[Change]]:
    """The outcome, the columns of accepted changes, and the changes that are not."""
    head = (("Content-Type", "text/csv; charset=utf-8"),)
    rules = parse_rules({**RULES, "csv": f"{kind}_uuid"})
    one, other = Answer(200, head, legacy), Answer(200, head, candidate)
    verdict = compare(one, other, rules, endpoint="export-download", today=date(2026, 12, 1))
    return verdict.outcome, {one.path.rpartition(".")[2] for one in verdict.accepted}, list(verdict.changes)


async def test_an_export_of_another_user_is_left_to_legacy(both: Both) -> None:
    body = {"contact_uuids": [people.contact_uuid(1)]}
    path = await both.made("/api/v2/exports/contacts/export", body)
    await both.legacy.server.lab.pool.execute("UPDATE user_exports SET user_id = $1", people.user_uuid(2))
    async with both.gateway.get(path) as ours:
        assert (ours.status, ours.headers["X-Crossfade-Declined"]) == (409, "no such export of this user")
