"""Follows the legacy database: what was committed becomes visible `lag` seconds later, in the order of the commits.

Triggers tell of each change over LISTEN/NOTIFY; the record is read at once, so that it waits as it was then, and is
applied to table and index when its time has come. A lost connection, missing triggers and a TRUNCATE lead to a fresh
reading of everything; what differs then counts as changed at that moment.

A fed service has the filters `linkedin_url` of contacts and of companies, `email` and `mobile_phone`, which read the
table: with them the product finds every spelling (docs/operating.md, "LinkedIn search and Connectra's filters table").
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from lab.connectra import gotime, legacy
from lab.connectra.engine import Engine
from lab.connectra.switches import Switches
from lab.connectra.table import Record

FILTERS = tuple(
    {"key": key, "service": service, "filter_type": "keyword", "display_name": name, "direct_derived": True,
     "active": True}
    for service, key, name in (
        ("contact", "linkedin_url", "LinkedIn URL"), ("company", "linkedin_url", "LinkedIn URL"),
        ("contact", "email", "E-mail"), ("contact", "mobile_phone", "Mobile phone"),
    )
)  # fmt: skip
MAX_WAITING = 500_000
_CHUNK = 200
_HEARTBEAT = 1.0
_BACK_OFF = 0.25
_PATIENCE = 30.0
_DEADLINE = 60.0
_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Unfed(Exception):
    """The database could not be read at start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it was after a commit, or None: gone. `at` is in seconds of the loop's clock."""

    at: float
    service: str
    uuid: str
    record: Record | None


class Feed:
    """Fills an engine from a database and keeps following it. `ready` is set when everything was read once."""

    def __init__(self, engine: Engine, switches: Switches, dsn: str) -> None:
        self.ready = asyncio.Event()
        self._engine = engine
        self._switches = switches
        self._dsn = dsn
        self._told: dict[tuple[str, str], float] = {}
        self._news = asyncio.Event()
        self._waiting: deque[Change] = deque()
        self._due = asyncio.Event()
        self._applied = 0
        self._last: datetime | None = None
        self._connected = False
        for row in FILTERS:
            engine.filters.add(row)

    async def run(self) -> None:
        """Until cancelled. Raises Unfed when the first reading does not succeed in time."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_for_ever(), name="follow")
            tasks.create_task(self._apply_for_ever(), name="apply")

    def turned(self) -> None:
        """The lag was changed."""
        self._due.set()

    def figures(self) -> dict[str, Any]:
        """For GET /lab/state."""
        return {
            "connected": self._connected,
            "waiting": len(self._waiting) + len(self._told),
            "applied": self._applied,
            "last_change_applied": gotime.to_json(self._last) if self._last else None,
        }

    async def _follow_for_ever(self) -> None:
        begun = time.monotonic()
        while True:
            try:
                await self._follow()
            except _LOST as lost:
                if not self.ready.is_set() and time.monotonic() - begun > _PATIENCE:
                    raise Unfed(f"--feed: {lost}; is the database running, with the legacy schema in it?") from None
                if self._connected:
                    print(f"connectra: the feed was lost ({lost}); connecting again", file=sys.stderr, flush=True)
                self._connected = False
            await asyncio.sleep(_BACK_OFF)

    async def _follow(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=5.0, command_timeout=_DEADLINE)
        try:
            connection.add_termination_listener(lambda _connection: self._news.set())
            await connection.add_listener(legacy.CHANNEL, self._tell)
            if not await legacy.tables_exist(connection):
                raise OSError("the legacy tables are not there (contacts, companies and their metadata)")
            await legacy.watch(connection)
            await self._read_all(connection)
            self._connected = True
            self.ready.set()
            while True:
                await self._read_news(connection)
        finally:
            connection.terminate()

    def _tell(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        table, _, uuid = str(payload).partition(":")
        self._told.setdefault((legacy.SERVICE_OF[table], uuid), asyncio.get_running_loop().time())
        self._news.set()

    async def _read_all(self, connection: legacy.Connection) -> None:
        now = asyncio.get_running_loop().time()
        found = await legacy.snapshot(connection)
        first = not self.ready.is_set()
        for service in ("company", "contact"):
            table = self._engine.table(service)
            gone = [uuid for uuid in table.rows if uuid not in found[service]]
            changed = {
                uuid: record for uuid, record in found[service].items()
                if first or uuid not in table.rows or table.rows[uuid] != table.row(record)
            }
            for at, (uuid, entry) in enumerate([*((uuid, None) for uuid in gone), *changed.items()]):
                if first:
                    self._apply(Change(now, service, uuid, entry))
                else:
                    self._wait(Change(now, service, uuid, entry))
                if at % _CHUNK == 0:
                    await asyncio.sleep(0)
        self._due.set()

    async def _read_news(self, connection: legacy.Connection) -> None:
        """Reads what was told of; every second without news, whether the triggers still stand."""
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await self._news.wait()
        except TimeoutError:
            if not await legacy.watched(connection):
                raise OSError("the tables were made anew") from None
            return
        if connection.is_closed():
            raise OSError("the connection was closed")
        self._news.clear()
        told, self._told = self._told, {}
        if any(not uuid for _, uuid in told):
            await self._read_all(connection)
            return
        for service in ("company", "contact"):
            uuids = {uuid: at for (of, uuid), at in told.items() if of == service}
            if uuids:
                found = await legacy.records(connection, service, list(uuids))
                for uuid, at in uuids.items():
                    self._wait(Change(at, service, uuid, found.get(uuid)))
        self._due.set()

    def _wait(self, change: Change) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._apply(self._waiting.popleft())  # rather early than never: memory is bounded
        self._waiting.append(change)

    async def _apply_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._due.clear()
            for _ in range(_CHUNK):
                if not self._waiting or self._waiting[0].at + self._switches.lag > loop.time():
                    break
                self._apply(self._waiting.popleft())
            else:
                await asyncio.sleep(0)
                continue
            rest = self._waiting[0].at + self._switches.lag - loop.time() if self._waiting else None
            try:
                async with asyncio.timeout(rest):
                    await self._due.wait()
            except TimeoutError:
                continue

    def _apply(self, change: Change) -> None:
        now = datetime.now(UTC)
        table, index = self._engine.table(change.service), self._engine.index(change.service)
        if change.record is None:
            table.delete(change.uuid)
            index.delete(change.uuid)
        else:
            table.put(change.record)
            company = self._engine.company_of(change.record) if change.service == "contact" else None
            self._engine.put_document(change.service, change.record, company, now)
        if change.service == "company" and self.ready.is_set():
            self._refresh_contacts(change.uuid, now)
        self._applied += 1
        self._last = now

    def _refresh_contacts(self, company: str, now: datetime) -> None:
        """The feed writes a company's contacts anew, so that their copies of its fields do not go stale."""
        for uuid in self._engine.contacts_at(company):
            row = self._engine.contacts.rows.get(uuid)
            if row is not None:
                self._engine.put_document("contact", row.shown, self._engine.company_of(row.shown), now)
