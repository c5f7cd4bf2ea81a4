"""Which earlier phase an endpoint waits for."""

from __future__ import annotations

from typing import Any

import pytest

from rollout.phases import waits_for
from rollout.states import EndpointState
from tests.support.endpoints import endpoint

FIRST = endpoint("contact", phase="one")
BESIDE = endpoint("company", phase="one")
SECOND = endpoint("count", phase="two")
THIRD = endpoint("linkedin", phase="three")
ALL = (FIRST, BESIDE, SECOND, THIRD)


def states(**percents: int) -> dict[str, EndpointState]:
    return {name: EndpointState(percent=percent) for name, percent in percents.items()}


def test_the_first_phase_waits_for_nobody() -> None:
    assert waits_for(FIRST, ALL, {}) is None


def test_endpoints_of_one_phase_do_not_wait_for_each_other() -> None:
    assert waits_for(BESIDE, ALL, states(contact=0)) is None


@pytest.mark.parametrize(
    ("percents", "phase"),
    [
        pytest.param({}, "one", id="nothing known"),
        pytest.param({"contact": 10_000, "company": 500}, "one", id="one of the phase is on its way"),
        pytest.param({"contact": 10_000, "company": 10_000}, None, id="all have arrived"),
    ],
)
def test_the_next_phase_waits_until_all_before_have_arrived(percents: dict[str, int], phase: str | None) -> None:
    assert waits_for(SECOND, ALL, states(**percents)) == phase


def test_the_earliest_phase_in_the_way_is_named() -> None:
    assert waits_for(THIRD, ALL, states(contact=10_000, company=10_000)) == "two"


def test_only_the_first_rung_waits() -> None:
    assert waits_for(SECOND, ALL, states(count=100)) is None


@pytest.mark.parametrize("given", [{"effects": True}, {"auto": False}], ids=["effects", "auto off"])
def test_what_can_not_arrive_by_itself_holds_nobody(given: dict[str, Any]) -> None:
    assert waits_for(SECOND, (endpoint("contact", phase="one", **given), SECOND), {}) is None


def test_an_endpoint_that_fell_back_holds_the_next_phase() -> None:
    assert waits_for(SECOND, (FIRST, SECOND), states(contact=0)) == "one"
