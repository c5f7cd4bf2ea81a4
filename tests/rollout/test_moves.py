"""What each event makes of a state: the moves, told as short stories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rollout.machine import advance
from rollout.states import Cause, Climb, EndpointState, Event, EventKind, IllegalTransition, Status

CLIMB = Climb("contact", (500, 2_500, 5_000, 10_000), bake=600.0, retries=1, retry_after=60.0)


def baking(percent: int = 2_500, **given: Any) -> EndpointState:
    return replace(EndpointState(percent=percent, window=3, status=Status.BAKING), **given)


def after(state: EndpointState, *events: Event | EventKind, now: float = 1_000.0, draw: float = 0.5) -> EndpointState:
    for one in events:
        event = Event(one) if isinstance(one, EventKind) else one
        state = advance(state, event, CLIMB, now, draw).state
    return state


def test_climbing_all_rungs_ends_done_at_the_top() -> None:
    state = after(EndpointState.initial(0, 0.0), *[EventKind.PROMOTE] * 5)
    assert (state.percent, state.status, state.window) == (10_000, Status.DONE, 6)


def test_a_first_breach_goes_one_rung_down_and_backs_off() -> None:
    state = after(baking(), EventKind.ROLL_BACK)
    assert (state.percent, state.status, state.latch) == (500, Status.BACKING_OFF, "contact-3")


def test_a_breach_by_errors_goes_to_zero_at_once() -> None:
    assert after(baking(), Event(EventKind.ROLL_BACK, to_zero=True)).percent == 0


def test_a_second_breach_goes_to_zero() -> None:
    assert after(baking(), EventKind.ROLL_BACK, EventKind.ROLL_BACK).percent == 0


def test_a_breach_that_is_on_record_at_zero_is_not_recorded_again() -> None:
    fallen = after(baking(500), EventKind.ROLL_BACK)
    assert advance(fallen, Event(EventKind.ROLL_BACK), CLIMB, 1_001.0).transition is None


def test_when_no_retry_is_left_a_person_must_look() -> None:
    state = after(baking(500), EventKind.ROLL_BACK)
    retried = after(state, EventKind.RETRY_DUE, now=2_000.0)
    assert after(retried, EventKind.ROLL_BACK).status is Status.HELD_FOR_PERSON


@pytest.mark.parametrize(("draw", "delay"), [(0.0, 45.0), (0.5, 60.0), (1.0, 75.0)])
def test_retries_are_spread_by_a_quarter(draw: float, delay: float) -> None:
    assert after(baking(), EventKind.ROLL_BACK, draw=draw).retry_at == pytest.approx(1_000.0 + delay)


def test_each_retry_waits_twice_as_long() -> None:
    patient = Climb("contact", (500, 2_500), 600.0, retries=3, retry_after=60.0)
    state = advance(baking(500, retries=2), Event(EventKind.ROLL_BACK), patient, 0.0).state
    assert state.retry_at == pytest.approx(240.0)


def test_a_retry_that_comes_too_early_is_refused_with_what_is_left() -> None:
    with pytest.raises(IllegalTransition, match="not for another 50 s"):
        after(after(baking(), EventKind.ROLL_BACK), EventKind.RETRY_DUE, now=1_010.0)


def test_an_open_breaker_holds_the_percent_and_the_window() -> None:
    state = after(baking(), EventKind.BREAKER_OPENED)
    assert (state.percent, state.window, state.status) == (2_500, 3, Status.HELD)


def test_a_closed_breaker_goes_on_with_the_same_window() -> None:
    state = after(baking(), EventKind.BREAKER_OPENED, EventKind.BREAKER_CLOSED)
    assert (state.percent, state.window, state.status) == (2_500, 3, Status.BAKING)


@pytest.mark.parametrize(("later", "percent"), [(599.0, 500), (601.0, 2_500)], ids=["within", "beyond"])
def test_a_second_outage_within_a_bake_takes_one_rung(later: float, percent: int) -> None:
    once = after(baking(), EventKind.BREAKER_OPENED, EventKind.BREAKER_CLOSED)
    assert after(once, EventKind.BREAKER_OPENED, now=1_000.0 + later).percent == percent


def test_a_flag_that_comes_back_opens_a_new_window() -> None:
    state = after(baking(), EventKind.FLAG_OFF, EventKind.FLAG_ON)
    assert (state.window, state.status) == (4, Status.BAKING)


def test_a_flag_that_is_off_serves_nobody_and_keeps_the_percent() -> None:
    state = after(baking(), EventKind.FLAG_OFF)
    assert (state.percent, state.serving) == (2_500, False)


def test_it_goes_on_when_nothing_holds_it_any_more() -> None:
    held = after(baking(), EventKind.ORDER_HOLD, EventKind.BREAKER_OPENED, EventKind.BREAKER_CLOSED)
    assert held.held_by == (Cause.PERSON,)
    assert after(held, EventKind.ORDER_RESUME).status is Status.BAKING


@pytest.mark.parametrize(
    "lifting",
    [
        Event(EventKind.ORDER_RESUME),
        Event(EventKind.ORDER_OVERRIDE),
        Event(EventKind.ACKNOWLEDGE, acknowledges="contact-3"),
    ],
    ids=lambda event: event.kind.value,
)
def test_what_lifts_a_latch(lifting: Event) -> None:
    assert after(after(baking(), EventKind.ROLL_BACK), lifting).latch is None


def test_acknowledging_another_latch_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="the latch is contact-3, not contact-2"):
        after(after(baking(), EventKind.ROLL_BACK), Event(EventKind.ACKNOWLEDGE, acknowledges="contact-2"))


@pytest.mark.parametrize("kind", [EventKind.FILE_ORDER, EventKind.ORDER_SET])
def test_a_latched_endpoint_is_not_raised_by_a_percent(kind: EventKind) -> None:
    with pytest.raises(IllegalTransition, match="latched by contact-3"):
        after(after(baking(), EventKind.ROLL_BACK), Event(kind, percent=5_000))


def test_a_latched_endpoint_may_be_lowered() -> None:
    assert after(after(baking(), EventKind.ROLL_BACK), Event(EventKind.ORDER_SET, percent=100)).percent == 100


def test_a_percent_outside_the_range_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="no percent from 0 to 100: 10001"):
        after(baking(), Event(EventKind.ORDER_SET, percent=10_001))


def test_an_operators_jump_is_on_record_with_the_rungs_it_passed() -> None:
    step = advance(baking(500), Event(EventKind.ORDER_SET, percent=10_000), CLIMB, 1_000.0)
    assert step.transition is not None
    assert step.transition.bypassed == "raised by a person without the judge's ruling, over 3 rungs"


def test_nobody_promotes_beyond_the_last_rung_by_hand() -> None:
    with pytest.raises(IllegalTransition, match="100 % is the last rung"):
        after(baking(10_000), EventKind.ORDER_PROMOTE)


def test_a_rollback_by_hand_can_not_raise() -> None:
    with pytest.raises(IllegalTransition, match="50 % is above 25 %"):
        after(baking(), Event(EventKind.ORDER_ROLLBACK, percent=5_000))


def test_an_edit_begins_the_evidence_anew() -> None:
    assert after(baking(), EventKind.FILE_EDITED).window == 4


def test_a_hold_without_a_new_reason_changes_nothing() -> None:
    step = advance(baking(reason="x"), Event(EventKind.HOLD, "x"), CLIMB, 1_000.0)
    assert step.state == baking(reason="x")


def test_there_is_nothing_to_resume_when_it_is_done() -> None:
    with pytest.raises(IllegalTransition, match="nothing holds it"):
        after(baking(10_000, status=Status.DONE, done=True), EventKind.ORDER_RESUME)
