"""What a worker counts between two Counts frames: plain increments, no I/O, everything bounded."""

from __future__ import annotations

from bisect import bisect_left

from proxy.frames import BOUNDS, Counts, Numbers
from rollout.sides import Side

REASONS = 64
"""Different reasons kept by name for an endpoint; what comes after is counted as `other`."""


def _add(numbers: Numbers, name: str, times: int = 1) -> None:
    key = name if name in numbers or len(numbers) < REASONS else "other"
    numbers[key] = numbers.get(key, 0) + times


class Tally:
    """The counts since the last `take`."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._now = Counts(worker, 0.0)

    def request(self, endpoint: str, side: str, status: int) -> None:
        """One answer to a client. `endpoint` is "" for pass-through."""
        _add(self._now.requests.setdefault(endpoint, {}), f"{side}:{status // 100}xx")

    def served(self, endpoint: str, window: int, side: Side) -> None:
        """Who answered a request of a migrated endpoint without an exchange being made of it."""
        _add(self._now.served.setdefault(endpoint, {}).setdefault(str(window), {}), side.value)

    def lost(self, endpoint: str, window: int, reason: str) -> None:
        """An exchange that should have been compared and never will be."""
        _add(self._now.lost.setdefault(endpoint, {}).setdefault(str(window), {}), reason)

    def fallback(self, endpoint: str, reason: str) -> None:
        _add(self._now.fallbacks.setdefault(endpoint, {}), reason)

    def declined(self, endpoint: str, reason: str) -> None:
        _add(self._now.declined.setdefault(endpoint, {}), reason)

    def skipped(self, endpoint: str, reason: str) -> None:
        """There was no second side, for this reason."""
        _add(self._now.skipped.setdefault(endpoint, {}), reason)

    def cache(self, endpoint: str, result: str) -> None:
        """The gateway's cache of single records was asked: `hit` or `miss`; "" if it was not."""
        if result:
            _add(self._now.cache.setdefault(endpoint, {}), result)

    def effect(self, endpoint: str, outcome: str) -> None:
        """What became of an effect: `made`, `found` by its key, `kept` in the outbox, made `late`, or `given up`."""
        _add(self._now.effects.setdefault(endpoint, {}), outcome)

    def seconds(self, endpoint: str, side: Side, seconds: float) -> None:
        """One side's response time."""
        sides = self._now.seconds.setdefault(endpoint, {})
        counts = sides.setdefault(side.value, [0] * (len(BOUNDS) + 1))
        counts[bisect_left(BOUNDS, seconds)] += 1

    def error(self, operation: str) -> None:
        """A failure of our own."""
        _add(self._now.errors, operation)

    def take(
        self, now: float, *, epoch: int, blind: bool, in_flight: int, mirrors: int, effects_waiting: int = 0
    ) -> Counts:
        """The counts so far; counting begins anew."""
        taken, self._now = self._now, Counts(self._worker, 0.0)
        taken.at, taken.epoch, taken.blind = now, epoch, blind
        taken.in_flight, taken.mirrors_in_flight = in_flight, mirrors
        taken.effects_waiting = effects_waiting
        return taken
