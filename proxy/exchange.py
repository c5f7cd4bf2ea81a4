"""A request and both sides' answers, as a worker saw them: frozen, and all that crosses to the analyst."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rollout.sides import Side

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as received: order, case and duplicates kept."""


class Failure(StrEnum):
    """Why a side gave no usable answer. The candidate's failure is data, not control flow."""

    CONNECT = "connect"
    DEADLINE = "deadline"
    RESET = "reset"  # the connection broke before the answer was whole
    STATUS = "status"  # 5xx
    INVALID = "invalid"  # not HTTP, or a framing that does not add up
    MISSING = "missing"  # fields missing that no known gap covers
    BREAKER = "breaker"  # not asked: the breaker is open
    TOO_LARGE = "too large"  # over its budget: `body`, or `spool` where it streams
    CANCELLED = "cancelled"  # the client went away first


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sent it. `target` is the raw path and query; `body` is None when it was not kept."""

    method: str
    target: str
    headers: Fields
    body: bytes | None
    peer: str


@dataclass(frozen=True, slots=True)
class Spool:
    """A body that lies in a file of its own; whoever takes the exchange deletes it."""

    path: str
    size: int


TOLD = frozenset({"unavailable", "limited", "failed", "refused", "misread", "unasked", "defect", "unreadable"})
"""Words with which the bundled gateway says in `X-Crossfade-Error` why its answer is none (connectra/errors.py)."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One side's answer. `seconds` runs from own first byte written to own last byte read, less `paused`
    (the time that reading waited for a slow client); it is `inf` for a deadline.

    `declined` is the gateway's reason for not answering (neither a fallback nor evidence); `missing` are the
    fields that it could not provide. `cache` is `hit` or `miss` where the gateway's cache of single records was asked:
    a hit's `seconds` say nothing of the candidate.
    """

    status: int | None
    headers: Fields = ()
    body: bytes | Spool | None = None
    size: int = 0
    seconds: float = 0.0
    paused: float = 0.0
    failure: Failure | None = None
    declined: str | None = None
    missing: tuple[str, ...] = ()
    cache: str = ""

    @property
    def trouble(self) -> str | None:
        """The name of a failure, None without one: the gateway's own word where it gave one."""
        if self.failure is not Failure.STATUS:
            return None if self.failure is None else self.failure.value
        return told(self.headers) or self.failure.value


def told(fields: Fields) -> str | None:
    """The gateway's word for what is no answer, if it is one of TOLD."""
    said = next((value for name, value in fields if name.lower() == b"x-crossfade-error"), b"").decode("latin-1")
    return said if said in TOLD else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One sampled or served request of a migrated endpoint.

    `primary` is the side chosen, `served` the side whose answer the client got (they differ after a fallback,
    whose reason is `fallback`). A side that was not asked is None. `equal` means that status, chosen headers
    and body bytes of both sides are the same: then the bodies are dropped and only sizes remain.
    `skipped` says why there is no second side: not sampled, shed (budget, rate, body), declined earlier.
    """

    id: str
    at: float
    """Unix time at which the request head had been read."""
    endpoint: str
    window: int
    epoch: int
    percent: int
    primary: Side
    served: Side
    request: Request
    params: dict[str, str] = field(default_factory=dict)
    """Path parameters, percent-decoded."""
    key: bytes = b""
    """Request key: 16 bytes of a keyed hash over endpoint, canonical path and query, and body digest."""
    legacy: Observed | None = None
    candidate: Observed | None = None
    equal: bool = False
    fallback: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A write seen through the proxy that some endpoint's `written_by` names: evidence for lag."""

    at: float
    endpoint: str
    params: dict[str, str]
    status: int
