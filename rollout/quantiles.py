"""Quantiles of latencies: a sketch of bounded size, always-valid intervals, and the interval of a ratio.

Sources: Masson, Rim, Lee, "DDSketch", VLDB 2019 (the sketch: relative error ERROR for every quantile); Howard
and Ramdas, "Sequential estimation of quantiles", Bernoulli 2022, in the beta-binomial form.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, inf, isinf, lgamma, log

ERROR = 0.01
"""The sketch's relative error: a value read from it lies within 1 % of the true one."""
GAMMA = (1.0 + ERROR) / (1.0 - ERROR)
LOG_GAMMA = log(GAMMA)
LEAST, GREATEST = 1e-4, 1e3
"""Seconds. What is shorter or longer is kept as these, which bounds a sketch to 807 buckets."""


@dataclass(slots=True)
class Sketch:
    """Counts of positive values in buckets whose bounds grow by GAMMA; +inf is counted apart."""

    counts: Counter[int] = field(default_factory=Counter)
    infinite: int = 0

    def add(self, value: float) -> None:
        """Count `value` (seconds; inf for a deadline)."""
        if isinf(value):
            self.infinite += 1
        else:
            self.counts[ceil(log(min(max(value, LEAST), GREATEST)) / LOG_GAMMA)] += 1

    @property
    def size(self) -> int:
        return self.counts.total() + self.infinite

    def at_rank(self, rank: int) -> float:
        """The value at `rank` (1 is the least); 0.0 below the first, inf above the last finite one."""
        if rank < 1:
            return 0.0
        seen = 0
        for index in sorted(self.counts):
            seen += self.counts[index]
            if seen >= rank:
                return float(2.0 * GAMMA**index / (GAMMA + 1.0))
        return inf

    def quantile(self, tau: float) -> float | None:
        """The value below which a share `tau` lies, within ERROR; None without data."""
        return self.at_rank(max(1, ceil(tau * self.size))) if self.size else None

    def share_above(self, value: float) -> float:
        """The share of what was added that lies in buckets over `value`'s."""
        if not self.size:
            return 0.0
        border = ceil(log(min(max(value, LEAST), GREATEST)) / LOG_GAMMA)
        above = sum(count for index, count in self.counts.items() if index > border)
        return (above + self.infinite) / self.size

    def merged(self, other: Sketch) -> Sketch:
        """Both together."""
        return Sketch(self.counts + other.counts, self.infinite + other.infinite)

    def pack(self) -> list[int]:
        """[infinite, first bucket, count, count, …], without gaps."""
        if not self.counts:
            return [self.infinite]
        first, last = min(self.counts), max(self.counts)
        return [self.infinite, first, *(self.counts[index] for index in range(first, last + 1))]

    @classmethod
    def unpack(cls, value: list[int]) -> Sketch:
        """The inverse of `pack`."""
        counts = {value[1] + offset: count for offset, count in enumerate(value[2:]) if count}
        return cls(Counter(counts), value[0])


@dataclass(frozen=True, slots=True)
class Interval:
    """Always-valid bounds of a quantity; `high` is None when nothing bounds it yet."""

    low: float
    high: float | None


def log_martingale(below: int, n: int, tau: float) -> float:
    """ln of the beta-binomial martingale of #{observations <= Q(tau)} = `below` of `n`, Beta(1/2, 1/2) mixed."""
    beta = lgamma(0.5 + below) + lgamma(0.5 + n - below) - lgamma(1.0 + n)
    return beta - 2.0 * lgamma(0.5) + lgamma(1.0) - below * log(tau) - (n - below) * log(1.0 - tau)


def plausible_ranks(n: int, tau: float, alpha: float) -> tuple[int, int]:
    """The least and the greatest count of observations below the tau-quantile that `alpha` does not reject.

    The martingale is log-convex in the count, with its least value near n·tau: both ends by bisection.
    """
    limit = log(2.0 / alpha)
    centre = min(max(round(n * tau), 0), n)

    def edge(inside: int, outside: int) -> int:
        if log_martingale(outside, n, tau) < limit:
            return outside
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if log_martingale(middle, n, tau) < limit else (inside, middle)
        return inside

    return edge(centre, 0), edge(centre, n)


def quantile_interval(sketch: Sketch, tau: float, alpha: float) -> Interval:
    """Q(tau) lies in [X_(l), X_(u+1)] at all times with probability 1 − alpha (Howard and Ramdas 2022)."""
    n = sketch.size
    if not n:
        return Interval(0.0, None)
    low, high = plausible_ranks(n, tau, alpha)
    top = sketch.at_rank(high + 1)
    return Interval(sketch.at_rank(low), None if isinf(top) else top)


def ratio_interval(candidate: Sketch, legacy: Sketch, tau: float, alpha: float) -> Interval:
    """The candidate's tau-quantile over legacy's; each side at alpha/2, widened by the sketch's error."""
    above = quantile_interval(candidate, tau, alpha / 2.0)
    below = quantile_interval(legacy, tau, alpha / 2.0)
    low = above.low / below.high / GAMMA if below.high else 0.0
    high = above.high / below.low * GAMMA if above.high is not None and below.low > 0.0 else None
    return Interval(low, high)
