"""Both sides over the same generated rows in this process, and questions asked of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
from aiohttp import web

from comparators.rules import Rules
from connectra.app import Gateway, make_runner
from connectra.callers import Callers, Users
from connectra.client import Client
from lab import people
from lab.connectra import legacy
from lab.connectra.engine import Engine
from lab.connectra.feed import FILTERS
from lab.legacy.tokens import access_token
from loadtests.replay.asking import Sides, Tally, ask
from loadtests.replay.questions import Data, Question, Questions
from rollout.config import parse
from tests.support.gateway import JWT_SECRET
from tests.support.reference import Reference, reference
from tests.support.standin import API_KEY, serving

SECRET = "made-at-this-start"
FILE = Path(__file__).resolve().parents[2] / "rollout.yaml"
ENVIRONMENT = {"LEGACY_URL": "http://legacy.test", "CONNECTRA_BASE_URL": "http://c.test", "CONNECTRA_API_KEY": "k"}


def shipped_rules() -> dict[str, Rules]:
    """The comparison rules of each endpoint of the shipped rollout.yaml."""
    config = parse(FILE.read_text(), ENVIRONMENT)
    return {one.name: one.rules for phase in config.phases for one in phase.endpoints}


@dataclass(frozen=True)
class Both:
    """Both sides, and what they hold."""

    sides: Sides
    data: Data
    legacy: Reference

    async def ask(self, questions: list[Question]) -> Tally:
        """What came of them."""
        rules, tally = shipped_rules(), Tally()
        for question in questions:
            tally.take(await ask(self.sides, question, rules[question.endpoint], datetime.now(UTC).date()))
        return tally

    def questions(self, number: int, seed: int, endpoints: frozenset[str] | None = None) -> list[Question]:
        """So many generated requests, of these endpoints only."""
        found: list[Question] = []
        for one in Questions(self.data, seed):
            if endpoints is None or one.endpoint in endpoints:
                found.append(one)
            if len(found) == number:
                break
        return found


@asynccontextmanager
async def both(dsn: str, *, companies: int = 40, contacts: int = 600) -> AsyncIterator[Both]:
    """The reference, a stand-in that holds the same rows, and a gateway before it that believes its caller."""
    async with reference(dsn, companies=companies, contacts=contacts, secret=JWT_SECRET) as running:
        engine = await filled_from(dsn)
        async with serving(engine) as connectra, _gateway(connectra, dsn) as url, aiohttp.ClientSession() as session:
            token = access_token(people.user_uuid(1), JWT_SECRET)
            fields = {"X-Crossfade-Secret": SECRET, "X-Crossfade-Vouched": "1"}
            sides = Sides(session, running.server.url, url, token, fields)
            yield Both(sides, await read_data(dsn), running)


async def filled_from(dsn: str) -> Engine:
    """An engine with every row of the legacy database."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await legacy.snapshot(connection)
    finally:
        await connection.close()
    engine, now = Engine(), datetime.now(UTC)
    for row in FILTERS:  # any spelling of a LinkedIn address can be looked for (docs/operating.md)
        engine.filters.add(row)
    for service in ("company", "contact"):
        for record in found[service].values():
            engine.table(service).put(record)
            company = engine.company_of(record) if service == "contact" else None
            engine.put_document(service, record, company, now)
    return engine


async def read_data(dsn: str) -> Data:
    """Rows with their metadata merged in."""
    connection = await asyncpg.connect(dsn)
    try:
        contacts = await connection.fetch("SELECT m.*, c.* FROM contacts c LEFT JOIN contacts_metadata m USING (uuid)")
        companies = await connection.fetch(
            "SELECT m.*, c.* FROM companies c LEFT JOIN companies_metadata m USING (uuid)"
        )
    finally:
        await connection.close()
    return Data([dict(row) for row in contacts], [dict(row) for row in companies])


@asynccontextmanager
async def _gateway(connectra: str, dsn: str) -> AsyncIterator[str]:
    client, users = Client(connectra, API_KEY, 10.0), Users(dsn)
    runner = make_runner(Gateway(client, Callers(JWT_SECRET, users), SECRET))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await client.close()
        await users.close()
