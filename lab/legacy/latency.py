"""Service times on demand: an answer is held back until its request is as old as a lognormal draw says."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Of the paths that begin with `match`: median in milliseconds, sigma of the logarithm."""

    median_ms: float
    sigma: float = 0.2
    match: str = ""


class Latencies:
    """The rules in force. Draws come from a fixed seed, so that two runs wait alike."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._rules: dict[str, Latency] = {}

    def set(self, rule: Latency) -> None:
        """One rule a prefix; a median of 0 removes it."""
        self._rules.pop(rule.match, None)
        if rule.median_ms > 0:
            self._rules[rule.match] = rule

    def clear(self) -> None:
        """No delays any more."""
        self._rules.clear()

    def rules(self) -> list[Latency]:
        """The rules in force, the longest prefix first: the first that matches counts."""
        return sorted(self._rules.values(), key=lambda rule: len(rule.match), reverse=True)

    def draw(self, path: str) -> float:
        """How long a request to this path shall take altogether, seconds; 0 when no rule is for it."""
        for rule in self.rules() if self._rules else ():
            if path.startswith(rule.match):
                return rule.median_ms / 1000.0 * math.exp(rule.sigma * self._rng.gauss(0.0, 1.0))
        return 0.0

    async def hold(self, path: str, arrived: float) -> None:
        """Waits until the request that arrived at this time of the loop has taken its drawn time."""
        total = self.draw(path)
        if total > 0.0:
            rest = arrived + total - asyncio.get_running_loop().time()
            if rest > 0.0:
                await asyncio.sleep(rest)
