"""Time blocks: what happened in one, and the tests that take one observation from each.

A block is closed once `grace` seconds have passed after its end; what arrives later belongs to the oldest open
block, so nothing is lost and nothing slow is left out. Everything of a block counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from rollout.betting import (
    Capital,
    Cusum,
    Renewal,
    log_half,
    log_ratio_of_event,
    log_ratio_of_share,
)
from rollout.bounds import above, log_roll_back, log_sign_roll_back, upper_bound

DISCORDANT_AT_LEAST = 5
"""Fewer discordant pairs than this, or a tie, are merged into the next block."""
SIGN_ALTERNATIVE = 0.9
"""The share of bad signs that the watch after the last rung looks for."""


@dataclass(slots=True)
class Block:
    """Counts of one time block. `pairs` holds [bad, good] discordant pairs for each of the window's latency gates.

    `quantiles` are legacy's, frozen when the block began: the gates' x is ratio times these.
    """

    index: int
    epoch: int
    quantiles: dict[str, float]
    pairs: list[list[int]]
    asked: int = 0
    failed: int = 0
    primary: int = 0
    fallbacks: int = 0
    outage: bool = False
    closed: bool = False
    pending: int = 0
    n: int = 0
    mismatches: int = 0
    unresolved: int = 0
    late: int = 0
    recent_n: int = 0
    recent_mismatches: int = 0


@dataclass(slots=True)
class ShareTest:
    """Evidence on the mean share that fails in a block, both ways; a limit that is None has no test."""

    promote: Capital | None
    roll_back: Capital | None
    recent: Capital | None
    renewal: Renewal = field(default_factory=Renewal)
    cusum: Cusum = field(default_factory=Cusum)
    asked: int = 0
    failed: int = 0
    outage_asked: int = 0
    outage_failed: int = 0
    outage_blocks: int = 0
    blocks: int = 0

    @classmethod
    def of(cls, promote: float | None, roll_back: float | None, alpha: float, alpha_back: float) -> ShareTest:
        """A test against the limits `promote` and `roll_back` (fractions; None: no test)."""

        def back() -> Capital | None:
            return None if roll_back is None else Capital(roll_back, alpha_back, below=False)

        return cls(None if promote is None else Capital(promote, alpha, below=True), back(), back())

    def observe(self, asked: int, failed: int, *, outage: bool, epoch: int) -> None:
        """Take one closed block. During an outage it is counted and shown, but is no evidence."""
        if outage:
            self.outage_blocks += 1
            self.outage_asked += asked
            self.outage_failed += failed
            return
        if not asked:
            return
        share = failed / asked
        self.asked += asked
        self.failed += failed
        self.blocks += 1
        if self.promote is not None:
            self.promote.observe(share)
        if self.roll_back is None or self.recent is None:
            return
        while self.renewal.epoch < epoch:
            self.renewal.renew(self.recent.log_value)
            self.recent = Capital(self.recent.limit, self.recent.alpha, below=False)
        self.roll_back.observe(share)
        self.recent.observe(share)
        self.cusum.step(log_ratio_of_share(share, self.roll_back.limit))

    @property
    def log_roll_back(self) -> float:
        """ln E for rolling back: half on the whole window, half renewed each epoch."""
        if self.roll_back is None or self.recent is None:
            return -inf
        return log_half(self.roll_back.log_value, self.renewal.log_value(self.recent.log_value))


@dataclass(slots=True)
class SignTest:
    """One sign a block on one latency gate: were more pairs discordant to the candidate's disadvantage?"""

    bad: int = 0
    good: int = 0
    carried_bad: int = 0
    carried_good: int = 0
    pairs_bad: int = 0
    pairs_good: int = 0
    recent_bad: int = 0
    recent_good: int = 0
    renewal: Renewal = field(default_factory=Renewal)
    cusum: Cusum = field(default_factory=Cusum)

    def observe(self, bad: int, good: int, *, epoch: int) -> None:
        """Take the discordant pairs of one closed block; ties and too few are carried into the next."""
        self.pairs_bad += bad
        self.pairs_good += good
        self.carried_bad += bad
        self.carried_good += good
        while self.renewal.epoch < epoch:
            self.renewal.renew(log_sign_roll_back(self.recent_bad, self.recent_good))
            self.recent_bad = self.recent_good = 0
        if self.carried_bad == self.carried_good or self.carried_bad + self.carried_good < DISCORDANT_AT_LEAST:
            return
        worse = self.carried_bad > self.carried_good
        self.carried_bad = self.carried_good = 0
        self.bad += worse
        self.good += not worse
        self.recent_bad += worse
        self.recent_good += not worse
        self.cusum.step(log_ratio_of_event(worse, 0.5, SIGN_ALTERNATIVE))

    @property
    def log_roll_back(self) -> float:
        """ln E for rolling back: half on the whole window, half renewed each epoch."""
        recent = log_sign_roll_back(self.recent_bad, self.recent_good)
        return log_half(log_sign_roll_back(self.bad, self.good), self.renewal.log_value(recent))


@dataclass(slots=True)
class MismatchTest:
    """Distinct keys compared (n), those that differ, and those that agreed too late; settled blocks only.

    `unresolved` keys differed once and their recheck was never heard of (the analyst was restarted): they count
    among the mismatches of a promotion, and are left out of the test for rolling back, so that losing verdicts
    can neither promote nor roll back.
    `recent_…` count keys that are distinct within the epoch: a defect that comes late in a window, on records
    that had been compared before, is seen by these alone.
    """

    n: int = 0
    mismatches: int = 0
    unresolved: int = 0
    late: int = 0
    upper: float = 1.0
    recent_n: int = 0
    recent_mismatches: int = 0
    renewal: Renewal = field(default_factory=Renewal)
    cusum: Cusum = field(default_factory=Cusum)

    def observe(self, block: Block, limit_back: float | None, alpha: float) -> None:
        """Take one settled block; `limit_back` is the limit for rolling back, `alpha` that of the shown bound."""
        if limit_back is not None:
            while self.renewal.epoch < block.epoch:
                self.renewal.renew(log_roll_back(self.recent_n, self.recent_mismatches, limit_back))
                self.recent_n = self.recent_mismatches = 0
            self.recent_n += block.recent_n
            self.recent_mismatches += block.recent_mismatches
            self._watch(block, limit_back)
        if block.n:
            self.n += block.n
            self.mismatches += block.mismatches + block.unresolved
            self.unresolved += block.unresolved
            self.late += block.late
            self.upper = min(self.upper, upper_bound(self.n, self.mismatches, alpha))

    def _watch(self, block: Block, limit: float) -> None:
        """The e-CUSUM over the epoch's distinct keys. A block keeps no order: agreements last alarms least."""
        alternative = above(limit)[2]
        for _ in range(block.recent_mismatches):
            self.cusum.step(log_ratio_of_event(True, limit, alternative))
        for _ in range(block.recent_n - block.recent_mismatches):
            self.cusum.step(log_ratio_of_event(False, limit, alternative))

    def log_roll_back(self, limit: float) -> float:
        """ln E for rolling back: half on the whole window, half renewed each epoch."""
        recent = log_roll_back(self.recent_n, self.recent_mismatches, limit)
        known, differ = self.n - self.unresolved, self.mismatches - self.unresolved
        return log_half(log_roll_back(known, differ, limit), self.renewal.log_value(recent))
