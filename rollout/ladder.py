"""The rungs that a percent climbs. Percents in hundredths (0..10000), ladders in any order of writing."""

from __future__ import annotations

from collections.abc import Iterable


def next_rung(ladder: Iterable[int], percent: int) -> int | None:
    """The smallest rung above `percent`, or None at the top or beyond it.

    By comparison and never by position, so that an edited ladder neither skips a rung nor ends in its top.
    """
    return min((rung for rung in ladder if rung > percent), default=None)


def rung_below(ladder: Iterable[int], percent: int) -> int:
    """The greatest rung below `percent`; 0 below the lowest."""
    return max((rung for rung in ladder if 0 <= rung < percent), default=0)


def rungs_between(ladder: Iterable[int], low: int, high: int) -> int:
    """How many rungs a raise from `low` to `high` climbs: those above `low`, up to the first at or over `high`."""
    passed = sum(low < rung < high for rung in ladder)
    return passed + (high > low)


def written(percent: int) -> str:
    """A percent for people: `5 %`, `0.25 %`."""
    return f"{percent / 100:g} %"
