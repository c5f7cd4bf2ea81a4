"""What the real legacy backend answered, asked of the gateway over the same people: alike, or declined, never else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import orjson
import pytest
from aiohttp import web
from yarl import URL

from connectra.app import Gateway, make_app
from connectra.callers import Callers, Users
from connectra.client import Client
from tests.support.connectra_fake import KEY, connectra

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "recordings-legacy"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/contracts/ is not beside the repository")
SECRET = "a-secret-of-legacy-that-is-long-enough-for-hs256"
OURS = "made-at-this-start"
Record = dict[str, Any]
LEFT_OUT = ("text_search", "linkedin_sales_url", "status", "id")
UNKNOWABLE = {"linkedin_sales_url", "meta_data"}
"""Not in Connectra; an amount of 0 can not be told from none."""


def lines(name: str) -> list[Record]:
    return [orjson.loads(line) for line in (FOLDER / name).read_bytes().splitlines()]


def merged(row: Record, metadata: dict[str, Record]) -> Record:
    """A row with its metadata as Connectra holds it: one record, empty values left out, Go's times."""
    both = {**metadata.get(row["uuid"], {}), **row}
    for name in ("created_at", "updated_at"):
        if both.get(name):
            both[name] = f"{both[name].rstrip('0') if '.' in both[name] else both[name]}Z"
    return {name: value for name, value in both.items() if value and name not in LEFT_OUT}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Asks the gateway, as its worker does for a vouched caller."""
    tables: dict[str, dict[str, Record]] = {}
    for line in lines("seed.jsonl"):
        tables.setdefault(line["table"], {})[line["row"].get("uuid", "")] = line["row"]
    async with connectra() as fake:
        fake.contacts = [merged(row, tables["contacts_metadata"]) for row in tables["contacts"].values()]
        fake.companies = [merged(row, tables["companies_metadata"]) for row in tables["companies"].values()]
        client = Client(fake.url, KEY, 5.0)
        runner = web.AppRunner(make_app(Gateway(client, Callers(SECRET, Users(None)), OURS)), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        token = jwt.encode({"sub": "u", "type": "access"}, SECRET, algorithm="HS256")
        headers = {"Authorization": f"Bearer {token}", "X-Crossfade-Secret": OURS, "X-Crossfade-Vouched": "1"}
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url, headers=headers) as opened:
            yield opened
        await runner.cleanup()
        await client.close()


def known(value: Any) -> Any:
    """What Connectra can know of an answer, lists of records in the order of their uuids."""
    if isinstance(value, dict):
        return {name: known(one) for name, one in value.items() if name not in UNKNOWABLE}
    if isinstance(value, list):
        found = [known(one) for one in value]
        return sorted(found, key=lambda one: str(one["uuid"])) if found and isinstance(found[0], dict) else found
    return None if value == 0 and not isinstance(value, bool) else value


def asked() -> list[Record]:
    """The recorded requests of the migrated GETs that went well or found nothing, by an ordinary user."""
    if not FOLDER.is_dir():
        return []
    files = ("exchanges-companies.jsonl", "exchanges-contacts.jsonl", "exchanges-common.jsonl")
    found = [one for name in files for one in lines(name)]
    kinds = ("contact detail", "company detail", "company contacts list", "company contacts count",
             "company contacts unknown", "company contacts paging", "company contacts ordering", "paths")  # fmt: skip
    return [one for one in found if one["kind"] in kinds and one["compare"] == "json"]


@pytest.mark.parametrize("exchange", asked(), ids=lambda one: one["name"])
async def test_the_answer_is_legacys_or_declined(session: aiohttp.ClientSession, exchange: Record) -> None:
    request, expected = exchange["request"], exchange["response"]
    url = URL(request["path"], encoded=True)
    async with session.request(request["method"], url, headers={"Host": "127.0.0.1:8000"}) as answer:
        if answer.headers.get("X-Crossfade-Declined"):
            return
        assert answer.status == expected["status"]
        given, wanted = orjson.loads(await answer.read()), orjson.loads(expected["body"])
    assert list(given) == list(wanted)
    assert known(given) == known(wanted)


async def test_single_records_are_answered_and_not_declined(session: aiohttp.ClientSession) -> None:
    details = [one["request"]["path"] for one in asked() if one["kind"] in ("contact detail", "company detail")]
    assert details
    for path in details:
        async with session.get(URL(path, encoded=True)) as answer:
            assert "X-Crossfade-Declined" not in answer.headers, path
