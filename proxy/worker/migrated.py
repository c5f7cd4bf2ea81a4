"""Requests of migrated endpoints: who is asked, whose answer the client gets, and the exchange that is made of it."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from time import time
from uuid import uuid4

from proxy.exchange import Exchange, Failure, Observed, Request
from proxy.journey import Found
from proxy.tasks import Tasks
from proxy.worker.asking import Reply, ask, usable
from proxy.worker.client import Client, Sent
from proxy.worker.fallback import fall_back
from proxy.worker.headers import first, of_answer
from proxy.worker.pair import Pair, Service
from rollout.decide import Choice
from rollout.sides import Side
from rollout.table import Table

NOT_SAMPLED = "not sampled"


class Migrated:
    """Answers requests of endpoints; shadows are tasks of its own, bounded by budgets."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.shadows = Tasks(service.tally.error)

    async def legacy_first(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Sent:
        """Legacy's answer streams to the client; the candidate is asked beside it."""
        pair = self._pair(client, found, choice, body, table)
        shadow = self._shadow_candidate(pair) if choice.shadow else None
        keep = pair.route.budget.body if shadow is not None else 0
        try:
            pair.legacy = await self._service.forward(client, table, body, keep)
        except BaseException:
            if shadow is not None:
                self._service.tally.lost(pair.route.endpoint, pair.route.window, "client left")
            raise
        self._counted(pair, Side.LEGACY, pair.legacy)
        if shadow is not None:
            self.shadows.spawn(self._finished(pair, shadow, Side.CANDIDATE), "pair")
        else:
            self._service.tally.served(pair.route.endpoint, pair.route.window, Side.LEGACY)
            self._service.tally.skipped(pair.route.endpoint, pair.skipped or choice.skipped or NOT_SAMPLED)
        return client.finish_or_abort(pair.legacy)

    async def candidate_first(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Sent:
        """The candidate's answer, held whole; legacy's, if it has none that may be served."""
        pair = self._pair(client, found, choice, body, table)
        shadow = self._shadow_legacy(pair) if choice.shadow else None
        reply = await self._asked(pair)
        pair.candidate = reply.observed
        reason = usable(reply.observed, pair.route.gaps)
        if reply.observed.declined is None and reason is None:
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
            sent = await fall_back(self._service, pair, shadow)
        if shadow is not None:
            self.shadows.spawn(self._finished(pair, shadow, Side.LEGACY), "pair")
        else:
            pair.skipped = pair.skipped or choice.skipped or NOT_SAMPLED
            self._hand_over(pair)
        return sent

    # -- asking -------------------------------------------------------------------------------------------------

    def _pair(self, client: Client, found: Found, choice: Choice, body: bytes, table: Table) -> Pair:
        route, params = found
        return Pair(client, route, params, choice, table, body, uuid4().hex, time(), Side.LEGACY)

    async def _asked(self, pair: Pair) -> Reply:
        sides, route = self._service.sides, pair.route
        if sides.open(route.candidate):
            return Reply(Observed(None, failure=Failure.BREAKER))
        head = sides.candidate_head(pair.client, route, pair.table, pair.body, self._given(pair))
        return await sides.ask_candidate(
            route, pair.table, head, pair.body, deadline=route.serve_deadline, purpose="client"
        )

    def _given(self, pair: Pair, *, shadow: bool = False) -> dict[str, bytes]:
        texts = {"Request": pair.id, "Client": pair.client.peer, "Endpoint": pair.route.endpoint}
        given = {name: text.encode("latin-1", "replace") for name, text in texts.items()}
        if shadow:
            given["Shadow"] = b"1"
        if self._service.vouched(pair.client):
            given["Vouched"] = b"1"
        return given

    def _shadow_candidate(self, pair: Pair) -> asyncio.Task[Reply] | None:
        sides, route = self._service.sides, pair.route
        room, full = sides.admit(route, len(pair.body))
        if room is None:
            pair.skipped = full
            self._service.tally.lost(route.endpoint, route.window, full)
            return None
        head = sides.candidate_head(pair.client, route, pair.table, pair.body, self._given(pair, shadow=True))

        async def asked() -> Reply:
            try:
                return await sides.ask_candidate(
                    route, pair.table, head, pair.body, deadline=route.budget.deadline, purpose="shadow"
                )
            finally:
                room.leave(len(pair.body))

        return self.shadows.spawn(asked(), "shadow")

    def _shadow_legacy(self, pair: Pair) -> asyncio.Task[Reply] | None:
        """Legacy beside a candidate that serves: evidence goes on, and a fallback finds its answer waiting."""
        sides, route = self._service.sides, pair.route
        room, full = sides.admit(route, len(pair.body))
        if room is None:
            pair.skipped = full
            return None
        head = sides.legacy_head(pair.client, body=pair.body)
        pool = sides.pool(pair.table.legacy, "shadow")
        deadline = pair.table.legacy.timeout

        async def asked() -> Reply:
            try:
                reply = await ask(
                    pool, head, pair.body, deadline=deadline, limit=route.budget.body, candidate=False
                )
                self._service.remember(pair.client, reply.observed.status)
                return reply
            finally:
                room.leave(len(pair.body))

        return self.shadows.spawn(asked(), "shadow")

    # -- afterwards ---------------------------------------------------------------------------------------------

    async def _finished(self, pair: Pair, shadow: asyncio.Task[Reply], side: Side) -> None:
        """Waits for the shadow's answer and hands the exchange over."""
        observed = (await shadow).observed
        if side is Side.LEGACY:
            pair.legacy = observed
        else:
            pair.candidate = observed
            if observed.declined is not None:
                self._service.tally.declined(pair.route.endpoint, observed.declined)
        if observed.failure is None:
            self._service.tally.seconds(pair.route.endpoint, side, observed.seconds)
        if pair.legacy is not None and pair.legacy.size > pair.route.budget.body:
            pair.skipped = "body over budget"
        self._hand_over(pair)

    def _counted(self, pair: Pair, side: Side, observed: Observed) -> None:
        self._service.tally.request(pair.route.endpoint, side.value, observed.status or 502)
        if observed.failure is None:
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


def _body(reply: Reply) -> bytes:
    body = reply.observed.body
    return body if isinstance(body, bytes) else b""


def _emptied(side: Observed) -> Observed:
    return Observed(side.status, side.headers, None, side.size, side.seconds, side.paused)


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
