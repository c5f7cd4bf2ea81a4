"""What comparing cost an exchange, by endpoint, beside plain DeepDiff on some of the same answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import orjson
from deepdiff import DeepDiff

from comparators.answer import Answer
from loadtests.micro.compare import p99, shown
from loadtests.replay.asking import Asked

EVERY = 25
"""One comparison of so many of an endpoint, the first included, is made by DeepDiff too."""
LARGEST = 64 << 10
"""Bytes of a body up to which DeepDiff is tried: beyond that it would take the longest part of a replay."""


@dataclass(slots=True)
class Cost:
    """Seconds of one endpoint's comparisons, and of DeepDiff's; `bytes` are the sizes of legacy's bodies."""

    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)


class Costs:
    """The costs of a replay, by endpoint."""

    def __init__(self) -> None:
        self.of: dict[str, Cost] = {}

    def take(self, one: Asked) -> None:
        """One question; without a verdict nothing was compared."""
        if one.verdict is None:
            return
        cost = self.of.setdefault(one.question.endpoint, Cost())
        if len(cost.ours) % EVERY == 0 and (plain := _plain(one)) is not None:
            cost.plain.append(plain)
        cost.ours.append(one.comparing)
        cost.bytes.append(len(_body(one.legacy)))


def of_costs(costs: Costs) -> str:
    """The table. DeepDiff has no rules, no order of lists by key, and no CSV: `-` where it was never tried."""
    lines = ["", "comparing:", f"{'endpoint':28}{'exchanges':>10}{'body':>10}{'median':>10}{'p99':>10}{'DeepDiff':>11}"]
    for name, cost in sorted(costs.of.items()):
        plain = shown(median(cost.plain)) if cost.plain else "-"
        body = f"{median(cost.bytes) / 1024:.1f} KiB"
        ours = f"{shown(median(cost.ours)):>10}{shown(p99(cost.ours)):>10}"
        lines.append(f"{name:28}{len(cost.ours):>10,}{body:>10}{ours}{plain:>11}")
    return "\n".join(lines)


def _body(answer: Answer) -> bytes:
    """A replay's answers are never files."""
    assert isinstance(answer.body, bytes)
    return answer.body


def _plain(one: Asked) -> float | None:
    """Seconds that DeepDiff takes for both answers, reading them included; None where they are not for it."""
    bodies = _body(one.legacy), _body(one.candidate)
    if max(map(len, bodies)) > LARGEST or "json" not in (one.legacy.header("Content-Type") or ""):
        return None
    begun = perf_counter()
    DeepDiff(*(orjson.loads(body) for body in bodies))
    return perf_counter() - begun
