"""GET /api/v1/health/vql (legacy-api.md §8): how Connectra is, without its address or key. Always 200.

The flags are the worker's word: its routing table knows which are on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import ConnectraError, Declined
from connectra.handlers.base import Given

log = logging.getLogger("connectra.health")
MASTER = "CONNECTRA_ENABLED"
DEADLINE = 1.5
"""Seconds for Connectra to say that it lives: who watches health does not wait for long."""


async def health_vql(client: Client, asked: Asked) -> Given:
    """Connectra's state. While it is switched off, nobody asks it."""
    flags = _flags(asked.headers.get("X-Crossfade-Flags"))
    enabled = flags.get(MASTER, False)
    status, error = await _state(client) if enabled else ("unavailable", "Connectra is not enabled")
    body: dict[str, Any] = {"connectra_enabled": enabled, "connectra_status": status, "connectra_base_url": ""}
    if error is None:
        body["connectra_details"] = {"status": "ok"}
    else:
        body["connectra_error"] = error
    return Given(200, {**body, "monitoring_available": True, "feature_flags": flags})


async def _state(client: Client) -> tuple[str, str | None]:
    try:
        async with asyncio.timeout(DEADLINE):
            await client.health()
    except TimeoutError:
        return "unavailable", f"Connectra did not answer within {DEADLINE:g} s"
    except ConnectraError as error:
        log.warning("health: %s", error)  # its words may name addresses
        words = {"refused": ("unhealthy", "Connectra refused"), "misread": ("unhealthy", "Connectra's answer is none")}
        return words.get(error.word, ("unavailable", "Connectra can not be reached"))
    return "healthy", None


def _flags(text: str | None) -> dict[str, bool]:
    """Flag → on. Raises Declined without a worker's word: then legacy answers."""
    if text is None:
        raise Declined("no flags given")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Declined("the flags can not be read") from error
    if not isinstance(value, dict) or not all(isinstance(on, bool) for on in value.values()):
        raise Declined("the flags can not be read")
    return value
