"""Transitions of an endpoint as one table: (status, event) → the move, and the statuses that it may lead to.

`advance` is the only way to change a state. The diagram in docs/judging.md is drawn from `TABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollout import moves
from rollout.ladder import rungs_between
from rollout.moves import Moment, Move
from rollout.states import (
    Cause,
    Climb,
    EndpointState,
    Event,
    EventKind,
    IllegalTransition,
    Status,
    Step,
    Transition,
)

__all__ = [
    "TABLE", "Cause", "Climb", "EndpointState", "Event", "EventKind", "IllegalTransition", "Rule", "Status", "Step",
    "Transition", "advance", "is_order",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event does in a status: the move, and every status that it may lead to."""

    move: Move
    to: tuple[Status, ...]


Statuses = tuple[Status, ...]
Rules = dict[tuple[Status, EventKind], Rule]

_S, _B, _H = Status.SHADOWING, Status.BAKING, Status.HELD
_O, _P, _D = Status.BACKING_OFF, Status.HELD_FOR_PERSON, Status.DONE
_GOING = (_S, _B, _D)
_WAITING = (_O, _P)
_ANY = (_S, _B, _H, _O, _P, _D)


def _rules(kind: EventKind, move: Move, edges: dict[Status, Statuses]) -> Rules:
    return {(status, kind): Rule(move, to) for status, to in edges.items()}


def _holding(kind: EventKind, move: Move) -> Rules:
    return _rules(kind, move, {**dict.fromkeys((*_GOING, _H), (_H,)), **{one: (one,) for one in _WAITING}})


def _releasing(kind: EventKind, move: Move) -> Rules:
    return _rules(kind, move, {_H: (_H, *_GOING), **{one: (one,) for one in (*_GOING, *_WAITING)}})


def _ordering(kind: EventKind) -> Rules:
    edges = {**dict.fromkeys((_S, _B), (_S, _B)), **{one: (one,) for one in (_H, *_WAITING)}, _D: (_S, _B, _D)}
    return _rules(kind, moves.order, edges)


TABLE: Rules = {
    **_rules(EventKind.PROMOTE, moves.climb, {_S: (_B,), _B: (_B, _D)}),
    **_rules(EventKind.HOLD, moves.stay, {one: (one,) for one in _ANY}),
    **_rules(EventKind.ROLL_BACK, moves.roll_back, {**dict.fromkeys((_S, _B, _H, _D, _O), _WAITING), _P: (_P,)}),
    **_rules(EventKind.RETRY_DUE, moves.retry, {_O: (_S, _B, _H)}),
    **_holding(EventKind.BREAKER_OPENED, moves.breaker_opened),
    **_releasing(EventKind.BREAKER_CLOSED, moves.release(Cause.BREAKER, restart=False)),
    **_holding(EventKind.FLAG_OFF, moves.hold_for(Cause.FLAG)),
    **_releasing(EventKind.FLAG_ON, moves.release(Cause.FLAG, restart=True)),
    **_ordering(EventKind.FILE_ORDER),
    **_ordering(EventKind.ORDER_SET),
    **_rules(EventKind.FILE_EDITED, moves.edited, {**{one: (one,) for one in _ANY}, _D: (_B, _D)}),
    **_rules(EventKind.ACKNOWLEDGE, moves.acknowledge, dict.fromkeys(_ANY, (_S, _B, _H, _D))),
    **_rules(EventKind.ORDER_PROMOTE, moves.promote_by_hand, {_S: (_B,), _B: (_B,)}),
    **_rules(EventKind.ORDER_OVERRIDE, moves.override, {_S: (_B,), _B: (_B,), _H: (_H,), _O: (_B, _H), _P: (_B, _H)}),
    **_holding(EventKind.ORDER_HOLD, moves.hold_for(Cause.PERSON)),
    **_rules(EventKind.ORDER_RESUME, moves.resume, dict.fromkeys(_ANY, (_S, _B, _H, _D))),
    **_rules(EventKind.ORDER_ROLLBACK, moves.rollback_by_hand, dict.fromkeys(_ANY, (_P,))),
}
"""Every event that a status takes. What is not here raises IllegalTransition and changes nothing."""


def advance(state: EndpointState, event: Event, climb: Climb, now: float, draw: float = 0.5) -> Step:
    """The state after `event` at `now` (Unix seconds), and the transition that goes on record.

    `draw` in [0, 1) spreads retries. Raises IllegalTransition, with what to do instead, for an event that this
    state does not take. An event that finds nothing to change returns the same state and no transition.
    """
    rule = TABLE.get((state.status, event.kind))
    if rule is None:
        raise IllegalTransition(f"{climb.endpoint} is {state.status}: it does not take `{event.kind}`")
    moment = Moment(state, event, climb, now, draw)
    after = rule.move(moment)
    if after.status not in rule.to:
        raise AssertionError(f"{state.status} may not become {after.status} by {event.kind}: the table is wrong")
    if after == state:
        heard = event.kind is EventKind.HOLD and state.status in _GOING  # elsewhere why it waits is on record
        return Step(replace(state, reason=event.reason) if heard else state, None)
    if replace(after, last_order=state.last_order) == state:
        return Step(after, None)
    after = replace(after, reason=_reason(moment, after), epoch=state.epoch + 1)
    return Step(after, _transition(moment, after))


def _reason(moment: Moment, after: EndpointState) -> str:
    if moment.event.kind is EventKind.BREAKER_OPENED and after.percent < moment.state.percent:
        return f"{moment.event.reason}; the second outage within a bake: one rung down".lstrip("; ")
    return moment.event.reason


def _transition(moment: Moment, after: EndpointState) -> Transition:
    state = moment.state
    return Transition(
        kind=moment.event.kind,
        status_from=state.status,
        status_to=after.status,
        percent_from=state.percent,
        percent_to=after.percent,
        window_from=state.window,
        window_to=after.window,
        reason=after.reason,
        latch=after.latch if after.latch != state.latch else None,
        bypassed=_bypassed(moment, after),
    )


def _bypassed(moment: Moment, after: EndpointState) -> str | None:
    if after.percent <= moment.state.percent or moment.event.kind is EventKind.PROMOTE:
        return None
    rungs = rungs_between(moment.climb.ladder, moment.state.percent, after.percent)
    jump = f", over {rungs} rungs" if rungs > 1 else ""
    return f"raised by a person without the judge's ruling{jump}"


def is_order(state: EndpointState, percent: int) -> bool:
    """Whether the file's `percent` is an order: it differs from the last one given, and from what is live.

    So a file that holds an old order, or what the judge wrote back, orders nothing.
    """
    return percent not in (state.last_order, state.percent)
