"""Switches of the running lab: latencies and quirks. Not part of the original."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lab.legacy.bodies import parsed, raw_body
from lab.legacy.http import Answer, Call, Failure, ok
from lab.legacy.latency import Latency
from lab.legacy.quirks import Quirk, UnknownQuirk, choose
from lab.legacy.state import Lab


class LatencyRule(BaseModel):
    """PUT /lab/latency/: median 0 removes the rule of this prefix."""

    model_config = ConfigDict(extra="forbid")

    median_ms: float = Field(ge=0, le=60_000)
    sigma: float = Field(default=0.2, ge=0, le=3)
    match: str = ""


class QuirkChange(BaseModel):
    """PUT /lab/quirks/: names to switch to as built and to as intended."""

    model_config = ConfigDict(extra="forbid")

    on: list[str] = []
    off: list[str] = []


async def show_latency(lab: Lab, call: Call) -> Answer:
    """GET /lab/latency/"""
    await lab.users.authenticate(call, lab.pool)
    return ok(lab.latencies.rules())


async def set_latency(lab: Lab, call: Call) -> Answer:
    """PUT /lab/latency/"""
    body = await raw_body(call)
    await lab.users.authenticate(call, lab.pool)
    rule = parsed(LatencyRule, body)
    lab.latencies.set(Latency(rule.median_ms, rule.sigma, rule.match))
    return ok(lab.latencies.rules())


async def clear_latency(lab: Lab, call: Call) -> Answer:
    """DELETE /lab/latency/"""
    await lab.users.authenticate(call, lab.pool)
    lab.latencies.clear()
    return ok([])


async def show_quirks(lab: Lab, call: Call) -> Answer:
    """GET /lab/quirks/"""
    await lab.users.authenticate(call, lab.pool)
    return _quirks(lab)


async def set_quirks(lab: Lab, call: Call) -> Answer:
    """PUT /lab/quirks/"""
    body = await raw_body(call)
    await lab.users.authenticate(call, lab.pool)
    change = parsed(QuirkChange, body)
    try:
        lab.quirks = choose(change.on, change.off, base=lab.quirks)
    except UnknownQuirk as error:
        raise Failure(422, str(error)) from None
    return _quirks(lab)


def _quirks(lab: Lab) -> Answer:
    return ok({quirk.value: quirk in lab.quirks for quirk in Quirk})
