"""The lab's switches: service times, faults, missing and wrong fields, by path prefix and by calling endpoint.

Outages and the rate limit are of the whole service.

The product's client names the endpoint it calls for in the header `X-Crossfade-Endpoint`. Of the rules that fit a
request, one with an endpoint wins over one without, then the longer path prefix, then the later one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from lab.connectra.outages import Outages

KINDS = (
    "error", "panic", "hang", "drop", "html", "half", "wrong_record", "unauthorized", "rate_limited", "empty",
)
ACTIONS = ("missing", "wrong")
_HASH_SPAN = 1 << 64


@dataclass(frozen=True, slots=True)
class Latency:
    """Service times are drawn from a lognormal distribution: median in milliseconds, sigma of the logarithm."""

    median_ms: float
    sigma: float = 0.2
    path: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """This share of the requests fails in this way."""

    kind: str
    share: float = 1.0
    path: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class FieldDefect:
    """In this share of the records (always the same ones) the field is missing or wrong.

    `company.x` is field x of a contact's populated company only; a plain name is the record's own field, or that of
    its company when contacts have no such field.
    """

    field: str
    action: str
    share: float = 1.0
    path: str = ""
    endpoint: str = ""

    def hits(self, uuid: str) -> bool:
        """Whether this record is among those hit; depends on its uuid and the field alone."""
        digest = hashlib.blake2b(f"{self.field}\0{uuid}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < self.share * _HASH_SPAN


class _Rule(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def endpoint(self) -> str: ...


Rule = TypeVar("Rule", bound=_Rule)


@dataclass(slots=True)
class Switches:
    """What is switched on. Draws come from a fixed seed, so that two runs wait and fail alike.

    `tokens` are left of the rate limit and are never refilled; None: the limit of the command line holds.
    """

    seed: int = 1
    lag: float = 0.0
    latencies: list[Latency] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fields: list[FieldDefect] = field(default_factory=list)
    outages: Outages = field(default_factory=Outages)
    tokens: int | None = None
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def service_time(self, path: str, endpoint: str) -> float:
        """How long this request shall take altogether, seconds; 0 when no rule is for it."""
        rules = fitting(self.latencies, path, endpoint)
        if not rules:
            return 0.0
        return rules[0].median_ms / 1000.0 * math.exp(rules[0].sigma * self._random.gauss(0.0, 1.0))

    def fault(self, path: str, endpoint: str) -> str:
        """The kind of fault that this request meets; empty for none."""
        for rule in fitting(self.faults, path, endpoint):
            if self._random.random() < rule.share:
                return rule.kind
        return ""

    def defects(self, path: str, endpoint: str) -> list[FieldDefect]:
        """The field defects of this request's answer."""
        return fitting(self.fields, path, endpoint)

    def shown(self) -> dict[str, Any]:
        """All switches as JSON, in the form in which `--switches` reads them."""
        return {
            "seed": self.seed,
            "lag": self.lag,
            "outages": self.outages.shown(),
            "rate": None if self.tokens is None else {"tokens": self.tokens},
            **{name: [dataclasses.asdict(rule) for rule in getattr(self, name)] for name in RULES},
        }


RULES = {"latencies": Latency, "faults": Fault, "fields": FieldDefect}


def fitting(rules: Sequence[Rule], path: str, endpoint: str) -> list[Rule]:
    """The rules for this request, the most particular first."""
    if not rules:
        return []
    found = [
        (bool(rule.endpoint), len(rule.path), at, rule)
        for at, rule in enumerate(rules)
        if path.startswith(rule.path) and rule.endpoint in ("", endpoint)
    ]
    found.sort(key=lambda entry: entry[:3], reverse=True)
    return [entry[3] for entry in found]
