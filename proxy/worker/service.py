"""A worker's ports of the journey: the table in force, deciding, passing through, and what is known of callers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from random import randrange
from time import monotonic, time

from aiohttp import web

from proxy.exchange import Failure, Observed, Write
from proxy.journey import Found, serve
from proxy.spooling import Keep
from proxy.telemetry import Event, Throttle, fallback
from proxy.worker.asking import seen
from proxy.worker.client import Client, ClientGone, ClientSilent, Sent
from proxy.worker.effects import Effects, Lost
from proxy.worker.forget import Forgets
from proxy.worker.handover import Handover
from proxy.worker.headers import Looped, client_address, first, of_answer
from proxy.worker.health import asks_for_health, health
from proxy.worker.migrated import Migrated
from proxy.worker.sides import LEGACY, Sides
from proxy.worker.slots import Slots
from proxy.worker.streaming import ABORTED, aborted, copied
from proxy.worker.tally import Tally
from proxy.worker.tunnel import tunnel
from proxy.worker.upstream import Answer, UpstreamError
from rollout.bucket import sticky_value
from rollout.decide import Choice, Facts, decide
from rollout.facts import Unreadable
from rollout.match import SAFE, Matcher
from rollout.model import FULL
from rollout.sides import Side
from rollout.table import Route, Table, blind, closed, from_bytes

log = logging.getLogger("crossfade.worker")
VOUCHED = 60.0
"""Seconds for which legacy's yes to a caller's token holds."""


class Service:
    """Answers clients. One per worker process; `draw` gives uniform integers below its argument."""

    def __init__(
        self,
        table: Table,
        sides: Sides,
        slots: Slots,
        handover: Handover,
        tally: Tally,
        effects: Effects,
        draw: Callable[[int], int] = randrange,
    ) -> None:
        self.sides = sides
        self.tally = tally
        self.handover = handover
        self.effects = effects
        self.closing = False
        self.in_flight = 0
        self._slots = slots
        self._draw = draw
        self._throttle = Throttle(log, time)
        self._table = closed(table) if blind(table, time()) else table
        self._heard = monotonic()
        self._matcher = Matcher(table.routes)
        self.forgets = Forgets(sides, tally.error)
        self.migrated = Migrated(self)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The server's handler: one request, whatever happens."""
        client = Client(request, closing=lambda: self.closing)
        self.in_flight += 1
        try:
            return await self._handled(client)
        except ClientGone:
            return client.abort()
        finally:
            self.in_flight -= 1

    async def _handled(self, client: Client) -> Sent:
        try:
            if client.method == "CONNECT":
                return client.refuse(405, "Method Not Allowed", "this proxy does not open tunnels by CONNECT")
            if client.upgrades:
                return await tunnel(client, self.table().legacy, self.sides)
            table = self.table()
            if asks_for_health(client, table) and (sent := await health(client, table, self)) is not None:
                return sent
            return await serve(client, self)
        except Looped:
            return client.refuse(508, "Loop Detected", "this request has been through this proxy already")
        except ClientGone:
            raise
        except ClientSilent:
            return client.refuse(408, "Request Timeout", "the request's body did not come")
        except Lost as error:
            log.error("%s", error)
            self.tally.error("effect lost")
            return client.abort()
        except Exception:
            log.exception("answering %s failed", client.method)
            self.tally.error("serve")
            if client.started:
                return client.abort()
            return client.refuse(500, "Internal Server Error", "the proxy failed; its log says why")

    # -- the table ----------------------------------------------------------------------------------------------

    def table(self) -> Table:
        return self._table

    @property
    def blind(self) -> bool:
        """Whether the lease has run out."""
        return self._blind(self._table)

    def _blind(self, table: Table) -> bool:
        """By the clock that the table was issued by, or by the time since it came: a clock may be set back."""
        return blind(table, time()) or monotonic() - self._heard > table.lease

    def swap(self, payload: bytes) -> None:
        """Takes a table that the analyst sent; one of a lower epoch, or one that can not be read, is refused."""
        try:
            table = from_bytes(payload)
            matcher = Matcher(table.routes)
        except (Unreadable, ValueError) as error:
            log.error("a routing table was refused: %s", error)
            self.tally.error("table")
            return
        if table.epoch < self._table.epoch:
            log.warning("a routing table of epoch %d was refused: %d is in force", table.epoch, self._table.epoch)
            self.tally.error("old table")
            return
        self._table, self._matcher = table, matcher
        self._heard = monotonic()

    # -- ports --------------------------------------------------------------------------------------------------

    def match(self, client: Client, table: Table) -> Found | None:  # noqa: ARG002 - the matcher is the table's
        return self._matcher.find(client.method, client.target)

    async def body(self, client: Client, route: Route) -> bytes | None:
        """The request's body, or None when it is over the endpoint's budget."""
        if not client.has_body:
            return b""
        length = client.length
        if length is not None and length > route.budget.body:
            return None
        held, whole = await client.whole_body(route.budget.body)
        if not whole:
            client.begun = held
            return None
        return held

    def decide(self, client: Client, route: Route, table: Table) -> Choice:
        now = time()
        address = client_address(client.fields, client.peer, table.trusted_proxies)
        facts = Facts(
            method=client.method,
            sticky=sticky_value(route.sticky, client.fields, address),
            draw=self._draw(FULL),
            blind=self._blind(table),
            breaker_open=self.sides.open(route.candidate),
            wrote=self._slots.within(b"wrote " + caller(client), now, route.read_your_writes),
        )
        return decide(route, facts)

    async def pass_through(self, client: Client, table: Table) -> Sent:
        observed = await self.forward(client, table, None)
        self._note("", observed)
        return client.finish_or_abort(observed)

    async def too_large(self, client: Client, found: Found, table: Table) -> Sent:
        """Larger than the budget: legacy's alone, and counted as evidence that is missing."""
        route, _ = found
        self.tally.lost(route.endpoint, route.window, "body over budget")
        observed = await self.forward(client, table, None)
        self.tally.served(route.endpoint, route.window, Side.LEGACY)
        self._note(route.endpoint, observed)
        return client.finish_or_abort(observed)

    async def answer(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Sent:
        if choice.primary is Side.CANDIDATE:
            return await self.migrated.candidate_first(client, found, choice, body, table)
        return await self.migrated.legacy_first(client, found, choice, body, table)

    # -- legacy, as it streams ----------------------------------------------------------------------------------

    async def forward(self, client: Client, table: Table, body: bytes | None, keep: Keep | None = None) -> Observed:
        """Passes the request to legacy and its answer to the client, piece by piece, and into `keep`.

        `body` is the request's, if it has been read; None: it streams. Raises Looped and ClientGone.
        """
        pool = self.sides.pool(table.legacy, "client")
        head = self.sides.legacy_head(client, body=body)
        source: bytes | AsyncIterator[bytes] | None = body
        if body is None and client.has_body:
            source = client.body()
        try:
            answer = await pool.send(head, source)
        except UpstreamError as error:
            await self.forgets.told(client, None, self._table, self._matcher)
            return self._no_answer(client, table, error)
        except BaseException:
            self.forgets.tell(client, None, self._table, self._matcher)  # it may have been written all the same
            raise
        try:
            self.remember(client, answer.status)  # before the client knows of its write and reads it back
            await self.forgets.told(client, answer.status, self._table, self._matcher)
            return await self._copied(client, answer, keep)
        finally:
            answer.close()

    async def _copied(self, client: Client, answer: Answer, keep: Keep | None) -> Observed:
        loop = asyncio.get_running_loop()
        paused_before = client.paused
        client.start(answer.status, answer.reason, of_answer(answer.fields))
        try:
            async with aclosing(answer.pieces()) as pieces:
                size = await copied(client, pieces, keep)
        except UpstreamError as error:
            return Observed(None, failure=error.failure)
        paused = client.paused - paused_before
        seconds = max(loop.time() - answer.began - paused, 0.0)
        body = None if keep is None else keep.body()
        observed = seen(answer.status, answer.fields, body, seconds, candidate=False)
        return replace(observed, size=size, paused=paused)

    def _no_answer(self, client: Client, table: Table, error: UpstreamError) -> Observed:
        if error.failure is Failure.DEADLINE:
            text = f"legacy did not answer within {table.legacy.timeout:g} s"
            client.refuse(504, "Gateway Timeout", text)
        else:
            client.refuse(502, "Bad Gateway", f"legacy gave no answer ({error.failure})")
        self.tally.error(f"legacy {error.failure}")
        log.warning("legacy: %s", error)
        return Observed(None, failure=error.failure, size=-1)

    # -- what is remembered and counted -------------------------------------------------------------------------

    def remember(self, client: Client, status: int | None) -> None:
        """What a legacy answer tells of its caller: accepted or not, and whether it has written.

        Only a success of a migrated endpoint speaks for a token: legacy answers other paths, and refuses bad filters,
        without looking at it (legacy-api.md §2.3, §2.5).
        """
        if status is None:
            return
        now = time()
        found = self._matcher.find(client.method, client.target)
        authorization = first(client.fields, b"authorization")
        if authorization is not None and found is not None and 200 <= status < 300:
            self._slots.mark(b"vouched " + authorization, now)
        if client.method in SAFE or status >= 400:
            return
        if found is None or not (found[0].reads or found[0].effects):  # effects are nothing that could be read back
            self._slots.mark(b"wrote " + caller(client), now)
        writes = self._matcher.written(client.method, client.target)
        if writes:
            self.handover.writes([Write(now, route.endpoint, params, status) for route, params in writes])

    def vouched(self, client: Client) -> bool:
        """Whether legacy has accepted this token lately."""
        authorization = first(client.fields, b"authorization")
        return authorization is not None and self._slots.within(b"vouched " + authorization, time(), VOUCHED)

    def fell_back(self, endpoint: str, reason: str) -> None:
        """Counts a fallback, and says so at most once a second and reason."""
        self.tally.fallback(endpoint, reason)
        self._throttle.add(f"{endpoint} {reason}", lambda count: fallback(endpoint, reason, count))

    def unreadable(self, word: str) -> None:
        """Counts bytes of a client that are no request: nobody can be asked."""
        self.tally.error(word)
        text = f"a client sent no request that can be forwarded: {word}"
        self._throttle.add(word, lambda count: Event("unreadable", text, logging.WARNING, {"count": count}))

    def cut_off(self, endpoint: str, failure: Failure) -> None:
        """Counts a candidate's answer that broke off in the client's hands, and says so."""
        self.tally.fallback(endpoint, ABORTED)
        self._throttle.add(f"{endpoint} {ABORTED}", lambda count: aborted(endpoint, failure, count))

    def _note(self, endpoint: str, observed: Observed) -> None:
        self.tally.request(endpoint, LEGACY, observed.status or 502)
        if observed.failure is None:
            self.tally.seconds(endpoint, Side.LEGACY, observed.seconds)

    def tick(self) -> None:
        """Once a second: what was held back of the log."""
        self._throttle.flush()


def caller(client: Client) -> bytes:
    """Who asks, as far as reading one's writes goes: the credentials, or the peer."""
    return first(client.fields, b"authorization") or first(client.fields, b"cookie") or client.peer.encode()
