"""The state of an endpoint's rollout, the events that change it, and what a change is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rollout.facts import from_json, to_json
from rollout.ladder import written
from rollout.model import Endpoint


class Status(StrEnum):
    """Where an endpoint stands."""

    SHADOWING = "shadowing"  # at 0 %: mirrored and compared, nothing served
    BAKING = "baking"  # serving, and gathering the evidence for the next rung
    HELD = "held"  # by a person, an open breaker or a flag; the percent stays
    BACKING_OFF = "backing off"  # after a breach, until the judge's next try
    HELD_FOR_PERSON = "held for a person"  # after a breach, and no try is left
    DONE = "done"  # the last rung has been proven; watched on


class Cause(StrEnum):
    """What holds an endpoint. Several may hold it at once; it goes on when none does."""

    PERSON = "person"
    BREAKER = "breaker"
    FLAG = "flag"


class EventKind(StrEnum):
    """What can happen to an endpoint. The first three are rulings of the judge."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll back"
    RETRY_DUE = "retry due"
    BREAKER_OPENED = "breaker opened"
    BREAKER_CLOSED = "breaker closed"  # closed for good: half-open is still an outage
    FLAG_OFF = "flag off"
    FLAG_ON = "flag on"
    FILE_ORDER = "file order"
    FILE_EDITED = "file edited"  # rules, gates or ladder of this endpoint, not its percent
    ACKNOWLEDGE = "acknowledge"
    ORDER_SET = "order: set"
    ORDER_PROMOTE = "order: promote"
    ORDER_OVERRIDE = "order: promote --override"
    ORDER_HOLD = "order: hold"
    ORDER_RESUME = "order: resume"
    ORDER_ROLLBACK = "order: rollback"


@dataclass(frozen=True, slots=True)
class Event:
    """One event with its reason in words.

    `percent` (hundredths) belongs to ORDER_SET and FILE_ORDER, and may limit ORDER_ROLLBACK (None: to 0).
    `to_zero` belongs to ROLL_BACK: a breach by errors. `acknowledges` is the latch that ACKNOWLEDGE names.
    """

    kind: EventKind
    reason: str = ""
    percent: int | None = None
    to_zero: bool = False
    acknowledges: str | None = None


@dataclass(frozen=True, slots=True)
class Climb:
    """What of an endpoint's configuration decides its moves. Rungs in hundredths, times in seconds."""

    endpoint: str
    ladder: tuple[int, ...]
    bake: float
    retries: int = 3
    retry_after: float = 600.0

    @classmethod
    def of(cls, endpoint: Endpoint) -> Climb:
        return cls(endpoint.name, endpoint.ladder, endpoint.bake, endpoint.retries, endpoint.retry_after)

    @property
    def top(self) -> int:
        return max(self.ladder, default=0)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """One endpoint's effective state: a row, and what the routing table is compiled from.

    `window` numbers the evidence window and never resets; `entered_at` is when this rung was entered (Unix
    seconds): the bake counts from it. `latch` is the id of the rollback that no file may undo. `rollbacks` and
    `retries` count since a person last lifted a latch or the endpoint was last done. `last_order` is the percent
    that an operator gave last. `epoch` grows with every change.
    """

    percent: int = 0
    window: int = 1
    entered_at: float = 0.0
    status: Status = Status.SHADOWING
    held_by: tuple[Cause, ...] = ()
    done: bool = False
    latch: str | None = None
    rollbacks: int = 0
    retries: int = 0
    retry_at: float | None = None
    outages: int = 0
    outage_at: float | None = None
    last_order: int = 0
    reason: str = ""
    epoch: int = 0

    @classmethod
    def initial(cls, percent: int, now: float) -> EndpointState:
        """An endpoint that the store has not met: at the file's percent, in its first window."""
        status = Status.BAKING if percent > 0 else Status.SHADOWING
        reason = f"new, at {written(percent)} by the file"
        return cls(percent=percent, entered_at=now, status=status, last_order=percent, reason=reason)

    @property
    def serving(self) -> bool:
        """Whether the table may send clients to the candidate.

        An open breaker does not change it: the percent stays in the table, the workers' breakers turn to legacy
        within one request, and serving goes on when they close.
        """
        return self.percent > 0 and Cause.FLAG not in self.held_by

    @property
    def climbing(self) -> bool:
        """Whether the judge may promote: not held, not backing off, not waiting for a person, not done."""
        return self.status in (Status.SHADOWING, Status.BAKING)

    def to_json(self) -> dict[str, Any]:
        return dict(to_json(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> EndpointState:
        """The inverse of `to_json`; raises facts.Unreadable."""
        return from_json(cls, value)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the audit, less who and when: what happened to an endpoint and why.

    `bypassed` says in words which evidence a person went past; None for moves that the evidence carries.
    """

    kind: EventKind
    status_from: Status
    status_to: Status
    percent_from: int
    percent_to: int
    window_from: int
    window_to: int
    reason: str
    latch: str | None = None
    bypassed: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an event, and what goes on record: None if nothing but `reason` or `last_order` changed."""

    state: EndpointState
    transition: Transition | None


class IllegalTransition(Exception):
    """An event that this state does not take. Nothing has changed; the text says what to do instead."""
