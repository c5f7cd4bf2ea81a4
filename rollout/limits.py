"""What a window is measured against, derived once when it opens: its thresholds and its share of alpha."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rollout.bounds import alpha_of_gate, alpha_of_window
from rollout.thresholds import Thresholds

TAUS = {"p50": 0.50, "p95": 0.95}


@dataclass(frozen=True, slots=True)
class LatencyLimit:
    """One latency gate: the candidate's `tau`-quantile against `ratio` times legacy's, in one direction."""

    name: str
    tau: float
    ratio: float
    promote: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What follows from thresholds, window number and the number of endpoints that roll back under one alpha.

    `alpha_promote` is the window's share of alpha, undivided: promotion needs all gates. `alpha_roll_back` is
    divided by gates and endpoints: any one fires. `latency` holds the gates that are not removed, promotion first.
    """

    alpha_promote: float
    alpha_roll_back: float
    latency: tuple[LatencyLimit, ...]


@lru_cache(maxsize=1024)
def limits_of(thresholds: Thresholds, number: int, endpoints: int) -> Limits:
    """The limits of window `number` of one of `endpoints` endpoints."""
    promote, back = thresholds.promote_when, thresholds.roll_back_when
    rates = (back.mismatch_rate, back.error_rate, back.fallback_rate, back.latency_p50, back.latency_p95)
    found = (
        ("p50", promote.latency_p50, True),
        ("p95", promote.latency_p95, True),
        ("p50", back.latency_p50, False),
        ("p95", back.latency_p95, False),
    )
    return Limits(
        alpha_of_window(promote.alpha, number),
        alpha_of_gate(back.alpha, sum(rate is not None for rate in rates), endpoints),
        tuple(LatencyLimit(name, TAUS[name], ratio, up) for name, ratio, up in found if ratio is not None),
    )
