"""Windows with evidence in them, for tests of the judge. Times are Unix seconds; blocks are ten seconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from comparators.verdict import Outcome
from rollout.evidence import Window, open_window
from rollout.observations import Compared, Sides
from rollout.sides import Side
from rollout.tallies import WARM_UP, Reference
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds

START = 600_000.0
BLOCK = 10.0


def warm(seconds: float = 0.02) -> Reference:
    """Legacy's latencies of a window before: all `seconds`."""
    reference = Reference()
    for _ in range(WARM_UP):
        reference.add(seconds)
    return reference


def opened(
    percent: int = 0, promote: PromoteWhen | None = None, back: RollBackWhen | None = None, **given: Any
) -> Window:
    """A first window opened at START."""
    thresholds = Thresholds(promote or PromoteWhen(), back or RollBackWhen(), block=BLOCK)
    return open_window("contact", given.pop("number", 1), percent, START, thresholds, **given)


def sides(at: float = START + 1.0, primary: Side = Side.LEGACY, **given: Any) -> Sides:
    """An exchange that both sides answered in 20 ms."""
    values: dict[str, Any] = {"served": primary, "legacy_seconds": 0.02, "candidate_seconds": 0.02}
    return Sides(at, primary, **(values | given))


def failing(at: float = START + 1.0, failure: str = "status", **given: Any) -> Sides:
    """An exchange on which the candidate failed."""
    return sides(at, **({"candidate_seconds": None, "candidate_failed": failure} | given))


def matched(window: Window, keys: Iterable[int], at: float = START + 1.0, outcome: Outcome = Outcome.MATCH) -> Window:
    """One exchange with one verdict for each key, all in one block, which is settled."""
    primary = Side.CANDIDATE if window.percent == 10_000 else Side.LEGACY
    for key in keys:
        window.observe(sides(at, primary))
        window.observe(Compared(key, at, outcome))
    window.settle(at + 2 * BLOCK)
    return window


def clean(window: Window, blocks: int, *, candidate: float = 0.02, pairs: int = 20, keys: int = 0) -> float:
    """So many blocks of `pairs` exchanges, legacy spread evenly from 10 to 30 ms; returns the time after them."""
    primary = Side.CANDIDATE if window.percent == 10_000 else Side.LEGACY
    first = window.floor
    for number in range(first, first + blocks):
        at = (number + 0.5) * BLOCK
        for pair in range(pairs):
            legacy = 0.01 + 0.02 * pair / pairs
            window.observe(sides(at, primary, legacy_seconds=legacy, candidate_seconds=legacy * candidate / 0.02))
            window.observe(Compared(pair if keys == 0 else (number - first) * pairs + pair, at, Outcome.MATCH))
    now = (first + blocks) * BLOCK + 2.0
    window.settle(now)
    return now
