"""The gateway's cache of single records, as far as a worker keeps it true: it tells of writes.

A write that an endpoint's `written_by` names is told before its answer goes to the client, as long as that takes at
most WAITED seconds; a gateway that is slower is told all the same, and one that can not be told forgets by age.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import orjson

from proxy.exchange import Failure
from proxy.tasks import Tasks
from proxy.worker.client import Client
from proxy.worker.sides import Sides
from proxy.worker.upstream import UpstreamError
from rollout.match import SAFE, Matcher
from rollout.model import Upstream
from rollout.table import Route, Table

log = logging.getLogger("crossfade.worker")
WAITED = 0.05
"""Seconds that a client's answer waits for the gateway."""
DEADLINE = 2.0
"""Seconds after which a gateway counts as not told."""
MOST = 256
"""Tellings under way; beyond it a write is counted as not told."""
FORGET = "/-/forget"


class Forgets:
    """Tells the gateway what has been written. `failed` is told `forget` for each write that it could not tell."""

    def __init__(self, sides: Sides, failed: Callable[[str], None]) -> None:
        self._sides = sides
        self._failed = failed
        self._trouble = ""
        self.tasks = Tasks(failed)

    async def told(self, client: Client, status: int | None, table: Table, matcher: Matcher) -> None:
        """Waits until the gateway knows of this request, if it was a write, but no longer than WAITED seconds.

        `status` is legacy's answer, None without one: then the write may have happened all the same.
        """
        telling = self.tell(client, status, table, matcher)
        if telling is not None:
            await asyncio.wait({telling}, timeout=WAITED)

    def tell(self, client: Client, status: int | None, table: Table, matcher: Matcher) -> asyncio.Task[None] | None:
        """Begins to tell; None if there is nothing to tell, or too much under way."""
        if client.method in SAFE or (status is not None and 400 <= status < 500):
            return None
        found = _cached(matcher.written(client.method, client.target), table)
        if found is None:
            return None
        if len(self.tasks) >= MOST:
            self._untold("too many at a time")
            return None
        upstream, forgets = found
        return self.tasks.spawn(self._send(upstream, orjson.dumps(forgets)), "forget")

    async def _send(self, upstream: Upstream, body: bytes) -> None:
        head = self._sides.gateway_head("POST", FORGET, body)
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await self._sides.pool(upstream, "forget").send(head, body)
                answer.close()
        except TimeoutError:
            self._untold(Failure.DEADLINE.value)
        except UpstreamError as error:
            self._untold(error.failure.value)
        else:
            if answer.status != 204:
                self._untold(f"status {answer.status}")
            elif self._trouble:
                self._trouble = ""
                log.warning("the gateway hears of writes again")

    def _untold(self, trouble: str) -> None:
        """Counted each time, said once."""
        self._failed("forget")
        if not self._trouble:
            log.warning("the gateway does not hear of writes (%s): its records age out", trouble)
        self._trouble = trouble


def _cached(writes: list[tuple[Route, dict[str, str]]], table: Table) -> tuple[Upstream, list[dict[str, Any]]] | None:
    """The gateway and what it has to forget, of the endpoints that have a cache."""
    gateway: Upstream | None = None
    forgets = []
    for route, params in writes:
        upstream = table.candidates.get(route.candidate)
        if route.cache <= 0 or upstream is None or not upstream.url.startswith("unix:"):
            continue
        gateway = upstream
        own = {name: value for name, value in params.items() if f"{{{name}}}" in route.template}
        forgets.append({"endpoint": route.endpoint, "params": own if len(own) == 1 else {}})
    return None if gateway is None else (gateway, forgets)
