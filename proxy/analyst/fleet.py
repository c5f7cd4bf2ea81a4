"""The host's workers as the analyst knows them: who is there, what they have in force, and which breakers are open."""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.frames import BreakerMoved, Counts, Hello


@dataclass(slots=True)
class Worker:
    """One connected worker."""

    index: int
    pid: int
    epoch: int
    blind: bool = False
    in_flight: int = 0
    mirrors_in_flight: int = 0
    breakers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outage:
    """A candidate's breaker was open since `since`; `until` is None while it still is. Unix seconds."""

    since: float
    until: float | None = None


class Fleet:
    """Workers by index. A candidate is out while any worker's breaker of it is not closed."""

    def __init__(self) -> None:
        self.workers: dict[int, Worker] = {}
        self.outages: dict[str, Outage] = {}

    @property
    def blind(self) -> bool:
        """Whether any worker says that its lease has run out."""
        return any(worker.blind for worker in self.workers.values())

    @property
    def highest_epoch(self) -> int:
        """The highest table epoch that a worker has: ours must be above it, or they refuse it."""
        return max((worker.epoch for worker in self.workers.values()), default=0)

    def hello(self, hello: Hello) -> None:
        """A worker connected (again)."""
        self.workers[hello.worker] = Worker(hello.worker, hello.pid, hello.epoch)

    def counts(self, counts: Counts) -> None:
        """A worker's latest figures."""
        worker = self.workers.get(counts.worker)
        if worker is not None:
            worker.epoch, worker.blind = counts.epoch, counts.blind
            worker.in_flight, worker.mirrors_in_flight = counts.in_flight, counts.mirrors_in_flight

    def breaker(self, moved: BreakerMoved) -> None:
        """A worker's breaker of a candidate moved."""
        worker = self.workers.setdefault(moved.worker, Worker(moved.worker, 0, 0))
        worker.breakers[moved.candidate] = moved.state
        self._combine(moved.candidate, moved.at)

    def gone(self, index: int, now: float) -> None:
        """A worker disconnected: its breakers say nothing any more."""
        worker = self.workers.pop(index, None)
        for candidate in worker.breakers if worker else ():
            self._combine(candidate, now)

    def settle(self, candidate: str) -> None:
        """Forgets an outage that is over and has been dealt with."""
        outage = self.outages.get(candidate)
        if outage is not None and outage.until is not None:
            del self.outages[candidate]

    def open_breakers(self) -> list[str]:
        """The candidates that are out now."""
        return sorted(name for name, outage in self.outages.items() if outage.until is None)

    def _combine(self, candidate: str, at: float) -> None:
        is_out = any(worker.breakers.get(candidate, "closed") != "closed" for worker in self.workers.values())
        outage = self.outages.get(candidate)
        if is_out and outage is None:
            self.outages[candidate] = Outage(at)
        elif is_out and outage is not None:
            outage.until = None
        elif outage is not None and outage.until is None:
            outage.until = at
