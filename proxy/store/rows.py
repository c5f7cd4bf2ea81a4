"""What goes into the store and comes out of it. Times are Unix seconds, percents hundredths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollout.states import EndpointState, Transition


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A percent that rollout.yaml does not show yet. The hashes are SHA-256 of the file before and after.

    `id` is the store's; 0 before it has one. `outcome` is None while it is pending.
    """

    endpoint: str
    percent: int
    old_hash: str
    new_hash: str
    id: int = 0
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An endpoint's new state, and why: all of it becomes durable together or not at all.

    `transition` is None when nothing but a reason or the last order changed: then there is no audit row. `who`
    is `judge` or a person's name. `evidence` is what the ruling can be replayed from. `journalled` means that it
    was made without the store and lay in the journal.
    """

    endpoint: str
    at: float
    who: str
    state: EndpointState
    transition: Transition | None
    evidence: dict[str, Any] | None = None
    judge: str | None = None
    write_back: WriteBack | None = None
    journalled: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One transition on record."""

    id: int
    at: float
    endpoint: str
    who: str
    transition: Transition
    evidence: dict[str, Any] | None
    judge: str | None
    journalled: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """What one batch adds to a kind of mismatch: `seen` times since the last batch, between two moments."""

    endpoint: str
    fingerprint: str
    outcome: str
    paths: tuple[str, ...]
    seen: int
    first_seen: float
    last_seen: float
    suggestion: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One exchange of a kind of mismatch, redacted. `id` is the exchange's; `body` is plain JSON without values
    of persons."""

    id: str
    endpoint: str
    fingerprint: str
    at: float
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A kind of mismatch as stored, with the id of its newest sample (None when retention took them all)."""

    kind: Kind
    example: str | None


@dataclass(frozen=True, slots=True)
class SavedWindow:
    """A window's evidence as JSON, and when it was saved."""

    number: int
    saved_at: float
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention removed."""

    samples: int = 0
    kinds: int = 0
