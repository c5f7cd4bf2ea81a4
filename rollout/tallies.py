"""What a window counts beside its tests: shown to people, and the shares that gates look at. All of it bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from comparators.verdict import Outcome
from rollout.quantiles import Sketch

REASONS = 32
"""Distinct reasons kept by name in one counter; what comes after is counted as OTHER."""
OTHER = "other"
SHAPES = 64
SHAPE_LENGTH = 120
WARM_UP = 2_000
"""Legacy samples behind a frozen quantile: a p95 of them is off by 0.5 % of rank (one standard error)."""


def count(counter: dict[str, int], reason: str, times: int = 1) -> None:
    """Add `times` to `reason`, or to OTHER when the counter is full."""
    name = reason if reason in counter or len(counter) < REASONS else OTHER
    counter[name] = counter.get(name, 0) + times


@dataclass(slots=True)
class Reference:
    """Legacy's latest 2,000 to 4,000 latencies, carried from window to window of an endpoint."""

    current: Sketch = field(default_factory=Sketch)
    previous: Sketch = field(default_factory=Sketch)

    def add(self, seconds: float) -> None:
        """Take one of legacy's latencies."""
        self.current.add(seconds)
        if self.current.size >= WARM_UP:
            self.previous, self.current = self.current, Sketch()

    @property
    def samples(self) -> int:
        return self.current.size + self.previous.size

    def quantiles(self, taus: dict[str, float]) -> dict[str, float]:
        """Legacy's quantiles by name; empty before the first 2,000 samples."""
        if self.previous.size < WARM_UP:
            return {}
        both = self.previous.merged(self.current)
        return {name: value for name, tau in taus.items() if (value := both.quantile(tau)) is not None}


@dataclass(slots=True)
class Shape:
    """Requests of one query shape, and how many of them were compared."""

    seen: int = 0
    compared: int = 0


@dataclass(slots=True)
class Tallies:
    """Plain counts of one window.

    `seen` are exchanges whose eligibility is known; `declined`, `missing` (shed, dropped, lost) and
    `not_comparable` are by reason; `excluded` are pairs that say nothing of latency, by reason. `primary` counts
    the requests by the side chosen, `served` by the side that answered. `pairs` have two usable answers: each
    of them should get a verdict.
    """

    seen: int = 0
    pairs: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    declined: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    not_comparable: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    fallbacks: dict[str, int] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    reported: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def shape(self, name: str) -> Shape:
        """The counts of this query shape; those beyond SHAPES share one."""
        name = name[:SHAPE_LENGTH]
        if name not in self.shapes and len(self.shapes) >= SHAPES:
            name = OTHER
        return self.shapes.setdefault(name, Shape())

    def verdict(self, outcome: Outcome) -> None:
        """Count a final verdict, hot keys included: the traffic-weighted view."""
        count(self.verdicts, outcome.value)
