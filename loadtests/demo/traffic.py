"""Callers, open loop: requests leave when their time has come, whether or not earlier ones were answered.

A closed loop would wait for a slow answer before it asks again, and so hide the slowness (coordinated omission).
Every request is one line of the generator's own log: that log, not the proxy's word, says what clients saw.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, time
from urllib.parse import quote_plus

import aiohttp
import orjson

MAX_IN_FLIGHT = 1500
REQUEST_DEADLINE = 20.0
ATTRIBUTES = ("first_name", "last_name", "title", "seniority", "department", "email_status")
LISTS = {
    "company-contacts-uuids": "{scoped}count/uuids/",
    "company-contacts-attribute": "{scoped}{attribute}/?distinct=true",
    "contacts": "/api/v1/contacts/?email={email}&limit=25",
    "contacts-count": "/api/v1/contacts/count/?email={email}",
    "contacts-uuids": "/api/v1/contacts/count/uuids/?email={email}",
    "companies": "/api/v1/companies/?website={site}&limit=100",
    "companies-count": "/api/v1/companies/count/?website={site}",
    "companies-uuids": "/api/v1/companies/count/uuids/?website={site}",
}
"""Lists, counts and uuids: few a second, so that they are compared and wait for their turn."""
FIRST_NAMES = ("Ann", "Bea", "Cem", "Dora", "Emil", "Finn", "Gila", "Hugo")


@dataclass(frozen=True, slots=True)
class Material:
    """What can be asked for: uuids, LinkedIn URLs, e-mail addresses and websites that exist, and one token a caller.

    `exports` are downloads of the first caller.
    """

    contacts: tuple[str, ...]
    companies: tuple[str, ...]
    linkedin: tuple[str, ...]
    emails: tuple[str, ...]
    sites: tuple[str, ...]
    tokens: tuple[str, ...] = field(repr=False)
    exports: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Shot:
    """One request to send. `kind` is the endpoint's name, or `write`; `first` makes it the first caller's."""

    kind: str
    method: str
    path: str
    body: bytes | None = None
    company: str | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """What a client saw: Unix time of sending, status (0: none), seconds until the last byte, error in words.

    `after_write` is how long before this request a write to the company it asks about was confirmed, seconds.
    """

    at: float
    kind: str
    path: str
    status: int
    seconds: float
    error: str | None = None
    after_write: float | None = None

    @property
    def failed(self) -> bool:
        """No answer, or one that legacy alone would not have given."""
        return self.error is not None or self.status >= 500 or self.status == 0


@dataclass(frozen=True, slots=True)
class Mix:
    """Requests a second by kind. Counts also follow each write, within the lag."""

    contact: float = 118.0
    company: float = 27.0
    company_contacts: float = 18.0
    count: float = 24.0
    linkedin: float = 1.0
    write: float = 7.0
    lists: float = 2.4
    downloads: float = 0.2

    @property
    def total(self) -> float:
        return sum(self._rates().values())

    def _rates(self) -> dict[str, float]:
        return {
            "contact": self.contact, "company": self.company, "company-contacts": self.company_contacts,
            "company-contacts-count": self.count, "linkedin": self.linkedin, "write": self.write,
            "export-download": self.downloads, **dict.fromkeys(LISTS, self.lists / len(LISTS)),
        }  # fmt: skip

    def shots(self, material: Material, rng: random.Random) -> Iterator[Shot]:
        """An endless sequence of requests in these proportions."""
        rates = self._rates()
        while True:
            for kind in rng.choices(list(rates), list(rates.values()), k=256):
                yield _shot(kind, material, rng)


def _shot(kind: str, material: Material, rng: random.Random) -> Shot:
    company = rng.choice(material.companies)
    scoped = f"/api/v1/companies/company/{company}/contacts/"
    if kind in LISTS:
        email, site = quote_plus(rng.choice(material.emails)), quote_plus(rng.choice(material.sites))
        attribute = rng.choice(ATTRIBUTES)
        path = LISTS[kind].format(scoped=scoped, attribute=attribute, email=email, site=site)
        return Shot(kind, "GET", path)
    match kind:
        case "contact":
            return Shot(kind, "GET", f"/api/v1/contacts/{rng.choice(material.contacts)}/")
        case "company":
            return Shot(kind, "GET", f"/api/v1/companies/{company}/")
        case "company-contacts":
            return Shot(kind, "GET", f"{scoped}?limit=25")
        case "company-contacts-count":
            return Shot(kind, "GET", f"{scoped}count/", company=company)
        case "export-download":
            return Shot(kind, "GET", rng.choice(material.exports), first=True)
        case "linkedin":
            return Shot(kind, "POST", "/api/v2/linkedin/", orjson.dumps({"url": rng.choice(material.linkedin)}))
        case _:
            name = rng.choice(FIRST_NAMES)
            person = {"first_name": name, "last_name": "Newcomer", "email": f"{name.lower()}@lab.example"}
            return Shot(kind, "POST", f"/lab/companies/{company}/contacts/", orjson.dumps(person), company)


class Callers:
    """Sends the mix at its rate until stopped, and keeps the log."""

    def __init__(self, base: str, material: Material, mix: Mix, log: Path, seed: int = 1) -> None:
        self._base = base
        self._material = material
        self._mix = mix
        self._rng = random.Random(seed)
        self._log = log.open("ab", buffering=1 << 16)
        self._in_flight = 0
        self._written: dict[str, float] = {}
        self.sent = 0
        self.failed = 0
        self.counts_after_write: list[float] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Callers]:
        """Traffic flows inside the `async with`; at its end requests in flight are awaited."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_DEADLINE)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
        stop = asyncio.Event()
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            try:
                async with asyncio.TaskGroup() as shots:
                    pace = shots.create_task(self._pace(session, shots, stop), name="pace")
                    try:
                        yield self
                    finally:
                        stop.set()
                        await pace
            finally:
                self._log.close()

    async def _pace(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        due = monotonic()
        for shot in self._mix.shots(self._material, self._rng):
            due += self._rng.expovariate(self._mix.total)
            if (wait := due - monotonic()) > 0:
                await asyncio.sleep(wait)
            if stop.is_set():
                return
            self._launch(session, group, shot)

    def _launch(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup, shot: Shot) -> None:
        if self._in_flight >= MAX_IN_FLIGHT:
            self._note(Logged(time(), shot.kind, shot.path, 0, 0.0, "not sent: too many requests unanswered"))
            return
        group.create_task(self._fire(session, group, shot), name=shot.kind)

    async def _fire(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup, shot: Shot) -> None:
        token = self._material.tokens[0] if shot.first else self._rng.choice(self._material.tokens)
        headers = {"Authorization": f"Bearer {token}"}
        if shot.body is not None:
            headers["Content-Type"] = "application/json"
        at, began, status, error = time(), monotonic(), 0, None
        self._in_flight += 1
        try:
            async with session.request(shot.method, self._base + shot.path, data=shot.body, headers=headers) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            self._in_flight -= 1
        after = self._after_write(shot, at)
        self._note(Logged(at, shot.kind, shot.path, status, monotonic() - began, error, after))
        if shot.kind == "write" and shot.company is not None and 200 <= status < 300:
            self._written[shot.company] = time()
            group.create_task(self._ask_count(session, group, shot.company), name="count after a write")

    async def _ask_count(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup, company: str) -> None:
        """Somebody else looks at the company's count before the write has reached the index."""
        await asyncio.sleep(self._rng.uniform(0.05, 1.0))
        path = f"/api/v1/companies/company/{company}/contacts/count/"
        self._launch(session, group, Shot("company-contacts-count", "GET", path, company=company))

    def _after_write(self, shot: Shot, at: float) -> float | None:
        if shot.kind == "write" or shot.company is None or (written := self._written.get(shot.company)) is None:
            return None
        if at >= written:
            self.counts_after_write.append(at - written)
            return at - written
        return None

    def _note(self, logged: Logged) -> None:
        self.sent += 1
        self.failed += logged.failed
        self._log.write(orjson.dumps(asdict(logged)) + b"\n")


def read_log(path: Path) -> list[Logged]:
    """The generator's log, in the order in which answers came."""
    return [Logged(**orjson.loads(line)) for line in path.read_bytes().splitlines()]
