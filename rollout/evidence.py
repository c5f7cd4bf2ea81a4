"""A window: the evidence on one endpoint at one rung. It takes observations and gives snapshots; no clock inside.

It is persisted as JSON (at most about 64 KiB) and goes on exactly where it stopped. Feed it from one place only:
observations of all workers meet here, by the time block of the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isinf
from typing import Any

from comparators.verdict import Outcome
from rollout.blocks import Block, MismatchTest, ShareTest, SignTest
from rollout.facts import from_json, to_json
from rollout.keys import SPACE, KeySample, Suspect
from rollout.limits import TAUS, Limits, limits_of
from rollout.observations import DEADLINE, NO_LOSS, Compared, Observation, Sides, Suspected
from rollout.quantiles import Sketch
from rollout.sides import Side
from rollout.tallies import Reference, Tallies, count
from rollout.thresholds import Thresholds

GRACE = 1.0
"""Seconds after its end at which a block closes; workers' frames arrive within a small part of this."""
PATIENCE = 120.0
"""Seconds after its block's end at which a suspected mismatch that was never resolved counts as one."""
EPOCH = 32
"""Blocks after which the tests for rolling back begin anew (see `betting.Renewal`)."""
RECENT_KEYS = 1_024
SUSPECTS = 512
"""Suspected mismatches that may wait at a time; beyond it they count at once, as without a recheck."""
PAUSED = 0.005
"""Seconds of waiting for a slow client beyond which an exchange's latency says nothing of the sides."""
MISMATCHES = (Outcome.MISMATCH, Outcome.UNSTABLE)


