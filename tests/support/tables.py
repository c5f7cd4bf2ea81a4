"""Routes and tables for tests, with defaults for everything that a test does not speak of."""

from __future__ import annotations

from typing import Any

from rollout.model import Budget, Upstream
from rollout.table import Route, Table

SALT = "00" * 32


def route(endpoint: str = "contact", **given: Any) -> Route:
    """A route of `GET /contacts/{contact_uuid}/`, sampled fully, at 0 %."""
    values: dict[str, Any] = {
        "phase": "single-record",
        "method": "GET",
        "template": "/contacts/{contact_uuid}/",
        "candidate": "candidate",
        "percent": 0,
        "shadow": 10_000,
        "window": 1,
        "salt": SALT,
        "sticky": ("client_ip",),
        "budget": Budget(),
        "serve_deadline": 2.0,
    }
    return Route(endpoint=endpoint, **(values | given))


NOWHERE = "http://127.0.0.1:1"


def table(*routes: Route, legacy: str = NOWHERE, candidate: str = NOWHERE, **given: Any) -> Table:
    """A table of these routes with one candidate named `candidate`."""
    values: dict[str, Any] = {"epoch": 1, "issued_at": 0.0, "lease": 300.0, "digest": "d"}
    values |= {"legacy": Upstream(legacy), "candidates": {"candidate": Upstream(candidate)}}
    return Table(routes=routes, **(values | given))
