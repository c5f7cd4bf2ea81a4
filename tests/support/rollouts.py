"""A simulated endpoint: traffic with known truth, the real window, judge and machine, and a clock of its own.

No socket and no sleep: a minute of a rollout takes a few tenths of a second. All chance comes from one seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, log
from random import Random

from comparators.verdict import Outcome
from rollout.evidence import Window, open_window
from rollout.judge import Ruling, Surroundings, judge
from rollout.machine import Climb, EndpointState, Event, EventKind, Transition, advance
from rollout.observations import Compared, Sides, Suspected
from rollout.sides import Side
from rollout.thresholds import Thresholds

START = 1_800_000_000.0


@dataclass(slots=True)
class Truth:
    """What is true of an endpoint. Rates a second, times in seconds, the rest shares.

    `wrong` is the share of keys whose answers differ for good, `failing` of requests that the candidate fails.
    Which keys are wrong depends on `salt` only.
    """

    rate: float = 120.0
    keys: int = 15_000
    wrong: float = 0.0
    failing: float = 0.0
    legacy: float = 0.025
    candidate: float = 0.024
    spread: float = 0.2
    recheck: float = 6.0
    salt: int = 0


@dataclass(slots=True)
class Rollout:
    """One endpoint under the judge, second by second."""

    climb: Climb
    thresholds: Thresholds
    truth: Truth
    seed: int = 1
    endpoints: int = 5
    around: Surroundings = field(default_factory=Surroundings)
    now: float = START
    state: EndpointState = field(default_factory=lambda: EndpointState.initial(0, START))
    log: list[tuple[float, Transition]] = field(default_factory=list)
    ruling: Ruling | None = None
    window: Window = field(init=False)
    _due: list[tuple[float, int, Compared]] = field(default_factory=list)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._open()

    def _open(self) -> None:
        reference = self.window.reference if hasattr(self, "window") else None
        self.window = open_window(
            self.climb.endpoint, self.state.window, self.state.percent, self.now, self.thresholds,
            endpoints=self.endpoints, reference=reference,
        )  # fmt: skip

    def run(self, seconds: float, until: Callable[[Rollout], bool] = lambda _: False) -> float:
        """Goes on for `seconds` or until it is so; returns the seconds since the start."""
        end = self.now + seconds
        while self.now < end and not until(self):
            self._second()
            self._look()
        return self.now - START

    def send(self, event: Event) -> None:
        """An event of a person, a flag or a breaker."""
        step = advance(self.state, event, self.climb, self.now, draw=0.5)
        moved = step.state.window != self.state.window
        self.state = step.state
        if step.transition is not None:
            self.log.append((self.now - START, step.transition))
        if moved:
            self._open()

    @property
    def path(self) -> list[int]:
        """The percents that it has been at, in hundredths."""
        return [0, *(one.percent_to for _, one in self.log if one.percent_to != one.percent_from)]

    def judged(self) -> Ruling:
        """What the judge says now."""
        return judge(self.window, self.state, self.climb, self.around, self.now)

    def _second(self) -> None:
        for _ in range(self._poisson()):
            self._request(self.now + self._random.random())
        self.now += 1.0
        due = [one for one in self._due if one[0] <= self.now]
        self._due = [one for one in self._due if one[0] > self.now]
        for _, number, compared in due:
            if number == self.window.number:
                self.window.observe(compared)

    def _request(self, at: float) -> None:
        draw, truth = self._random, self.truth
        key = draw.randrange(truth.keys)
        hashed = (key * 0x9E3779B97F4A7C15) % (1 << 64)
        primary = Side.CANDIDATE if draw.random() * 10_000 < self.state.percent else Side.LEGACY
        failed = draw.random() < truth.failing
        common = draw.gauss(0.0, truth.spread)
        legacy = truth.legacy * exp(common + draw.gauss(0.0, truth.spread / 4))
        candidate = truth.candidate * exp(common + draw.gauss(0.0, truth.spread / 4))
        served = Side.LEGACY if failed else primary
        fallback = "status" if failed and primary is Side.CANDIDATE else None
        self.window.observe(
            Sides(
                at, primary, served, legacy, None if failed else candidate,
                candidate_failed="status" if failed else None, fallback=fallback,
            )
        )  # fmt: skip
        if failed:
            return
        if self._random_of(key) < truth.wrong:
            self.window.observe(Suspected(hashed, at))
            self._due.append((at + truth.recheck, self.window.number, Compared(hashed, at, Outcome.MISMATCH)))
        else:
            self.window.observe(Compared(hashed, at, Outcome.MATCH))

    def _random_of(self, key: int) -> float:
        """A key's own number in [0, 1), the same at each request."""
        return (key * 2_654_435_761 + self.truth.salt * 40_503) % 1_000_003 * 7_919 % 1_000_003 / 1_000_003

    def _poisson(self) -> int:
        """Arrivals in one second."""
        left, number = 1.0, -1
        while left > 0.0:
            left += log(1.0 - self._random.random()) / self.truth.rate
            number += 1
        return number

    def _look(self) -> None:
        self.window.settle(self.now)
        if self.state.retry_at is not None and self.now >= self.state.retry_at:
            self.send(Event(EventKind.RETRY_DUE, "retry"))
        self.ruling = self.judged()
        if self.ruling.kind is EventKind.PROMOTE and not self.state.climbing:
            return
        self.send(Event(self.ruling.kind, self.ruling.reason, to_zero=self.ruling.to_zero))
