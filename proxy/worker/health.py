"""`GET /api/v1/health/vql` where `serve_health` says so: answered by the gateway, or by legacy when it does not."""

from __future__ import annotations

import json

from proxy.spooling import Keep
from proxy.worker.asking import ask, into, usable
from proxy.worker.client import Client, Sent
from proxy.worker.headers import of_answer
from proxy.worker.pair import Service
from rollout.table import Table

PATH = "/api/v1/health/vql"
DEADLINE = 3.0
"""Seconds for the gateway; it gives Connectra half of that."""
LARGEST = 1 << 16


def asks_for_health(client: Client, table: Table) -> bool:
    """Whether this request is answered here."""
    return table.health is not None and client.method == "GET" and client.target.partition("?")[0] == PATH


async def health(client: Client, table: Table, service: Service) -> Sent | None:
    """The gateway's answer; None when legacy is to answer, as it does without a lease. No exchange, no evidence."""
    gateway = next((one for one in table.candidates.values() if one.url.startswith("unix:")), None)
    if gateway is None or table.health is None or service.blind:
        return None
    sides = service.sides
    flags = json.dumps(table.health, separators=(",", ":")).encode()
    given = {"Flags": flags, "Endpoint": b"health-vql", "Client": client.peer.encode("latin-1", "replace")}
    if service.vouched(client):
        given["Vouched"] = b"1"
    head = sides.bearing_head(client, given)
    read = into(Keep(None, LARGEST), candidate=True)
    reply = await ask(sides.pool(gateway, "health"), head, b"", deadline=DEADLINE, read=read)
    body = reply.observed.body
    if reply.observed.declined is not None or usable(reply.observed, ()) is not None or not isinstance(body, bytes):
        return None
    client.start(reply.observed.status or 200, reply.reason, of_answer(reply.fields), whole=body)
    return client.finish()
