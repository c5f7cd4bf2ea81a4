"""The gates of rollout.yaml: what must be proven to promote, and what, once proven, rolls back.

Rates are fractions (0.005 is 0.5 %), ratios are candidate over legacy, times are seconds.
A gate that is None has been removed by the operator; that is shown as bypassed evidence.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromoteWhen:
    """Promotion needs every gate that is not None, each proven at `alpha`'s share for its window."""

    mismatch_rate: float | None = 0.005
    error_rate: float | None = 0.01
    fallback_rate: float | None = 0.05
    latency_p50: float | None = 1.20
    latency_p95: float | None = 1.20
    lag_p99: float | None = 10.0
    compared_at_least: float | None = 0.95
    eligible_at_least: float | None = 0.80
    shapes_at_least: float | None = 0.95
    """Share of requests whose query shape (set of parameter names) has been compared at least once in the window."""
    served_at_least: float | None = 0.50
    """The candidate's share of the served requests, as a part of what the percent says."""
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class RollBackWhen:
    """Roll back fires on any gate; `alpha` is split over gates and endpoints (Bonferroni)."""

    mismatch_rate: float | None = 0.02
    error_rate: float | None = 0.05
    fallback_rate: float | None = 0.10
    latency_p50: float | None = None
    latency_p95: float | None = 1.50
    alpha: float = 0.001


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One endpoint's gates, with the time block (seconds) over which errors, fallbacks and latency are observed."""

    promote_when: PromoteWhen = PromoteWhen()
    roll_back_when: RollBackWhen = RollBackWhen()
    block: float = 60.0
