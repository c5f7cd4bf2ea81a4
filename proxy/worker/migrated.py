"""Requests of migrated endpoints: who is asked, whose answer the client gets, and the exchange that is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from hashlib import blake2b
from time import time
from typing import Any
from uuid import uuid4

from proxy.exchange import Exchange, Failure, Observed, Request
from proxy.journey import Found
from proxy.spooling import Keep, drop
from proxy.tasks import Tasks
from proxy.worker.asking import Reply, ask, into, usable
from proxy.worker.client import Client, Sent
from proxy.worker.fallback import fall_back
from proxy.worker.headers import first, of_answer
from proxy.worker.pair import Pair, Service
from proxy.worker.sides import HIT
from proxy.worker.streaming import onto
from rollout.budget import InFlight
from rollout.decide import Choice
from rollout.sides import Side
from rollout.table import Table

NOT_SAMPLED = "not sampled"
Shadow = asyncio.Task[Reply]


class Migrated:
    """Answers requests of endpoints; shadows are tasks of its own, bounded by budgets."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.shadows = Tasks(service.tally.error)

    async def legacy_first(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Sent:
        """Legacy's answer streams to the client; the candidate is asked beside it."""
        pair = self._pair(client, found, choice, body, table)
        shadow = self._shadow_candidate(pair) if choice.shadow else None
        keep = self._place(pair)
        try:
            with keep:
                pair.legacy = await self._service.forward(client, table, body, keep if shadow is not None else None)
        except BaseException:
            self._left(pair, shadow)
            raise
        self._not_kept(pair, keep.lost)
        self._counted(pair, Side.LEGACY, pair.legacy)
        if shadow is not None:
            self.shadows.spawn(self._finished(pair, shadow, Side.CANDIDATE), "pair")
        else:
            self._service.tally.served(pair.route.endpoint, pair.route.window, Side.LEGACY)
            self._service.tally.skipped(pair.route.endpoint, pair.skipped or choice.skipped or NOT_SAMPLED)
        return client.finish_or_abort(pair.legacy)

    async def candidate_first(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Sent:
        """The candidate's answer, held whole or as it streams; legacy's, if it has none that may be served."""
        pair = self._pair(client, found, choice, body, table)
        shadow = self._shadow_legacy(pair) if choice.shadow else None
        try:
            sent, waiting = await self._served(pair, shadow)
        except BaseException:
            self._left(pair, shadow)
            raise
        if waiting is not None:
            self.shadows.spawn(self._finished(pair, waiting, Side.LEGACY), "pair")
        else:
            if not choice.shadow:
                pair.skipped = choice.skipped or NOT_SAMPLED
            self._hand_over(pair)
        return sent

    async def _served(self, pair: Pair, shadow: Shadow | None) -> tuple[Sent, Shadow | None]:
        """Answers the client; says which shadow is to be waited for."""
        client = pair.client
        reply = await self._asked(pair)
        pair.candidate = reply.observed
        self._service.tally.cache(pair.route.endpoint, reply.observed.cache)
        reason = usable(reply.observed, pair.route.gaps)
        if reason is None and reply.observed.declined is None and not client.started:
            reason = await self._service.effects.made(pair, reply)
        if client.started:  # it has streamed, to its end or until it broke off
            pair.served = Side.CANDIDATE
            self._not_kept(pair, reply.lost)
            self._counted(pair, Side.CANDIDATE, reply.observed)
            if reply.observed.failure is not None:
                self._service.cut_off(pair.route.endpoint, reply.observed.failure)
            sent = client.finish_or_abort(reply.observed)
        elif reply.observed.declined is None and reason is None:
            pair.served = Side.CANDIDATE
            client.start(reply.observed.status or 200, reply.reason, of_answer(reply.fields), whole=_body(reply))
            self._counted(pair, Side.CANDIDATE, reply.observed)
            sent = client.finish()
        else:
            if reply.observed.declined is not None:
                self._service.tally.declined(pair.route.endpoint, reply.observed.declined)
            elif reason is not None:
                pair.fallback = reason
                self._service.fell_back(pair.route.endpoint, reason)
            if pair.streams and shadow is not None and not shadow.done():
                shadow.cancel()  # its end may be far away, and the client waits: legacy is asked anew
                shadow = None
            sent = await fall_back(self._service, pair, shadow)
        return sent, shadow

    # -- asking -------------------------------------------------------------------------------------------------

    def _pair(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Pair:
        route, params = found
        return Pair(client, route, params, choice, table, body, uuid4().hex, time(), Side.LEGACY)

    async def _asked(self, pair: Pair) -> Reply:
        sides, route = self._service.sides, pair.route
        if sides.open(route.candidate):
            return Reply(Observed(None, failure=Failure.BREAKER))
        head = sides.candidate_head(pair.client, route, pair.table, pair.body, self._given(pair))
        with self._place(pair) as keep:
            read = into(keep, candidate=True)
            if pair.streams:
                compared = pair.choice.shadow and pair.skipped is None
                read = onto(pair.client, route.gaps, keep if compared else None)
            return await sides.ask_candidate(
                route, pair.table, head, pair.body, deadline=route.serve_deadline, purpose="client", read=read
            )

    def _place(self, pair: Pair) -> Keep:
        """Where a body is kept for comparing: a held answer in memory, one that streams in a file if it is large."""
        budget = pair.route.budget
        return self._service.handover.spools.keep(budget.spool) if pair.streams else Keep(None, budget.body)

    def _given(self, pair: Pair, *, shadow: bool = False) -> dict[str, bytes]:
        texts = {"Request": pair.id, "Client": pair.client.peer, "Endpoint": pair.route.endpoint}
        given = {name: text.encode("latin-1", "replace") for name, text in texts.items()}
        if shadow:
            given["Shadow"] = b"1"
        elif pair.route.cache > 0:
            given["Cache"] = f"{pair.route.cache:g}".encode()
        if self._service.vouched(pair.client):
            given["Vouched"] = b"1"
        return given

    def _shadow_candidate(self, pair: Pair) -> Shadow | None:
        sides, route = self._service.sides, pair.route
        head = sides.candidate_head(pair.client, route, pair.table, pair.body, self._given(pair, shadow=True))
        room, full = sides.admit(route, len(pair.body))
        if room is None:
            pair.skipped = full
            self._service.tally.lost(route.endpoint, route.window, full)
            return None

        async def asked() -> Reply:
            with self._place(pair) as keep:
                read = into(keep, candidate=True, streams=pair.streams)
                return await sides.ask_candidate(
                    route, pair.table, head, pair.body, deadline=route.budget.deadline, purpose="shadow", read=read
                )

        return self._spawned(asked(), room, len(pair.body))

    def _shadow_legacy(self, pair: Pair) -> Shadow | None:
        """Legacy beside a candidate that serves: evidence goes on, and a fallback finds its answer waiting."""
        sides, route = self._service.sides, pair.route
        head = sides.legacy_head(pair.client, body=pair.body)
        room, full = sides.admit(route, len(pair.body))
        if room is None:
            pair.skipped = full
            return None
        pool = sides.pool(pair.table.legacy, "shadow")
        deadline = pair.table.legacy.timeout

        async def asked() -> Reply:
            with self._place(pair) as keep:
                read = into(keep, candidate=False, streams=pair.streams)
                reply = await ask(pool, head, pair.body, deadline=deadline, read=read)
            self._service.remember(pair.client, reply.observed.status)
            return reply

        return self._spawned(asked(), room, len(pair.body))

    def _spawned(self, asked: Coroutine[Any, Any, Reply], room: InFlight, size: int) -> Shadow:
        """It leaves its room however it ends: one that is cancelled before it begins would run no `finally`."""
        shadow = self.shadows.spawn(asked, "shadow")
        shadow.add_done_callback(lambda _: room.leave(size))
        return shadow

    # -- afterwards ---------------------------------------------------------------------------------------------

    async def _finished(self, pair: Pair, shadow: Shadow, side: Side) -> None:
        """Waits for the shadow's answer and hands the exchange over."""
        try:
            reply = await shadow
        except BaseException:
            drop(pair.legacy)
            drop(pair.candidate)
            raise
        observed = reply.observed
        self._not_kept(pair, reply.lost)
        if side is Side.LEGACY:
            pair.legacy = observed
        else:
            pair.candidate = observed
            if observed.declined is not None:
                self._service.tally.declined(pair.route.endpoint, observed.declined)
        if observed.failure is None:
            self._service.tally.seconds(pair.route.endpoint, side, observed.seconds)
        self._hand_over(pair)

    def _left(self, pair: Pair, shadow: Shadow | None) -> None:
        """The client went away before it had its answer: nothing will be compared."""
        drop(pair.candidate)
        if shadow is not None:
            self._service.tally.lost(pair.route.endpoint, pair.route.window, "client left")
            if pair.streams:
                shadow.cancel()
            shadow.add_done_callback(_unwanted)

    def _not_kept(self, pair: Pair, reason: str | None) -> None:
        """An answer that is no evidence, since it could not be kept."""
        if reason is not None and pair.skipped is None:
            pair.skipped = reason
            self._service.tally.skipped(pair.route.endpoint, reason)

    def _counted(self, pair: Pair, side: Side, observed: Observed) -> None:
        self._service.tally.request(pair.route.endpoint, side.value, observed.status or 502)
        if observed.failure is None and observed.cache != HIT:
            self._service.tally.seconds(pair.route.endpoint, side, observed.seconds)

    def _hand_over(self, pair: Pair) -> None:
        legacy, candidate = pair.legacy, pair.candidate
        equal = legacy is not None and candidate is not None and same(legacy, candidate)
        if equal and legacy is not None and candidate is not None:
            legacy, candidate = _emptied(legacy), _emptied(candidate)
        client = pair.client
        request = Request(client.method, client.target, client.fields, pair.body or None, client.peer)
        self._service.handover.take(
            Exchange(
                id=pair.id,
                at=pair.at,
                endpoint=pair.route.endpoint,
                window=pair.route.window,
                epoch=pair.table.epoch,
                percent=pair.route.percent,
                primary=pair.choice.primary,
                served=pair.served,
                request=request,
                params=pair.params,
                key=request_key(pair.route.endpoint, client.target, pair.body, bytes.fromhex(pair.route.salt)),
                legacy=legacy,
                candidate=candidate,
                equal=equal,
                fallback=pair.fallback,
                skipped=pair.skipped,
            )
        )


def _unwanted(shadow: Shadow) -> None:
    if not shadow.cancelled() and shadow.exception() is None:
        drop(shadow.result().observed)


def _body(reply: Reply) -> bytes:
    body = reply.observed.body
    return body if isinstance(body, bytes) else b""


def _emptied(side: Observed) -> Observed:
    return Observed(side.status, side.headers, None, side.size, side.seconds, side.paused, cache=side.cache)


def same(one: Observed, other: Observed) -> bool:
    """Whether both sides gave the same bytes, with the same status, type and coding."""
    if one.failure is not None or other.failure is not None or other.declined is not None or other.missing:
        return False
    if not isinstance(one.body, bytes) or one.body != other.body or one.status != other.status:
        return False
    names = (b"content-type", b"content-encoding")
    return all(first(one.headers, name) == first(other.headers, name) for name in names)


def request_key(endpoint: str, target: str, body: bytes, salt: bytes) -> bytes:
    """The unit of observation: endpoint, path, the query's parts in any order, and the body."""
    path, _, query = target.partition("?")
    canonical = "\0".join((endpoint, path, *sorted(part for part in query.split("&") if part)))
    digest = blake2b(canonical.encode("utf-8", "surrogateescape"), key=salt, digest_size=16)
    digest.update(b"\0\0" + body)
    return digest.digest()
