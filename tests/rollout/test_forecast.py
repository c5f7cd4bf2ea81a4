"""The forecast of a climb: the same prices as the gates', and near what a simulated climb takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout.forecast import Pace, forecast, seconds_for
from rollout.states import Climb
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds
from tests.support.rollouts import Rollout, Truth

CLIMB = Climb("contact", (500, 2_500, 5_000, 10_000), bake=6.0)
QUICK = Thresholds(
    PromoteWhen(error_rate=0.3, fallback_rate=0.3, lag_p99=6.0),
    RollBackWhen(error_rate=0.6, fallback_rate=0.6),
    block=0.5,
)


def test_there_is_a_price_for_each_rung_and_for_the_proof_of_the_last() -> None:
    found = forecast(QUICK, CLIMB, Pace(120.0, 15_000))
    assert [one.percent for one in found] == [0, 500, 2_500, 5_000, 10_000]
    assert [one.keys for one in found] == [789, 1_088, 1_261, 1_383, 1_478]
    assert [one.signs for one in found] == [8, 10, 11, 12, 13]


def test_a_later_window_costs_more() -> None:
    first, fifth = forecast(QUICK, CLIMB, Pace(120.0, 15_000))[0], forecast(QUICK, CLIMB, Pace(120.0, 15_000), 5)[0]
    assert first.keys < fifth.keys


def test_a_long_bake_outlasts_all_proofs() -> None:
    found = forecast(Thresholds(), replace(CLIMB, bake=86_400.0), Pace(10.0, 1_000_000))
    assert {(one.longest, one.seconds) for one in found} == {("bake", 86_400.0)}


def test_removed_gates_cost_nothing() -> None:
    bare = PromoteWhen(mismatch_rate=None, error_rate=None, fallback_rate=None, latency_p50=None, latency_p95=None)
    found = forecast(Thresholds(bare), CLIMB, Pace(120.0, 15_000))
    assert {(one.keys, one.signs, one.error_blocks, one.longest) for one in found} == {(0, 0, 0, "bake")}


@pytest.mark.parametrize("keys", [210, 789])
def test_an_endpoint_with_too_few_distinct_requests_never_gets_there(keys: int) -> None:
    first = forecast(QUICK, CLIMB, Pace(120.0, keys))[0]
    assert (first.seconds, first.longest) == (None, "mismatch")


def test_distinct_requests_come_slower_the_more_have_been_seen() -> None:
    pace = Pace(100.0, 1_000)
    first, second = seconds_for(400, pace), seconds_for(800, pace)
    assert first is not None
    assert second is not None
    assert second > 2 * first


def test_the_forecast_is_near_what_a_simulated_climb_takes() -> None:
    one = Rollout(CLIMB, QUICK, Truth(rate=120.0, keys=15_000))
    took = one.run(300.0, lambda it: it.state.done)
    told = sum(rung.seconds or 0.0 for rung in forecast(QUICK, CLIMB, Pace(120.0, 15_000)))
    assert told == pytest.approx(took, rel=0.2)
