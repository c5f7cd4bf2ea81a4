"""Evidence on the means of time blocks by betting, its renewal, and the watch after the last rung.

One observation is one block: the share that failed in it, in [0, 1]. Only the mean given the past matters, so
whatever hangs together within a block does no harm.

Sources: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024 (the
capital, its predictable bet); Shin, Ramdas, Rinaldo, "E-detectors", 2022 (the e-CUSUM).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, log1p, sqrt

from rollout.bounds import log_sum, weight

BOLDNESS = 0.5
"""The greatest share of the capital that one block may cost (c <= 1/2, Waudby-Smith and Ramdas §4.4)."""
LOG_FLOOR = -1e6
"""A capital below exp of this is lost; the number only keeps JSON free of infinities."""


@dataclass(slots=True)
class Capital:
    """What a gambler has made of 1 by betting that block means lie on one side of `limit`.

    `below=True` bets against "the mean is `limit` or more" (promotion): K = Π(1 + lambda_b·(m − Y_b)) with
    lambda_b = √(2·ln(1/alpha)/(s²_{b−1}·b·ln(b+1))) within [0, c/(1−m)]; `below=False` bets against "the mean
    is `limit` or less" (roll back) with the signs changed and c/m. s² is the variance of the blocks seen before,
    with one prior block at 1/2. Reject at 1/alpha.
    """

    limit: float
    alpha: float
    below: bool
    log_value: float = 0.0
    blocks: int = 0
    total: float = 0.0
    squares: float = 0.25

    def bet(self) -> float:
        """The next bet, from what has been seen so far only."""
        b = self.blocks + 1
        variance = self.squares / b
        bold = sqrt(2.0 * log(1.0 / self.alpha) / (variance * b * log(b + 1.0)))
        return min(bold, BOLDNESS / ((1.0 - self.limit) if self.below else self.limit))

    def observe(self, share: float) -> None:
        """Settle the bet on one block whose failed share was `share`."""
        margin = (self.limit - share) if self.below else (share - self.limit)
        self.log_value = max(self.log_value + log1p(self.bet() * margin), LOG_FLOOR)
        self.blocks += 1
        self.total += share
        mean = (0.5 + self.total) / (self.blocks + 1)
        self.squares += (share - mean) ** 2

    @property
    def mean(self) -> float:
        return self.total / self.blocks if self.blocks else 0.0

    def more_blocks(self) -> int | None:
        """About how many more blocks like the mean of those seen reach 1/alpha; None when none would."""
        missing = log(1.0 / self.alpha) - self.log_value
        if missing <= 0.0:
            return 0
        margin = (self.limit - self.mean) if self.below else (self.mean - self.limit)
        return ceil(missing / log1p(self.bet() * margin) - 1e-9) if margin > 0.0 else None


def clean_blocks(limit: float, alpha: float) -> int:
    """How many blocks without one failure prove a mean below `limit`.

    At least ln(1/alpha)/−ln(1−m) for whatever bet; about twice that at small m, because c is 1/2.
    """
    capital = Capital(limit, alpha, below=True)
    while capital.log_value < log(1.0 / alpha):
        capital.observe(0.0)
    return capital.blocks


@dataclass(slots=True)
class Renewal:
    """A test that is begun anew every epoch, so that a long good past can not drown a bad present.

    Epoch j gets the share w_j = 6/(pi²·j²) of the stake, and keeps what it made of it: the whole,
    Σ_{i<j} w_i·E_i(end) + w_j·E_j(now) + Σ_{i>j} w_i, is itself an e-process, as a sum of e-processes that each
    stand still outside their epoch. Without renewal, 150 failures of an outage of five seconds after 600 clean
    requests take 43,000 clean ones to undo, and the reverse.
    """

    epoch: int = 1
    spent: float = weight(1)
    log_past: float = LOG_FLOOR

    def log_value(self, log_current: float) -> float:
        """ln of the whole, given ln E of the test in the current epoch."""
        rest = max(1.0 - self.spent, 0.0)
        return log_sum([self.log_past, log(weight(self.epoch)) + log_current, log(rest) if rest else LOG_FLOOR])

    def renew(self, log_current: float) -> None:
        """Close the epoch with what its test reached; the next one starts at 1."""
        self.log_past = log_sum([self.log_past, log(weight(self.epoch)) + log_current])
        self.epoch += 1
        self.spent += weight(self.epoch)


def log_half(first: float, second: float) -> float:
    """ln of the mean of two e-processes."""
    return log_sum([first, second]) - log(2.0)


@dataclass(slots=True)
class Cusum:
    """The e-CUSUM: W = max(W, 0) + ln(likelihood ratio); alarm at ln A.

    If every step's likelihood ratio has a mean of at most 1 given the past, the average run length to a false
    alarm is at least A observations (Shin, Ramdas, Rinaldo 2022, theorem 2.4).
    """

    log_value: float = 0.0
    observations: int = 0

    def step(self, log_ratio: float) -> None:
        """Take one observation's ln likelihood ratio."""
        self.log_value = max(self.log_value, 0.0) + log_ratio
        self.observations += 1


def log_ratio_of_event(failed: bool, limit: float, alternative: float) -> float:
    """ln((q/p1)^x·((1−q)/(1−p1))^(1−x)) for one observation x."""
    return log(alternative / limit) if failed else log1p(-alternative) - log1p(-limit)


def log_ratio_of_share(share: float, limit: float) -> float:
    """ln(1 + lambda·(Y − m)) with the fixed bet lambda = c/m: the e-CUSUM's step for a block's share."""
    return log1p(BOLDNESS / limit * (share - limit))
