"""The breaker of one candidate as a pure state machine: (breaker, what happened, when) → breaker.

Closed: requests go through, and failures among the last ones are counted. Open: nothing goes through until the pause
is over. Half-open: probes go through, one at a time; some in a row that succeed close it, one that fails opens it
with twice the pause. The pause is jittered, so that the workers of a fleet do not probe in step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

RECENT = 20
"""Outcomes looked at; the breaker opens when HALF of the last RECENT failed, or IN_A_ROW one after the other."""
HALF = 10
IN_A_ROW = 5
PROBES = 3
"""Successful probes, one after the other, that close it."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
PROBE_DEADLINE = 10.0
"""Seconds after which a probe that never reported back is forgotten."""


class Standing(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One candidate's breaker. `history` holds the last outcomes as bits, 1 for a failure."""

    standing: Standing = Standing.CLOSED
    history: int = 0
    row: int = 0
    pause: float = FIRST_PAUSE
    until: float = 0.0
    probing_since: float | None = None
    probes: int = 0

    def allows(self, now: float) -> bool:
        """Whether a request may go to the candidate at `now`. If so, say so with `asked` before it goes."""
        if self.standing is Standing.CLOSED:
            return True
        if self.standing is Standing.OPEN:
            return now >= self.until
        return self.probing_since is None or now - self.probing_since > PROBE_DEADLINE


def asked(breaker: Breaker, now: float) -> Breaker:
    """A request that was allowed goes to the candidate: when not closed, it is the probe."""
    if breaker.standing is Standing.CLOSED:
        return breaker
    probes = breaker.probes if breaker.standing is Standing.HALF_OPEN else 0
    return replace(breaker, standing=Standing.HALF_OPEN, probing_since=now, probes=probes)


def reported(breaker: Breaker, failed: bool, now: float, draw: float) -> Breaker:
    """A request has come back. `draw` in [0, 1) jitters the pause by up to a half."""
    if breaker.standing is Standing.OPEN:
        return breaker  # it had left before the breaker opened
    if breaker.standing is Standing.HALF_OPEN:
        return _probed(breaker, failed, now, draw)
    history = (breaker.history << 1 | failed) & ((1 << RECENT) - 1)
    row = breaker.row + 1 if failed else 0
    if failed and (row >= IN_A_ROW or history.bit_count() >= HALF):
        return _opened(breaker, FIRST_PAUSE, now, draw)
    return replace(breaker, history=history, row=row)


def _probed(breaker: Breaker, failed: bool, now: float, draw: float) -> Breaker:
    if failed:
        return _opened(breaker, min(breaker.pause * 2.0, LONGEST_PAUSE), now, draw)
    probes = breaker.probes + 1
    return Breaker() if probes >= PROBES else replace(breaker, probing_since=None, probes=probes)


def _opened(breaker: Breaker, pause: float, now: float, draw: float) -> Breaker:
    return replace(
        breaker,
        standing=Standing.OPEN,
        history=0,
        row=0,
        pause=pause,
        until=now + pause * (0.75 + draw / 2.0),
        probing_since=None,
        probes=0,
    )
