"""Fallback: the candidate has no answer that may be served, so legacy's is, whatever it says, with its own text."""

from __future__ import annotations

import asyncio

from proxy.exchange import Failure
from proxy.worker.asking import Reply
from proxy.worker.client import Sent
from proxy.worker.headers import of_answer
from proxy.worker.pair import Pair, Service
from rollout.sides import Side

FALL_BACK = True
"""Always. `loadtests.demo.sabotage` turns it off to see whether anybody would notice."""


async def fall_back(service: Service, pair: Pair, shadow: asyncio.Task[Reply] | None) -> Sent:
    """Serves legacy's answer: the one that was asked for beside the candidate, or a new one."""
    client = pair.client
    if not FALL_BACK:
        return client.refuse(502, "Bad Gateway", "no fallback")
    if shadow is not None:
        reply = await asyncio.shield(shadow)
        observed = reply.observed
        if observed.failure in (None, Failure.STATUS) and isinstance(observed.body, bytes):
            client.start(observed.status or 200, reply.reason, of_answer(reply.fields), whole=observed.body)
            service.tally.request(pair.route.endpoint, Side.LEGACY.value, observed.status or 502)
            return client.finish()
    pair.legacy = await service.forward(client, pair.table, pair.body)
    service.tally.request(pair.route.endpoint, Side.LEGACY.value, pair.legacy.status or 502)
    return client.finish_or_abort(pair.legacy)
