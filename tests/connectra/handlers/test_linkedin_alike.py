"""POST /api/v2/linkedin/ against legacy itself: the handler finds the same people and companies, or declines.

The reference legacy API and the Connectra stand-in read the same PostgreSQL; the stand-in through its feed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined
from connectra.handlers.linkedin import MISSING, linkedin
from lab.connectra.engine import Engine
from lab.connectra.feed import Feed
from lab.connectra.switches import Switches
from tests.support.reference import Reference, reference
from tests.support.standin import API_KEY, serving

PATH = "/api/v2/linkedin/"
JSON = "application/json"
SLUGS = ("ada", "ada-l", "ADA-L-2", "hannah", "ann", "annabel", "a_b", "axb", "100%-real", "1000-real", "back\\slash",
         "Jürgen", "jÜRGEN", "ÉVE", "o'neil", "\u674e\u6d77", "x y", "q.r")  # fmt: skip
FORMS = ("https://www.linkedin.com{mark}{slug}", "http://linkedin.com{mark}{slug}/", "{slug}",
         "HTTPS://WWW.LINKEDIN.COM{mark}{slug}", "uk.linkedin.com{mark}{slug}/en?trk=x",
         "https://www.linkedin.com{mark}{slug}?trk=a%20b", " linkedin.com{mark}{slug}\n")  # fmt: skip
ODD = ("_", "", "__", "%", "\\", "in ada\n/in/\nann", "https://www.linkedin.com/in/")
MARKS = {"contacts": "/in/", "companies": "/company/"}
BODIES = (
    (b'{"url":"ada"}', JSON), (b'{"url":"ada"}', "application/ld+json; x"), (b'{"url":"ada"}', "text/plain"),
    (b'{"url":"ada"}', "application/x-www-form-urlencoded"), (b'{"url":"ada"}', "APPLICATION/JSON;charset=x"),
    (b"", JSON), (b"null", JSON), (b"[]", JSON), (b'["url"]', JSON), (b'{"url":null}', JSON), (b'{"url":1}', JSON),
    (b'{"url":" "}', JSON), (b'{"url":"\\u2003"}', JSON), (b'{"url":"a\\u0000"}', JSON), (b"{", JSON),
    (b'{"url":"\\ud800"}', JSON), (b'{"url":"\\ud83d\\ude00"}', JSON), (b'{"url":"ada","x":"\\ud800"}', JSON),
    (b'{"url":"x","url":"ada"}', JSON), (b'{"url":"ada","url":1}', JSON), (b'{"url":"ada","x":NaN}', JSON),
    (b'{"url":"ada","x":' + b"1" * 4301 + b"}", JSON), (b'{"url":"ada","x":' + b"1" * 4300 + b"}", JSON),
    (b'\xef\xbb\xbf{"url":"ada"}', JSON), ('{"url":"ada"}'.encode("utf-16"), JSON), (b'{"url":"\xff"}', JSON),
    (b'{"url":"a\nb"}', JSON), (b'{"url":"ada"} x', JSON), (b'{"URL":"ada"}', JSON), (b"[" * 100_000, JSON),
)  # fmt: skip
"""Bodies with what they are said to be."""


@dataclass
class Sides:
    """Legacy and the handler over one world; `declined` are the reasons for which the handler gave no answer."""

    legacy: Reference
    client: Client
    agreed: int = 0
    declined: Counter[str] = field(default_factory=Counter)

    async def agree(self, url: str) -> None:
        """Asserts that both find the same, unless the handler declines."""
        body = orjson.dumps({"url": url})
        try:
            given = await linkedin(self.client, Asked({}, "http://api.test" + PATH, body, "linkedin"))
        except Declined as reason:
            self.declined[str(reason)] += 1
            return
        status, answer = await self.legacy.ask("POST", PATH, {"url": url})
        assert (status, found(answer)) == (given.status, found(given.body)), url
        self.agreed += 1


def found(value: Any, path: str = "") -> Any:
    """An answer without order, and without what Connectra has not: nothing, empty and 0 are one there."""
    if isinstance(value, dict):
        kept = {name: found(one, f"{path}.{name}".lstrip(".")) for name, one in value.items()}
        kept = {name: one for name, one in kept.items() if one is not None and f"{path}.{name}" not in MISSING}
        return kept if kept.keys() - {"uuid"} else None  # a metadata row that has nothing in it
    if isinstance(value, list):
        return sorted((found(one, path + "[]") for one in value if one not in (None, "")), key=repr) or None
    return None if value in ("", 0) else value


async def store_addresses(legacy: Reference) -> None:
    """Gives the people and companies of the world addresses in every form, odd ones, and none."""
    pool = legacy.server.lab.pool
    for table, mark in MARKS.items():
        addresses = [form.format(mark=mark, slug=slug) for slug in SLUGS for form in FORMS] + [*ODD, None]
        uuids = [row["uuid"] for row in await pool.fetch(f"SELECT uuid FROM {table} ORDER BY id")]
        await pool.execute(f"UPDATE {table}_metadata SET linkedin_url = NULL")
        rows = [*zip(uuids, addresses, strict=False), ("an orphan", addresses[0])]
        await pool.executemany(
            f"""INSERT INTO {table}_metadata (uuid, linkedin_url) VALUES ($1, $2)
                ON CONFLICT (uuid) DO UPDATE SET linkedin_url = excluded.linkedin_url""",
            rows,
        )


@asynccontextmanager
async def both(dsn: str) -> AsyncIterator[Sides]:
    """Both sides, the stand-in fed from legacy's database."""
    number = len(SLUGS) * len(FORMS) + len(ODD) + 4
    async with reference(dsn, companies=number, contacts=2 * number) as legacy:
        await store_addresses(legacy)
        engine = Engine()
        feed = Feed(engine, Switches(), dsn)
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(30):
            following = tasks.create_task(feed.run(), name="feed")
            await feed.ready.wait()
            async with serving(engine) as url:
                client = Client(url, API_KEY, 5.0)
                try:
                    yield Sides(legacy, client)
                finally:
                    await client.close()
            following.cancel()


