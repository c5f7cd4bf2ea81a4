"""The moves of the table: what each event makes of an endpoint's state. Pure; `machine.TABLE` says which is legal.

Three rules that the moves keep:
- Every restart of the evidence (rung, retry, resume, edit) opens the next window; its number never resets.
- A rollback latches. No file raises a latched endpoint; `resume`, `promote --override` and `acknowledge` lift the
  latch. The judge's own retries may raise it again, by evidence, as often as `retries` allows.
- Only a person goes past evidence, and then the transition says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rollout.ladder import next_rung, rung_below, written
from rollout.states import Cause, Climb, EndpointState, Event, IllegalTransition, Status

JITTER = 0.25
"""A retry comes up to a quarter sooner or later, so that endpoints that fell together do not try together."""
WAITING = (Status.BACKING_OFF, Status.HELD_FOR_PERSON)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a move may look at: the state, the event, the configuration, the time and one draw in [0, 1)."""

    state: EndpointState
    event: Event
    climb: Climb
    now: float
    draw: float

    def refuse(self, why: str) -> IllegalTransition:
        return IllegalTransition(f"{self.climb.endpoint}: {self.event.kind}: {why}")

    def settled(self, state: EndpointState, percent: int | None = None) -> EndpointState:
        """`state` with the status that follows from percent, holds and whether the top was proven."""
        percent = state.percent if percent is None else percent
        done = state.done and percent >= self.climb.top
        status = Status.DONE if done else Status.BAKING if percent > 0 else Status.SHADOWING
        return replace(state, percent=percent, done=done, status=Status.HELD if state.held_by else status)

    def restarted(self, state: EndpointState) -> EndpointState:
        """`state` with its next window, opened now."""
        return replace(state, window=state.window + 1, entered_at=self.now, outages=0, outage_at=None)

    def forgiven(self, state: EndpointState) -> EndpointState:
        """`state` without latch, retries and breaches: a person vouches for it, or it is done."""
        return replace(state, latch=None, rollbacks=0, retries=0, retry_at=None)


Move = Callable[[Moment], EndpointState]


def climb(m: Moment) -> EndpointState:
    rung = next_rung(m.climb.ladder, m.state.percent)
    if rung is None:
        return m.settled(m.forgiven(m.restarted(replace(m.state, done=True))))
    return m.settled(m.restarted(m.state), rung)


def stay(m: Moment) -> EndpointState:
    return m.state


def roll_back(m: Moment) -> EndpointState:
    state = m.state
    waiting = state.status in WAITING
    if waiting and state.percent == 0:
        return state  # this breach is on record already
    to_zero = m.event.to_zero or state.rollbacks >= 1
    percent = 0 if to_zero else rung_below(m.climb.ladder, state.percent)
    after = replace(
        m.restarted(state) if percent != state.percent else state,
        percent=percent,
        done=False,
        latch=f"{m.climb.endpoint}-{state.window}",
        rollbacks=state.rollbacks + 1,
    )
    if state.status is Status.HELD_FOR_PERSON or state.retries >= m.climb.retries:
        return replace(after, status=Status.HELD_FOR_PERSON, retry_at=None)
    delay = m.climb.retry_after * 2**state.retries * (1.0 + JITTER * (2.0 * m.draw - 1.0))
    return replace(after, status=Status.BACKING_OFF, retry_at=m.now + delay)


def retry(m: Moment) -> EndpointState:
    if m.state.retry_at is not None and m.now < m.state.retry_at:
        raise m.refuse(f"not for another {m.state.retry_at - m.now:.0f} s")
    return m.settled(m.restarted(replace(m.state, retries=m.state.retries + 1, retry_at=None)))


def hold_for(cause: Cause) -> Move:
    def move(m: Moment) -> EndpointState:
        if cause in m.state.held_by:
            return m.state
        held = replace(m.state, held_by=(*m.state.held_by, cause))
        waits = m.state.status in WAITING
        return held if waits else m.settled(held)

    return move


def breaker_opened(m: Moment) -> EndpointState:
    if Cause.BREAKER in m.state.held_by:
        return m.state
    held = hold_for(Cause.BREAKER)(m)
    second = m.state.outage_at is not None and m.now - m.state.outage_at <= m.climb.bake
    if second and held.percent > 0 and held.status is Status.HELD:
        return m.settled(m.restarted(held), rung_below(m.climb.ladder, held.percent))
    return replace(held, outages=held.outages + 1, outage_at=m.now)


def release(cause: Cause, *, restart: bool) -> Move:
    def move(m: Moment) -> EndpointState:
        if cause not in m.state.held_by:
            return m.state
        free = replace(m.state, held_by=tuple(one for one in m.state.held_by if one is not cause))
        free = m.restarted(free) if restart else free
        return m.settled(free) if m.state.status is Status.HELD else free

    return move


def resume(m: Moment) -> EndpointState:
    if m.state.status is Status.DONE and m.state.latch is None:
        raise m.refuse("nothing holds it")
    free = replace(m.state, held_by=tuple(one for one in m.state.held_by if one is not Cause.PERSON))
    return m.settled(m.forgiven(m.restarted(free)))


def acknowledge(m: Moment) -> EndpointState:
    if m.state.latch is None or m.event.acknowledges != m.state.latch:
        raise m.refuse(f"the latch is {m.state.latch or 'off'}, not {m.event.acknowledges}")
    return m.settled(m.forgiven(m.restarted(m.state)))


def order(m: Moment) -> EndpointState:
    percent = m.event.percent
    if percent is None or not 0 <= percent <= 10_000:
        raise m.refuse(f"no percent from 0 to 100: {percent}")
    ordered = replace(m.state, last_order=percent)
    if percent == m.state.percent:
        return ordered
    if percent > m.state.percent:
        _may_be_raised(m)
    if m.state.status in WAITING:
        return replace(m.restarted(ordered), percent=percent)
    return m.settled(replace(m.restarted(ordered), done=False), percent)


def promote_by_hand(m: Moment) -> EndpointState:
    _may_be_raised(m)
    return _raise(m, m.state)


def override(m: Moment) -> EndpointState:
    return _raise(m, m.forgiven(m.state))


def _raise(m: Moment, state: EndpointState) -> EndpointState:
    rung = next_rung(m.climb.ladder, state.percent)
    if rung is None:
        raise m.refuse(f"{written(state.percent)} is the last rung")
    return m.settled(m.restarted(replace(state, last_order=rung)), rung)


def _may_be_raised(m: Moment) -> None:
    if m.state.latch is not None:
        raise m.refuse(f"latched by {m.state.latch}: `resume`, `promote --override`, or acknowledge it in the file")
    if Cause.BREAKER in m.state.held_by:
        raise m.refuse("the candidate's breaker is open")


def rollback_by_hand(m: Moment) -> EndpointState:
    percent = m.event.percent or 0
    if percent > m.state.percent:
        raise m.refuse(f"{written(percent)} is above {written(m.state.percent)}")
    moved = m.restarted(m.state) if percent != m.state.percent else m.state
    latch = f"{m.climb.endpoint}-{m.state.window}"
    return replace(
        moved,
        percent=percent,
        done=False,
        latch=latch,
        status=Status.HELD_FOR_PERSON,
        retry_at=None,
        last_order=percent,
    )


def edited(m: Moment) -> EndpointState:
    waits = m.state.status in WAITING
    fresh = m.restarted(m.state)
    return fresh if waits else m.settled(fresh)
