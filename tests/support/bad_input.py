"""A worker's service between a legacy, the bundled gateway and a Connectra that does as it is told, in this process.

Everything speaks over real sockets. What the worker counted and what it would hand over can be looked at.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

from aiohttp import web

from connectra.app import Gateway, make_runner
from connectra.callers import Callers, Users
from connectra.client import Client
from proxy.analyst.examined import sides_of
from proxy.exchange import Exchange
from proxy.frames import Counts, Hello, decode_exchanges, encode_exchanges
from proxy.spooling import Spools
from proxy.worker.effects import Effects
from proxy.worker.handover import Handover
from proxy.worker.orders import Orders
from proxy.worker.outbox import Outbox
from proxy.worker.server import Server, make_server
from proxy.worker.service import Service
from proxy.worker.sides import Setting, Sides
from proxy.worker.slots import Slots
from proxy.worker.tally import Tally
from rollout.model import FULL, Budget, Upstream
from rollout.table import Route, Table
from tests.support.backends import FailingBackend
from tests.support.connectra_fake import KEY, Behave, Connectra, connectra
from tests.support.gateway import JWT_SECRET, SECRET, bearer
from tests.support.tables import route, table

PATIENCE = 20.0
SERVED, MIRRORED = "served", "mirrored"
"""The candidate answers all requests; or it is only asked beside legacy."""
GOOD = "/api/v1/contacts/good/"
GENEROUS = 15.0
"""Seconds of every deadline that a test is not about: machines may be busy."""
_CONTACTS, _COMPANIES = "/api/v1/contacts/", "/api/v1/companies/"
_OF = _COMPANIES + "company/{company_uuid}/contacts/"
TEMPLATES = {
    "contact": _CONTACTS + "{contact_uuid}/", "contacts": _CONTACTS, "contacts-count": _CONTACTS + "count/",
    "contacts-uuids": _CONTACTS + "count/uuids/", "company": _COMPANIES + "{company_uuid}/", "companies": _COMPANIES,
    "companies-count": _COMPANIES + "count/", "companies-uuids": _COMPANIES + "count/uuids/", "company-contacts": _OF,
    "company-contacts-count": _OF + "count/", "company-contacts-uuids": _OF + "count/uuids/",
    "company-contacts-attribute": _OF + "{attribute}/",
}  # fmt: skip
OWN_WORDS = (
    b"HTTP/1.1 422 Unprocessable Content\r\nContent-Type: application/json\r\nX-Legacy: yes\r\n"
    b'Content-Length: 31\r\n\r\n{"detail":"legacy\'s own words"}'
)


class Legacy(FailingBackend):
    """Takes lines of any length."""

    async def up(self) -> None:
        self.behave = None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        """Those that are open."""
        return len(self._writers)


class Kept(Handover):
    """Keeps the exchanges that an analyst would get."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        spools = Spools(folder, "worker0", 1 << 28)
        super().__init__(folder / "intake", spools, lambda: Hello(0, 0, 1), tally.lost, lambda _: None)
        self.taken: list[Exchange] = []

    def take(self, exchange: Exchange) -> bool:
        self.taken.append(exchange)
        return True


@dataclass(frozen=True)
class Reply:
    """An answer as the client got it."""

    status: int
    fields: list[bytes]
    body: bytes

    @property
    def told(self) -> tuple[int, list[bytes], bytes]:
        """Without what belongs to the connection."""
        return self.status, [one for one in self.fields if not one.lower().startswith(b"connection:")], self.body


@dataclass(frozen=True)
class Bad:
    """One case: what is sent or done, the endpoint that it is for, and the reason that is counted."""

    name: str
    endpoint: str
    reason: str
    target: bytes = b""
    body: bytes = b""
    fields: tuple[bytes, ...] = ()
    behave: Behave | None = None
    path: str = "*"
    """Of Connectra, where it behaves so."""
    method: bytes = b"GET"
    host: bytes = b"api.test"