@pytest.fixture
async def sides(dsn: str) -> AsyncIterator[Sides]:
    async with both(dsn) as made:
        yield made


def spelled(slug: str, mark: str) -> list[str]:
    """Ways in which a client may write an address."""
    return [
        f"https://www.linkedin.com{mark}{slug}", f"  HTTP://linkedin.com{mark}{slug.upper()}/ ", f"x{mark}{slug[:3]}",
        f"linkedin.com{mark}{slug.lower()}?utm_source=a_b", f"{mark}{slug}/details/?x={mark}", slug, slug.swapcase(),
        f"https://linkedin.com{mark}eve{mark}{slug}", f"https://www.linkedin.com{mark.upper()}{slug}",
    ]  # fmt: skip


async def test_any_spelling_of_an_address_finds_what_legacy_finds(sides: Sides) -> None:
    for slug in SLUGS:
        for url in dict.fromkeys(spelled(slug, "/in/") + spelled(slug, "/company/")):
            await sides.agree(url)
    assert sides.declined == Counter()
    assert sides.agreed > 250


async def test_wildcards_are_read_as_legacy_reads_them_or_declined(sides: Sides) -> None:
    rng = random.Random(41)
    drawn = ["".join(rng.choices("and0-_%\\Ü", k=rng.randint(2, 6))) for _ in range(70)]
    for text in ("_", "__", "%", "%%", "\\", "\\\\", "\\%", "\\_", "a\\", "%_", "ada%2", "a__", "in_ada", *drawn):
        await sides.agree(f"https://www.linkedin.com/in/{text}")
        await sides.agree(text)
    assert set(sides.declined) <= {"too many addresses", "a name of wildcards only"}
    assert sides.agreed > 3 * sides.declined.total()


async def test_a_body_is_answered_where_legacy_answers_it_and_only_there(sides: Sides) -> None:
    differing = []
    for body, kind in BODIES:
        given = None
        with suppress(Declined):
            asked = Asked({}, "http://api.test" + PATH, body, headers={"Content-Type": kind})
            given = await linkedin(sides.client, asked)
        async with sides.legacy.session.post(PATH, data=body, headers={"Content-Type": kind}) as answer:
            if (answer.status == 200) != (given is not None):
                differing.append((body[:40], kind, answer.status))
    assert differing == []


async def test_a_text_that_many_addresses_contain_is_declined(sides: Sides) -> None:
    await sides.agree("linkedin.com")
    assert sides.declined == {"too many addresses": 1}
