"""The parts that the analyst's process is wired from: the judge with what surrounds an endpoint, and the comparers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxy.analyst.process_comparing import Comparing
from proxy.analyst.state import Standing
from proxy.settings import Paths
from rollout.effects import NOT_KNOWN, why_not
from rollout.judge import Ruling, Surroundings, evidence_of, judge
from rollout.model import Config
from rollout.phases import waits_for


def judging(
    standing: Standing, others: Mapping[str, Standing], now: float, effects: str | None = NOT_KNOWN
) -> Ruling:
    """The judge's word on one endpoint among the others; `effects` is why none can be made, None when they can."""
    return judge(standing.window, standing.state, standing.climb, _around(standing, others, effects), now)


def proving(standing: Standing, now: float, effects: str | None = NOT_KNOWN) -> dict[str, Any]:
    """What the ruling can be replayed from."""
    around = _around(standing, {standing.config.name: standing}, effects)
    return evidence_of(standing.window, standing.state, standing.climb, around, now)


def comparing(config: Config, paths: Paths, secret: bytes) -> Comparing:
    """Intake, examiner and comparing processes."""
    return Comparing(config, paths, secret)


def _around(standing: Standing, others: Mapping[str, Standing], effects: str | None) -> Surroundings:
    endpoints = [one.config for one in others.values()]
    states = {name: one.state for name, one in others.items()}
    config = standing.config
    why = why_not(config, effects)
    waits = waits_for(config, endpoints, states)
    return Surroundings(waits, auto=config.auto, effects=why is not None, why_effects=why or "")
