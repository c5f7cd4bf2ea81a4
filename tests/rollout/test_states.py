"""States as values: what they start as, serve, and read back as."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.facts import Unreadable
from rollout.states import Cause, Climb, EndpointState, Status

TIMES = st.floats(0, 2e9)
STATES = st.builds(
    EndpointState,
    percent=st.integers(0, 10_000),
    window=st.integers(1, 99),
    entered_at=TIMES,
    status=st.sampled_from(Status),
    held_by=st.lists(st.sampled_from(Cause), unique=True).map(tuple),
    latch=st.none() | st.text(max_size=8),
    retry_at=st.none() | TIMES,
    outage_at=st.none() | TIMES,
    reason=st.text(max_size=20),
)


@given(STATES)
def test_a_state_reads_back_through_json(state: EndpointState) -> None:
    assert EndpointState.from_json(json.loads(json.dumps(state.to_json()))) == state


@pytest.mark.parametrize(("percent", "status"), [(0, Status.SHADOWING), (500, Status.BAKING)])
def test_a_new_endpoint_starts_where_the_file_says(percent: int, status: Status) -> None:
    state = EndpointState.initial(percent, 7.0)
    assert (state.status, state.window, state.last_order, state.entered_at) == (status, 1, percent, 7.0)


@pytest.mark.parametrize(
    ("percent", "held_by", "serving"),
    [
        pytest.param(0, (), False, id="at zero"),
        pytest.param(500, (), True, id="at a rung"),
        pytest.param(500, (Cause.BREAKER,), True, id="the workers' breakers turn to legacy, not the table"),
        pytest.param(500, (Cause.FLAG,), False, id="its flag is off"),
        pytest.param(500, (Cause.PERSON,), True, id="held by a person"),
    ],
)
def test_when_clients_may_be_sent_to_the_candidate(percent: int, held_by: tuple[Cause, ...], serving: bool) -> None:
    assert EndpointState(percent=percent, held_by=held_by).serving is serving


@pytest.mark.parametrize("status", list(Status))
def test_only_shadowing_and_baking_climb(status: Status) -> None:
    assert EndpointState(status=status).climbing is (status in (Status.SHADOWING, Status.BAKING))


def test_a_state_of_a_later_release_is_read_without_what_is_unknown() -> None:
    assert EndpointState.from_json({"percent": 5, "moon": "full"}) == EndpointState(percent=5)


def test_an_unknown_status_is_unreadable_and_named() -> None:
    with pytest.raises(Unreadable, match="status: 'flying'"):
        EndpointState.from_json({"status": "flying"})


@pytest.mark.parametrize(("ladder", "top"), [((500, 10_000, 100), 10_000), ((), 0)])
def test_the_top_is_the_greatest_rung(ladder: tuple[int, ...], top: int) -> None:
    assert Climb("contact", ladder, 60.0).top == top