@dataclass(slots=True)
class Window:
    """Evidence of one endpoint since `opened_at`, against thresholds fixed at its opening.

    `number` is k of the alpha spending and never resets; `percent` is in hundredths; `endpoints` is the number of
    endpoints that share the alpha of rolling back.
    """

    endpoint: str
    number: int
    percent: int
    opened_at: float
    thresholds: Thresholds
    endpoints: int
    errors: ShareTest
    fallbacks: ShareTest
    signs: list[SignTest]
    mismatch: MismatchTest = field(default_factory=MismatchTest)
    reference: Reference = field(default_factory=Reference)
    keys: KeySample = field(default_factory=KeySample)
    recent_keys: KeySample = field(default_factory=lambda: KeySample(RECENT_KEYS))
    recent_epoch: int = 1
    blocks: dict[int, Block] = field(default_factory=dict)
    floor: int = 0
    """Blocks below this are closed."""
    suspects: dict[int, Suspect] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Tallies)
    legacy: Sketch = field(default_factory=Sketch)
    candidate: Sketch = field(default_factory=Sketch)
    lags: Sketch = field(default_factory=Sketch)
    marks: list[list[float]] = field(default_factory=list)
    """[time, distinct keys] twice, for the rate at which new keys come."""

    @property
    def limits(self) -> Limits:
        return limits_of(self.thresholds, self.number, self.endpoints)

    def observe(self, observation: Observation) -> None:
        """Take one observation. Those of another window are not for this one: the caller sorts by window number."""
        if isinstance(observation, Sides):
            self._sides(observation)
        elif isinstance(observation, Compared):
            self._compared(observation)
        else:
            self._suspected(observation)

    def lost(self, reason: str, times: int) -> None:
        """Count exchanges that never came (dropped or shed where no exchange was made): missing data."""
        count(self.tallies.missing, reason, times)

    def served(self, side: Side, times: int) -> None:
        """Count requests by the side that answered for which no exchange comes, from the workers' tallies."""
        count(self.tallies.reported, side.value, times)

    def outage(self, since: float, until: float) -> None:
        """Mark the blocks that overlap an open breaker: one event, dealt with by the breaker's rule."""
        size = self.thresholds.block
        for index in range(max(int(since // size), self.floor), int(until // size) + 1):
            self._block(index * size).outage = True

    def settle(self, now: float, grace: float = GRACE) -> None:
        """Close the blocks that are over and take the evidence of those in which nothing is suspected any more."""
        size = self.thresholds.block
        for index in sorted(self.blocks):
            block = self.blocks[index]
            if not block.closed and now > (index + 1) * size + grace:
                self._close(block)
        self.floor = max(self.floor, int((now - grace) // size))
        for index in sorted(self.blocks):
            block = self.blocks[index]
            if not block.closed or not self._settled(block, now):
                break
            limits = self.limits
            self.mismatch.observe(block, self.thresholds.roll_back_when.mismatch_rate, limits.alpha_promote)
            del self.blocks[index]
        self._mark(now)

    def to_json(self) -> dict[str, Any]:
        """Everything, as values that `json.dumps` takes."""
        return dict(to_json(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Window:
        """The window that `to_json` wrote; raises facts.Unreadable."""
        return from_json(cls, value)

    def _block(self, at: float) -> Block:
        index = max(int(at // self.thresholds.block), self.floor)
        if index not in self.blocks:
            first = int(self.opened_at // self.thresholds.block)
            epoch = 1 + max(index - first, 0) // EPOCH
            frozen = self.reference.quantiles(TAUS)
            self.blocks[index] = Block(index, epoch, frozen, [[0, 0] for _ in self.signs])
            if epoch > self.recent_epoch:
                self.recent_epoch, self.recent_keys = epoch, KeySample(RECENT_KEYS)
        return self.blocks[index]

    def _close(self, block: Block) -> None:
        block.closed = True
        self.errors.observe(block.asked, block.failed, outage=block.outage, epoch=block.epoch)
        self.fallbacks.observe(block.primary, block.fallbacks, outage=block.outage, epoch=block.epoch)
        if not block.outage:
            for test, (bad, good) in zip(self.signs, block.pairs, strict=True):
                test.observe(bad, good, epoch=block.epoch)

    def _settled(self, block: Block, now: float) -> bool:
        if block.pending and now > (block.index + 1) * self.thresholds.block + PATIENCE:
            for key in [key for key, suspect in self.suspects.items() if suspect.block == block.index]:
                del self.suspects[key]
                block.n += 1
                block.unresolved += 1
            block.pending = 0
        return block.pending == 0

    def _mark(self, now: float) -> None:
        if not self.marks:
            self.marks = [[self.opened_at, 0.0], [self.opened_at, 0.0]]
        if now - self.marks[1][0] >= EPOCH / 2 * self.thresholds.block:
            self.marks = [self.marks[1], [now, float(self.mismatch.n)]]

    # -- one exchange -------------------------------------------------------------------------------------------

    def _sides(self, seen: Sides) -> None:
        tallies = self.tallies
        block = self._block(seen.at)  # before the reference takes this one: what is frozen must not know its block
        count(tallies.served, seen.served.value)
        if seen.legacy_seconds is not None and not seen.legacy_failed and not isinf(seen.legacy_seconds):
            self.reference.add(seen.legacy_seconds)
        if (declined := seen.turned_down) is not None:
            tallies.seen += 1
            count(tallies.declined, declined)
            return
        if seen.skipped is not None and seen.skipped not in NO_LOSS:
            count(tallies.missing, seen.skipped)
        if seen.primary is Side.CANDIDATE:
            block.primary += 1
            if seen.fallback is not None:
                block.fallbacks += 1
                count(tallies.fallbacks, seen.fallback)
        if not seen.candidate_asked:
            return
        tallies.seen += 1
        tallies.shape(seen.shape).seen += 1
        if seen.legacy_failed:
            count(tallies.excluded, "legacy failed")
            return
        block.asked += 1
        if seen.candidate_failed is not None:
            block.failed += 1
            count(tallies.failures, seen.candidate_failed)
        elif seen.legacy_seconds is not None and seen.skipped is None:
            tallies.pairs += 1
        self._pair(block, seen)

    def _pair(self, block: Block, seen: Sides) -> None:
        """Latency: pairs only, timed alike; a deadline is +inf and counts."""
        legacy, candidate = seen.legacy_seconds, seen.candidate_seconds
        if seen.candidate_failed is not None:
            candidate = inf if seen.candidate_failed == DEADLINE else None
        if legacy is None or candidate is None or isinf(legacy):
            return
        reason = _excluded(seen, candidate)
        if reason is not None:
            count(self.tallies.excluded, reason)
            return
        self.legacy.add(legacy)
        self.candidate.add(candidate)
        if not block.quantiles:
            count(self.tallies.excluded, "warming up")
            return
        for limit, pair in zip(self.limits.latency, block.pairs, strict=True):
            border = limit.ratio * block.quantiles[limit.name]
            slow, would_be = candidate > border, limit.ratio * legacy > border
            if slow != would_be:
                pair[0 if slow else 1] += 1

    # -- one verdict --------------------------------------------------------------------------------------------

    def _suspected(self, suspected: Suspected) -> None:
        key = suspected.key_hash % SPACE
        if key in self.suspects or not self.keys.take(key):
            return
        block = self._block(suspected.at)
        if len(self.suspects) >= SUSPECTS:
            self._count_key(block, key, mismatch=True)
            return
        self.suspects[key] = Suspect(block.index, suspected.at)
        block.pending += 1

    def _compared(self, compared: Compared) -> None:
        self.tallies.verdict(compared.outcome)
        key = compared.key_hash % SPACE
        suspect = self.suspects.get(key)
        first = suspect is None or suspect.at == compared.at
        block = None
        if suspect is not None and first:
            del self.suspects[key]
            block = self.blocks[suspect.block]  # it is kept as long as it is pending
            block.pending -= 1
        if compared.outcome is Outcome.NOT_COMPARABLE:
            count(self.tallies.not_comparable, compared.reason or "no reason")
            return
        self.tallies.shape(compared.shape).compared += 1
        if compared.lag is not None:
            self.lags.add(compared.lag)
        if not first:
            return  # the first comparison of this key is still being rechecked, and that one counts
        limit = self.thresholds.promote_when.lag_p99
        late = compared.lag is not None and limit is not None and compared.lag > limit
        if block is not None or self.keys.take(key):
            block = block or self._block(compared.at)
            self._count_key(block, key, mismatch=compared.outcome in MISMATCHES, late=late)
        elif self.recent_keys.take(key):
            block = self._block(compared.at)
            block.recent_n += 1
            block.recent_mismatches += compared.outcome in MISMATCHES

    def _count_key(self, block: Block, key: int, *, mismatch: bool, late: bool = False) -> None:
        block.n += 1
        block.mismatches += mismatch
        block.late += late
        if self.recent_keys.take(key):
            block.recent_n += 1
            block.recent_mismatches += mismatch


def _excluded(seen: Sides, candidate: float) -> str | None:
    if seen.cached or seen.paused > PAUSED:
        return "cached" if seen.cached else "paused"
    smaller, larger = sorted((seen.legacy_size, seen.candidate_size))
    return "sizes differ" if not isinf(candidate) and larger > 2 * smaller + 1024 else None


def open_window(
    endpoint: str,
    number: int,
    percent: int,
    now: float,
    thresholds: Thresholds,
    *,
    endpoints: int = 1,
    reference: Reference | None = None,
) -> Window:
    """A new window. Hand on the `reference` of the endpoint's window before: latency is judged at once then."""
    limits = limits_of(thresholds, number, endpoints)
    promote, back = thresholds.promote_when, thresholds.roll_back_when
    alpha, alpha_back = limits.alpha_promote, limits.alpha_roll_back
    return Window(
        endpoint,
        number,
        percent,
        now,
        thresholds,
        endpoints,
        ShareTest.of(promote.error_rate, back.error_rate, alpha, alpha_back),
        ShareTest.of(promote.fallback_rate, back.fallback_rate, alpha, alpha_back),
        [SignTest() for _ in limits.latency],
        reference=reference or Reference(),
        floor=int(now // thresholds.block),
    )
