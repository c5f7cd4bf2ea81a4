"""Configurations of few endpoints, as tests of the steward need them."""

from __future__ import annotations

from typing import Any, cast

from rollout.model import Budget, Config, Endpoint, Phase, Upstream
from rollout.thresholds import Thresholds


def endpoint(name: str = "contact", **given: Any) -> Endpoint:
    """An endpoint at 0 % on the ladder 1, 5, 100 %."""
    values: dict[str, Any] = {
        "phase": "single-record",
        "method": "GET",
        "template": f"/{name}/{{contact_uuid}}/",
        "candidate": "connectra",
        "percent": 0,
        "percent_writable": True,
        "auto": True,
        "rules": cast("Any", "no rules"),
        "thresholds": Thresholds(),
        "ladder": (100, 500, 10_000),
        "bake": 60.0,
        "budget": Budget(),
    }
    return Endpoint(name=name, **(values | given))


def config(*endpoints: Endpoint) -> Config:
    """One phase of these endpoints."""
    phase = Phase("single-record", "VQL_SINGLE_RECORD_RETRIEVAL", 60.0, False, endpoints or (endpoint(),))
    return Config(1, Upstream("http://127.0.0.1:1"), (phase,), "digest")
