"""One gate of the judge as a value: how it stands, and that in words with figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Verdict(IntEnum):
    """How a gate stands, the worst last: the worst of all gates decides."""

    PASSED = 0
    REMOVED = 1
    OPEN = 2
    NO_DATA = 3
    BREACHED = 4


WORDS = {
    Verdict.PASSED: "passed",
    Verdict.REMOVED: "removed",
    Verdict.OPEN: "open",
    Verdict.NO_DATA: "no data",
    Verdict.BREACHED: "breached",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition. `wait` is about how many seconds it needs yet, None when nobody can tell."""

    name: str
    verdict: Verdict
    text: str
    figures: Mapping[str, float | int | None] = field(default_factory=dict)
    wait: float | None = None

    @property
    def standing(self) -> str:
        """The verdict in a word."""
        return WORDS[self.verdict]


def removed(name: str) -> Gate:
    """A gate that the operator has taken out."""
    return Gate(name, Verdict.REMOVED, f"{name}: removed by the operator", wait=0.0)


def percentage(share: float) -> str:
    """0.0073 → `0.73 %`."""
    return f"{share * 100:.3g} %"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"
