"""The two sides as a worker reaches them: pools, fields, budgets and breakers. Clients and shadows share no pool."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic, time

from proxy.exchange import Failure
from proxy.frames import BreakerMoved, Kind, pack_json
from proxy.worker.asking import Read, Reply, ask
from proxy.worker.client import Client
from proxy.worker.headers import first, of_request, only
from proxy.worker.upstream import Head, Pool
from rollout.breaker import Breaker, asked, reported
from rollout.budget import Bucket, InFlight, share, share_of_count
from rollout.model import Budget, Upstream
from rollout.table import Route, Table

log = logging.getLogger("crossfade.worker")
FAILS = frozenset({Failure.CONNECT, Failure.DEADLINE, Failure.RESET, Failure.STATUS, Failure.INVALID})
"""What moves a breaker: the candidate's own failures."""
LEGACY = "legacy"
HIT, MISS = "hit", "miss"
"""What the gateway says of its cache of single records."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a worker is told at its start. `token` marks this proxy in `Via`."""

    index: int
    workers: int
    token: bytes
    gateway_secret: bytes


class Sides:
    """Everything that is asked on behalf of clients and shadows."""

    def __init__(self, setting: Setting, tell: Callable[[bytes], None], draw: Callable[[], float]) -> None:
        self._setting = setting
        self._tell = tell
        self._draw = draw
        self._pools: dict[tuple[str, str], Pool] = {}
        self._breakers: dict[str, Breaker] = {}
        self._budgets: dict[str, tuple[Budget, Bucket, InFlight]] = {}

    @property
    def token(self) -> bytes:
        """This proxy's mark in `Via`."""
        return self._setting.token

    def pool(self, upstream: Upstream, purpose: str) -> Pool:
        """Connections to `upstream` for `client` or `shadow`; its time-out is the one of the table in force."""
        key = (upstream.url, purpose)
        if key not in self._pools:
            self._pools[key] = Pool(upstream.url, upstream.timeout)
        self._pools[key].timeout = upstream.timeout
        return self._pools[key]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    # -- heads --------------------------------------------------------------------------------------------------

    def legacy_head(self, client: Client, *, body: bytes | None) -> Head:
        """`body` is what will be sent whole; None: the client's, as it streams. Raises headers.Looped."""
        fields = of_request(client.fields, client.peer, self._setting.token)
        fields = [(key, value) for key, value in fields if key.lower() != b"expect"]
        return _framed(client, fields, body)

    def candidate_head(self, client: Client, route: Route, table: Table, body: bytes, given: dict[str, bytes]) -> Head:
        """`given` are our own fields; only the bundled gateway gets them. Raises headers.Looped."""
        upstream = table.candidates[route.candidate]
        fields = of_request(client.fields, client.peer, self._setting.token)
        fields = [(key, value) for key, value in fields if key.lower() != b"expect"]
        if upstream.url.startswith("unix:"):
            fields.append((b"X-Crossfade-Secret", self._setting.gateway_secret))
            fields += [(f"X-Crossfade-{name}".encode(), value) for name, value in given.items()]
        else:
            fields = only(fields, upstream.headers)
            if "Shadow" in given:
                fields.append((b"X-Crossfade-Shadow", b"1"))
        return _framed(client, fields, body)

    def bearing_head(self, client: Client, given: dict[str, bytes]) -> Head:
        """The client's request as the bundled gateway gets it, without a body. Raises headers.Looped."""
        fields = of_request(client.fields, client.peer, self._setting.token)
        fields = [(key, value) for key, value in fields if key.lower() not in (b"content-length", b"expect")]
        fields.append((b"X-Crossfade-Secret", self._setting.gateway_secret))
        fields += [(f"X-Crossfade-{name}".encode(), value) for name, value in given.items()]
        return Head(client.method, client.target, fields)

    def gateway_head(self, method: str, target: str, body: bytes) -> Head:
        """A request of our own to the bundled gateway, on a connection that ends with it."""
        fields = [
            (b"Host", b"gateway"),
            (b"X-Crossfade-Secret", self._setting.gateway_secret),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
            (b"Connection", b"close"),
        ]
        return Head(method, target, fields)

    # -- breakers -----------------------------------------------------------------------------------------------

    def open(self, candidate: str) -> bool:
        """Whether the candidate is not to be asked now."""
        breaker = self._breakers.get(candidate)
        return breaker is not None and not breaker.allows(monotonic())

    async def ask_candidate(
        self, route: Route, table: Table, head: Head, body: bytes, *, deadline: float, purpose: str, read: Read
    ) -> Reply:
        """Asks and lets the breaker know. The caller has looked at `open` before."""
        name = route.candidate
        self._moved(name, asked(self._breakers.get(name, Breaker()), monotonic()))
        pool = self.pool(table.candidates[name], purpose)
        try:
            reply = await ask(pool, head, body, deadline=deadline, read=read)
        except BaseException:  # its client went away: as a probe it says nothing, and another one may go
            self._breakers[name] = replace(self._breakers[name], probing_since=None)
            raise
        failed = reply.observed.failure in FAILS
        self._moved(name, reported(self._breakers.get(name, Breaker()), failed, monotonic(), self._draw()))
        return _marked(reply) if route.cache > 0 else reply

    def _moved(self, candidate: str, after: Breaker) -> None:
        before = self._breakers.get(candidate, Breaker())
        self._breakers[candidate] = after
        if after.standing is not before.standing:
            log.warning("breaker of %s: %s → %s", candidate, before.standing, after.standing)
            moved = BreakerMoved(self._setting.index, candidate, after.standing.value, time())
            self._tell(pack_json(Kind.BREAKER, moved))

    def breakers(self) -> list[bytes]:
        """A frame for each breaker that is not closed: what a new analyst has to know."""
        return [
            pack_json(Kind.BREAKER, BreakerMoved(self._setting.index, name, one.standing.value, time()))
            for name, one in self._breakers.items()
        ]

    # -- budgets ------------------------------------------------------------------------------------------------

    def admit(self, route: Route, size: int) -> tuple[InFlight | None, str]:
        """Room for one shadow request, to be left with `leave(size)`; or None and what there is too much of."""
        known = self._budgets.get(route.endpoint)
        if known is None or known[0] != route.budget:
            known = self._budget(route.budget)
            self._budgets[route.endpoint] = known
        _, rate, room = known
        if (full := room.enter(size)) is not None:
            return None, full
        if not rate.take(monotonic()):
            room.leave(size)
            return None, "rate"
        return room, ""

    def _budget(self, budget: Budget) -> tuple[Budget, Bucket, InFlight]:
        workers = self._setting.workers
        rate = share(budget.rate, workers)
        in_flight = share_of_count(budget.in_flight, workers)
        return budget, Bucket(rate, max(rate, 1.0)), InFlight(in_flight, max(in_flight, 1) * budget.body)


def _marked(reply: Reply) -> Reply:
    """With what the gateway says of its cache: believed only on routes that have one."""
    said = (first(reply.fields, b"x-crossfade-cache") or b"").decode("latin-1")
    return replace(reply, observed=replace(reply.observed, cache=said)) if said in (HIT, MISS) else reply


def _framed(client: Client, fields: list[tuple[bytes, bytes]], body: bytes | None) -> Head:
    """Framing of our own where the client's was chunked (RFC 9112 §6.1)."""
    if body is None:
        chunked = client.has_body and client.length is None
        if chunked:
            fields = [*fields, (b"Transfer-Encoding", b"chunked")]
        return Head(client.method, client.target, fields, chunked)
    if client.has_body:
        fields = [(key, value) for key, value in fields if key.lower() != b"content-length"]
        fields.append((b"Content-Length", str(len(body)).encode()))
    return Head(client.method, client.target, fields)
