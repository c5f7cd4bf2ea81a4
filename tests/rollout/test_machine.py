"""The table of transitions, walked at random: what no sequence of events may ever do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.ladder import next_rung
from rollout.machine import TABLE, advance, is_order
from rollout.states import Cause, Climb, EndpointState, Event, EventKind, IllegalTransition, Status, Step

RUNGS = st.lists(st.integers(1, 10_000), min_size=1, max_size=6, unique=True).map(tuple)
KINDS = st.sampled_from(list(EventKind))
EVENTS = st.builds(
    Event,
    KINDS,
    st.just("because"),
    st.none() | st.integers(0, 10_000),
    st.booleans(),
    st.none() | st.sampled_from(["contact-1", "contact-2", "contact-3"]),
)
WALKS = st.lists(st.tuples(EVENTS, st.floats(0.0, 5_000.0)), max_size=40)
BY_FILE = (EventKind.FILE_ORDER, EventKind.FILE_EDITED)
BY_JUDGE = (EventKind.PROMOTE, EventKind.HOLD, EventKind.ROLL_BACK, EventKind.RETRY_DUE)
BY_PERSON = tuple(kind for kind in EventKind if kind.value.startswith("order"))

Visit = Callable[[EndpointState, Event, Step], None]


def walk(ladder: tuple[int, ...], steps: list[tuple[Event, float]], visit: Visit) -> EndpointState:
    """Goes through the events in order; those that are refused change nothing. `visit` sees every step."""
    climb, now = Climb("contact", ladder, bake=600.0, retries=2, retry_after=60.0), 0.0
    state = EndpointState.initial(0, now)
    for event, later in steps:
        now += later
        try:
            step = advance(state, event, climb, now)
        except IllegalTransition:
            continue
        visit(state, event, step)
        state = step.state
    return state


@given(RUNGS, WALKS)
def test_the_judge_never_goes_above_the_top_and_never_skips_a_rung(
    ladder: tuple[int, ...], steps: list[tuple[Event, float]]
) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        if event.kind in BY_JUDGE and step.state.percent > before.percent:
            assert event.kind is EventKind.PROMOTE
            assert step.state.percent == next_rung(ladder, before.percent)

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_a_latch_is_never_lifted_nor_passed_by_a_file(
    ladder: tuple[int, ...], steps: list[tuple[Event, float]]
) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        if before.latch is not None and event.kind in BY_FILE:
            assert step.state.latch == before.latch
            assert step.state.percent <= before.percent

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_window_numbers_only_grow_and_every_move_of_the_percent_opens_one(
    ladder: tuple[int, ...], steps: list[tuple[Event, float]]
) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        assert before.window <= step.state.window <= before.window + 1
        if step.state.percent != before.percent:
            assert step.state.window == before.window + 1

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_status_and_percent_always_agree(ladder: tuple[int, ...], steps: list[tuple[Event, float]]) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        after = step.state
        assert (after.status is Status.SHADOWING) <= (after.percent == 0)
        assert (after.status is Status.BAKING) <= (after.percent > 0)
        assert (after.status is Status.DONE) <= after.done
        assert (after.status is Status.HELD) <= bool(after.held_by)
        assert (after.status is Status.BACKING_OFF) <= (after.retry_at is not None)

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_every_change_is_on_record_with_its_epoch(ladder: tuple[int, ...], steps: list[tuple[Event, float]]) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        changed = replace(step.state, reason="", last_order=0) != replace(before, reason="", last_order=0)
        assert changed == (step.transition is not None)
        assert step.state.epoch == before.epoch + changed

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_only_a_persons_raise_goes_past_evidence_and_says_so(
    ladder: tuple[int, ...], steps: list[tuple[Event, float]]
) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        raised = step.state.percent > before.percent
        if step.transition is not None:
            assert (step.transition.bypassed is not None) == (raised and event.kind is not EventKind.PROMOTE)

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_an_open_breaker_lets_nobody_raise_it_but_by_override(
    ladder: tuple[int, ...], steps: list[tuple[Event, float]]
) -> None:
    def visit(before: EndpointState, event: Event, step: Step) -> None:
        if Cause.BREAKER in before.held_by and step.state.percent > before.percent:
            assert event.kind is EventKind.ORDER_OVERRIDE

    walk(ladder, steps, visit)


@given(RUNGS, WALKS)
def test_a_state_reads_back_as_it_was_written(ladder: tuple[int, ...], steps: list[tuple[Event, float]]) -> None:
    state = walk(ladder, steps, lambda before, event, step: None)
    assert EndpointState.from_json(state.to_json()) == state


@pytest.mark.parametrize("status", list(Status))
def test_every_status_takes_a_persons_rollback_and_it_ends_with_a_person(status: Status) -> None:
    assert TABLE[status, EventKind.ORDER_ROLLBACK].to == (Status.HELD_FOR_PERSON,)


@pytest.mark.parametrize("status", [Status.HELD, Status.BACKING_OFF, Status.HELD_FOR_PERSON, Status.DONE])
def test_the_judge_promotes_only_what_is_climbing(status: Status) -> None:
    state = EndpointState(percent=500, status=status)
    with pytest.raises(IllegalTransition, match="does not take `promote`"):
        advance(state, Event(EventKind.PROMOTE), Climb("contact", (500, 2_500), 60.0), 1.0)


@pytest.mark.parametrize(
    ("percent", "ordered"),
    [
        pytest.param(100, False, id="what the operator ordered last"),
        pytest.param(2_500, False, id="what is live, written back by the judge"),
        pytest.param(5_000, True, id="anything else"),
        pytest.param(0, True, id="zero is an order too"),
    ],
)
def test_the_files_percent_is_an_order_only_if_it_is_new(percent: int, ordered: bool) -> None:
    assert is_order(EndpointState(percent=2_500, last_order=100), percent) is ordered
