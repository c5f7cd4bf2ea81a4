"""Budgets: a rate and a number in flight, with the time passed in. Nothing waits: it is taken, or it is not."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` tokens a second, at most `burst` of them. A rate of 0 gives none."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    filled_at: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self.burst if self.rate > 0 else 0.0

    def take(self, now: float, amount: float = 1.0) -> bool:
        """True if `amount` could be taken at `now` (seconds of any clock that does not go back)."""
        if self.filled_at is not None and now > self.filled_at:
            self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now if self.filled_at is None else max(now, self.filled_at)
        if self.tokens < amount:
            return False
        self.tokens -= amount
        return True


@dataclass(slots=True)
class InFlight:
    """At most `limit` at a time, at most `bytes_limit` bytes held by them."""

    limit: int
    bytes_limit: int
    count: int = 0
    held: int = 0

    def enter(self, size: int = 0) -> str | None:
        """None if there is room, else what there is too much of: `in flight` or `bytes`."""
        if self.count >= self.limit:
            return "in flight"
        if self.held + size > self.bytes_limit:
            return "bytes"
        self.count += 1
        self.held += size
        return None

    def leave(self, size: int = 0) -> None:
        """One has ended; `size` is what it entered with."""
        self.count -= 1
        self.held -= size


def share(whole: float, workers: int) -> float:
    """A worker's part of a host's budget."""
    return whole / max(workers, 1)


def share_of_count(whole: int, workers: int) -> int:
    """A worker's part of a host's number, at least 1 unless the whole is 0."""
    return 0 if whole <= 0 else max(1, whole // max(workers, 1))
