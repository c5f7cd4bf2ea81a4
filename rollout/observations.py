"""What the analyst tells a window: plain values, made from an exchange and its verdict. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

from comparators.verdict import Outcome
from rollout.sides import Side

NOT_ASKED = frozenset({"breaker", "cancelled", "too large"})
"""Failures that say nothing of the candidate: it was not asked, the client left, or our budget refused the body."""
DEADLINE = "deadline"
NOT_SAMPLED = "not sampled"
NO_LOSS = frozenset({NOT_SAMPLED, "effects"})
"""Reasons for which nobody wanted a second side: drawn so, or since legacy must not do it again."""
DECLINED_EARLIER = "declined earlier"


@dataclass(frozen=True, slots=True)
class Sides:
    """One exchange as seen when it arrives, before it is compared. Feed *every* exchange of the window once.

    `seconds` are None for a side that was not asked or that failed other than by its deadline, and inf for a
    deadline. `candidate_failed` is a value of `proxy.exchange.Failure`. `skipped` says why there is no second
    side: `not sampled` and `effects` are no loss, `declined earlier` is declined, every other reason counts as missing
    data.
    `paused` is the longer of both sides' pauses, `cached` a candidate's answer out of a cache, whose time says nothing
    of it. `shape` names the set of the query's parameters (sorted, comma
    separated, "" for none).
    """

    at: float
    primary: Side
    served: Side
    legacy_seconds: float | None = None
    candidate_seconds: float | None = None
    legacy_failed: bool = False
    candidate_failed: str | None = None
    fallback: str | None = None
    declined: str | None = None
    skipped: str | None = None
    legacy_size: int = 0
    candidate_size: int = 0
    paused: float = 0.0
    shape: str = ""
    cached: bool = False

    @property
    def turned_down(self) -> str | None:
        """The reason why the candidate can not answer this request comparably, if it said so."""
        return self.declined or (self.skipped if self.skipped == DECLINED_EARLIER else None)

    @property
    def candidate_asked(self) -> bool:
        """Whether the candidate had its chance: it answered, or failed by its own fault."""
        if self.turned_down is not None or self.candidate_failed in NOT_ASKED:
            return False
        return self.candidate_failed is not None or self.candidate_seconds is not None


@dataclass(frozen=True, slots=True)
class Suspected:
    """A mismatch that is being rechecked. It holds the evidence of its time block back until `Compared` follows.

    Without it matches would count at once and mismatches ten seconds later, and a look in between would see
    only the good news. `at` is the exchange's time, `key_hash` the first 8 bytes of its request key.
    """

    key_hash: int
    at: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The final verdict on an exchange. Feed none where either side failed: that is `Sides`' matter.

    `lag` is the time to converge in seconds, for `LAGGING` only. `reason` says why it was not comparable.
    """

    key_hash: int
    at: float
    outcome: Outcome
    lag: float | None = None
    reason: str | None = None
    shape: str = ""


Observation = Sides | Suspected | Compared
