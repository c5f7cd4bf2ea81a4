"""The migration's five figures over the last five minutes, from what was put to the candidate."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isinf

from proxy.analyst.metrics import Metrics
from rollout.observations import Sides
from rollout.sides import Side

SLOT = 10.0
SLOTS = 30
UNREACHED = frozenset({"connect", "deadline", "reset", "unavailable"})
"""Failures in which no answer came, from the candidate or from Connectra behind the gateway: they are of availability;
all others are of errors."""


@dataclass(slots=True)
class _Slot:
    number: int
    asked: int = 0
    failed: int = 0
    unreached: int = 0
    primary: int = 0
    fallbacks: int = 0
    pairs: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"legacy": 0.0, "candidate": 0.0})


@dataclass(frozen=True, slots=True)
class Five:
    """Shares from 0 to 1, times in seconds; None without a request to tell from."""

    success_rate: float | None
    fallback_rate: float | None
    legacy_seconds: float | None
    candidate_seconds: float | None
    error_rate: float | None
    availability: float | None

    def show(self, metrics: Metrics) -> None:
        """Sets the five metrics."""
        metrics.set("crossfade_vql_success_rate", self.success_rate)
        metrics.set("crossfade_vql_fallback_rate", self.fallback_rate)
        metrics.set("crossfade_response_time_seconds", self.legacy_seconds, "legacy")
        metrics.set("crossfade_response_time_seconds", self.candidate_seconds, "candidate")
        metrics.set("crossfade_vql_error_rate", self.error_rate)
        metrics.set("crossfade_connectra_availability", self.availability)

    def to_json(self) -> dict[str, object]:
        """By the migration's names, for /health."""
        return {
            "vql_success_rate": self.success_rate,
            "vql_fallback_rate": self.fallback_rate,
            "response_time_seconds": {"legacy": self.legacy_seconds, "candidate": self.candidate_seconds},
            "vql_error_rate": self.error_rate,
            "connectra_availability": self.availability,
        }


class Figures:
    """Counts in slots of ten seconds; those older than five minutes are forgotten."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}

    def seen(self, sides: Sides) -> None:
        """Takes one exchange."""
        slot = self._slot(int(sides.at // SLOT))
        if sides.primary is Side.CANDIDATE:
            slot.primary += 1
            slot.fallbacks += sides.fallback is not None
        if not sides.candidate_asked:
            return
        slot.asked += 1
        if sides.candidate_failed is not None:
            slot.failed += 1
            slot.unreached += sides.candidate_failed in UNREACHED
            return
        if sides.cached:
            return
        legacy, candidate = sides.legacy_seconds, sides.candidate_seconds
        if legacy is not None and candidate is not None and not isinf(legacy) and not isinf(candidate):
            slot.pairs += 1
            slot.seconds["legacy"] += legacy
            slot.seconds["candidate"] += candidate

    def five(self, now: float) -> Five:
        """The figures at `now`."""
        oldest = int(now // SLOT) - SLOTS
        slots = [slot for number, slot in self._slots.items() if number > oldest]
        asked, primary = sum(slot.asked for slot in slots), sum(slot.primary for slot in slots)
        failed, unreached = sum(slot.failed for slot in slots), sum(slot.unreached for slot in slots)
        pairs = sum(slot.pairs for slot in slots)
        return Five(
            success_rate=_share(asked - failed, asked),
            fallback_rate=_share(sum(slot.fallbacks for slot in slots), primary),
            legacy_seconds=_share(sum(slot.seconds["legacy"] for slot in slots), pairs),
            candidate_seconds=_share(sum(slot.seconds["candidate"] for slot in slots), pairs),
            error_rate=_share(failed - unreached, asked),
            availability=_share(asked - unreached, asked),
        )

    def _slot(self, number: int) -> _Slot:
        if number not in self._slots:
            for old in [one for one in self._slots if one <= number - SLOTS]:
                del self._slots[old]
            self._slots[number] = _Slot(number)
        return self._slots[number]


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
