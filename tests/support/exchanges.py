"""Exchanges as workers hand them over."""

from __future__ import annotations

from typing import Any

import orjson

from proxy.exchange import Exchange, Observed, Request
from rollout.sides import Side

AT = 1_772_359_200.0
"""2026-03-01, 10:00 UTC."""
JSON = ((b"Content-Type", b"application/json"),)


def observed(value: Any = None, status: int | None = 200, **given: Any) -> Observed:
    """A side's answer in JSON."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    fields: dict[str, Any] = {"headers": JSON, "body": body, "size": len(body), "seconds": 0.01}
    return Observed(status, **(fields | given))


def exchange(legacy: Any = None, candidate: Any = None, **given: Any) -> Exchange:
    """An exchange of the endpoint `contact`; sides are JSON values, or `Observed`."""
    target = given.pop("target", "/contact/c1/?page=1")
    request = Request("GET", target, ((b"Host", b"api"), (b"Authorization", b"Bearer t")), None, "127.0.0.1")
    fields: dict[str, Any] = {
        "id": "x1", "at": AT, "endpoint": "contact", "window": 3, "epoch": 1, "percent": 0, "primary": Side.LEGACY,
        "served": Side.LEGACY, "request": request, "params": {"contact_uuid": "c1"}, "key": b"k" * 16,
        "legacy": legacy if isinstance(legacy, Observed) else observed(legacy),
        "candidate": candidate if isinstance(candidate, Observed) else observed(candidate),
    }  # fmt: skip
    return Exchange(**(fields | given))
