"""What a comparison says: a verdict, the changes behind it, and why something was not comparable."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The verdicts. `LAGGING` and `UNSTABLE` are only given after a recheck, never by one comparison."""

    MATCH = "match"
    ACCEPTED = "accepted"
    MISMATCH = "mismatch"
    UNSTABLE = "unstable"
    LAGGING = "lagging"
    NOT_COMPARABLE = "not comparable"


class ChangeKind(StrEnum):
    """Kinds of change between the legacy answer and the candidate's."""

    VALUE = "value"
    TYPE = "type"
    MISSING = "missing"  # legacy has it, the candidate has not
    EXTRA = "extra"  # the candidate has it, legacy has not
    ORDER = "order"
    STATUS = "status"
    HEADER = "header"
    BODY = "body"  # opaque bytes or an unreadable body


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is printed with keys and indexes, e.g. `results[uuid=c1].email`.

    `legacy` and `candidate` are the raw leaves (or small subtrees) as compared, after normalisation;
    they are redacted before anything is stored. `accepted_by` names the rule or known gap that took it.
    """

    path: str
    kind: ChangeKind
    legacy: Any = None
    candidate: Any = None
    accepted_by: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its evidence. `changes` are unaccepted, `accepted` were taken by rules: both are kept.

    `reason` says in words why an exchange is not comparable. `fingerprint` is the stable id of the kind of
    mismatch; None unless the outcome is a mismatch or unstable.
    """

    outcome: Outcome
    changes: tuple[Change, ...] = ()
    accepted: tuple[Change, ...] = ()
    reason: str | None = None
    fingerprint: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """How often each rule that was needed took a difference, by its name."""