def read(raw: bytes) -> Reply:
    """An answer from its bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    return Reply(int(line.split()[1]), fields, body)


@dataclass
class Stage:
    """Everything that runs. `legacy` answers `OWN_WORDS` unless told otherwise."""

    mode: str
    service: Service
    server: Server
    handover: Kept
    legacy: Legacy
    fake: Connectra
    client: Client
    gateway: web.AppRunner
    port: int
    bearer: bytes = field(default_factory=bearer)

    async def send(self, raw: bytes) -> bytes:
        """These bytes on a connection of their own, and whatever comes until it is closed."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                return await _exchanged(reader, writer, raw)
            finally:
                writer.close()

    async def ask(
        self,
        target: bytes,
        *,
        method: bytes = b"GET",
        fields: tuple[bytes, ...] = (),
        body: bytes = b"",
        host: bytes = b"api.test",
    ) -> Reply:
        """One request of somebody whom legacy has accepted, its target and fields as they are."""
        own = [b"Host: " + host, b"Authorization: " + self.bearer, b"Connection: close"]
        if body:
            own.append(b"Content-Length: %d" % len(body))
        head = b"\r\n".join([method + b" " + target + b" HTTP/1.1", *own, *fields, b"", b""])
        return read(await self.send(head + body))

    async def alive(self) -> None:
        """The next good request is answered from Connectra, no more connections are open than are kept, and what was
        seen can cross to the analyst, who can read it.
        """
        crossed = decode_exchanges(encode_exchanges(self.handover.taken))
        assert crossed == self.handover.taken
        assert [sides_of(exchange).at for exchange in crossed] == [exchange.at for exchange in crossed]
        self.fake.behave.clear()
        self.client._seconds = GENEROUS
        before = len(self.handover.taken)
        reply = await self.ask(GOOD.encode())
        await self.settled()
        assert (b'"Ada"' in reply.body) == (self.mode == SERVED)
        assert [one.candidate.status for one in self.handover.taken[before:] if one.candidate] == [200]
        assert self.open()["taken"] == 0
        assert self.open()["legacy"] <= 1
        assert self.open()["gateway"] <= 2

    async def settled(self) -> Counts:
        """What was counted, once nothing is under way."""
        async with asyncio.timeout(PATIENCE):
            while self.service.in_flight or len(self.service.migrated.shadows) or self.server.connections:
                await asyncio.sleep(0.002)
        return self.service.tally.take(time(), epoch=1, blind=False, in_flight=0, mirrors=0)

    def open(self) -> dict[str, int]:
        """Connections that are open or in use: a few are kept, none are taken."""
        session = self.client._session
        taken = 0 if session is None or session.connector is None else len(session.connector._acquired)
        server = self.gateway.server
        assert server is not None
        return {"legacy": self.legacy.connections, "gateway": len(server.connections), "taken": taken}


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> bytes:
    """Writes and reads at the same time: a peer may answer before it has everything."""
    async with asyncio.TaskGroup() as both:
        writing = both.create_task(_written(writer, raw), name="writing")
        reading = both.create_task(_read(reader), name="reading")
        reading.add_done_callback(lambda _: writing.cancel())
    return reading.result()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Until the peer closes; b"" when it resets the connection."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def _written(writer: asyncio.StreamWriter, raw: bytes) -> None:
    """A peer that has answered and closed takes no more."""
    try:
        writer.write(raw)
        await writer.drain()
    except ConnectionError:
        return


def routes(mode: str, **given: Any) -> tuple[Route, ...]:
    """All endpoints, served wholly by the candidate, or mirrored wholly."""
    shares: dict[str, Any] = {"percent": FULL, "shadow": 0} if mode == SERVED else {"percent": 0, "shadow": FULL}
    shares |= {"serve_deadline": GENEROUS, "budget": Budget(deadline=GENEROUS)} | given
    read_only = [route(name, template=template, **shares) for name, template in TEMPLATES.items()]
    linkedin = route("linkedin", method="POST", template="/api/v2/linkedin/", effects=True, **shares)
    return (*read_only, linkedin)


@asynccontextmanager
async def stage(mode: str, folder: Path, *, seconds: float = GENEROUS, **given: Any) -> AsyncIterator[Stage]:
    """Everything on random ports; the caller of `Stage.ask` has been vouched for.

    `seconds` is the gateway's patience with Connectra; `given` is for all routes.
    """
    async with connectra() as fake, Legacy(OWN_WORDS) as legacy:
        fake.contacts = [{"uuid": "good", "first_name": "Ada", "company_id": "c"}]
        fake.companies = [{"uuid": "c", "name": "Sample Works"}]
        client, users = Client(fake.url, KEY, seconds), Users(None)
        gateway = make_runner(Gateway(client, Callers(JWT_SECRET, users), SECRET))
        await gateway.setup()
        await web.UnixSite(gateway, f"{folder}/gateway").start()
        where = table(
            *routes(mode, **given), legacy=legacy.url, candidate=f"unix:{folder}/gateway", issued_at=time()
        )
        (folder / "outbox").mkdir()
        service, handover = _service(where, folder)
        server = make_server(service.handle, service.unreadable)
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        made = Stage(mode, service, server, handover, legacy, fake, client, gateway, port)
        service._slots.mark(b"vouched " + made.bearer, time())
        try:
            yield made
        finally:
            listening.close()
            await server.shutdown(1.0)
            await service.migrated.shadows.cancel()
            service.sides.close()
            service._slots.close()
            await gateway.cleanup()
            await client.close()
            await users.close()


def _service(where: Table, folder: Path) -> tuple[Service, Kept]:
    tally = Tally(0)
    handover = Kept(folder, tally)
    sides = Sides(Setting(0, 1, b"token", SECRET.encode()), handover.frame, random.random)
    orders = Orders(lambda url: sides.pool(Upstream(url), "effects"), SECRET.encode())
    outbox = Outbox(folder / "outbox", 0, 1, orders, tally, random.random)
    slots = Slots(folder / "slots", b"k" * 32)
    return Service(where, sides, slots, handover, tally, Effects(orders, outbox, tally)), handover
