"""Whole rollouts under the judge, simulated second by second: each with its known truth, and where it must end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rollout.judge import Surroundings, evidence_of, replay
from rollout.machine import Cause, Climb, Event, EventKind, Status
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds
from tests.support.rollouts import Rollout, Truth

THRESHOLDS = Thresholds(
    PromoteWhen(error_rate=0.3, fallback_rate=0.3, lag_p99=6.0),
    RollBackWhen(error_rate=0.6, fallback_rate=0.6),
    block=0.5,
)
CLIMB = Climb("contact", (500, 2_500, 5_000, 10_000), bake=6.0, retries=1, retry_after=12.0)
BUSY = Truth(rate=120.0, keys=15_000)


def rollout(truth: Truth | None = None, thresholds: Thresholds = THRESHOLDS, seed: int = 1) -> Rollout:
    return Rollout(CLIMB, thresholds, truth or replace(BUSY), seed=seed)


def serving(seed: int = 1) -> Rollout:
    """An equal candidate at its first rung."""
    one = rollout(seed=seed)
    one.run(90.0, lambda it: it.state.percent > 0)
    return one


def test_an_equal_candidate_climbs_every_rung_to_the_top_within_two_minutes() -> None:
    one = rollout()
    seconds = one.run(180.0, lambda it: it.state.done)
    assert (one.path, seconds < 120.0) == ([0, 500, 2_500, 5_000, 10_000], True)


def test_a_defect_is_rolled_back_tried_once_more_and_left_to_a_person() -> None:
    one = serving()
    one.truth.wrong = 0.1
    one.run(90.0, lambda it: it.state.status is Status.HELD_FOR_PERSON)
    kinds = [moved.kind for _, moved in one.log]
    assert kinds == [EventKind.PROMOTE, EventKind.ROLL_BACK, EventKind.RETRY_DUE, EventKind.ROLL_BACK]
    assert (one.state.percent, one.state.latch) == (0, "contact-4")


def test_a_rolled_back_defect_is_told_with_its_figures() -> None:
    one = serving()
    one.truth.wrong = 0.1
    one.run(60.0, lambda it: it.state.percent == 0)
    assert one.log[-1][1].reason.startswith("mismatch: ")
    assert one.log[-1][1].reason.endswith("proven above 2 %")


def test_a_slower_candidate_is_held_and_not_rolled_back() -> None:
    one = rollout(Truth(rate=60.0, keys=15_000, candidate=0.035))
    one.run(120.0)
    assert one.log == []
    assert one.state.reason.startswith("latency p50: p50 1.4")


def test_a_candidate_at_twice_the_time_is_rolled_back_by_p95() -> None:
    one = serving()
    one.truth.candidate = 0.055
    one.run(90.0, lambda it: it.state.percent == 0)
    assert one.log[-1][1].reason.startswith("latency p95: ")


def test_errors_take_it_to_zero_at_once_from_wherever_it_is() -> None:
    one = rollout()
    one.run(150.0, lambda it: it.state.percent >= 5_000)
    one.truth.failing = 1.0
    one.run(60.0, lambda it: it.state.percent < 5_000)
    assert one.state.percent == 0


def test_a_breach_half_way_goes_one_rung_down_first() -> None:
    one = rollout()
    one.run(150.0, lambda it: it.state.percent >= 5_000)
    one.truth.wrong = 0.2
    one.run(90.0, lambda it: it.state.percent < 5_000)
    assert one.state.percent == 2_500


def test_too_few_distinct_requests_hold_for_ever_and_say_what_to_do() -> None:
    one = rollout(Truth(rate=120.0, keys=200))
    one.run(150.0)
    assert one.path == [0]
    assert one.state.reason.startswith("mismatch: 0 of 200 distinct requests differ")
    assert one.state.reason.endswith("loosen the limit, widen the endpoint, or approve by hand")


def test_no_traffic_holds_for_want_of_data() -> None:
    one = rollout(Truth(rate=0.001))
    one.run(60.0)
    assert (one.path, one.ruling is not None and one.ruling.kind) == ([0], EventKind.HOLD)


def test_a_defect_that_comes_after_the_last_rung_is_found_by_the_watch_or_a_gate() -> None:
    one = rollout()
    one.run(180.0, lambda it: it.state.done)
    one.run(60.0)
    one.truth.wrong = 0.1
    one.run(90.0, lambda it: not it.state.done)
    assert one.state.percent == 5_000


def test_a_held_endpoint_gathers_evidence_and_does_not_move() -> None:
    one = rollout()
    one.send(Event(EventKind.ORDER_HOLD, "a freeze over the holidays"))
    one.run(90.0)
    assert one.path == [0]
    assert one.state.reason == "a freeze over the holidays"


def test_an_open_breaker_holds_at_the_percent_and_the_climb_goes_on_afterwards() -> None:
    one = serving()
    one.send(Event(EventKind.BREAKER_OPENED, "the breaker of connectra is open"))
    one.run(40.0)
    held = one.state
    one.send(Event(EventKind.BREAKER_CLOSED, "closed"))
    one.run(60.0, lambda it: it.state.percent > 500)
    assert (held.percent, held.held_by, one.state.percent) == (500, (Cause.BREAKER,), 2_500)


@pytest.mark.parametrize(
    ("around", "words"),
    [
        (Surroundings(waits_for="single-record"), "phase: waits for phase single-record"),
        (Surroundings(auto=False), "auto is false: only people promote it"),
        (Surroundings(store_ok=False), "PostgreSQL is away: nothing goes up until it is back"),
    ],
)
def test_what_surrounds_an_endpoint_holds_it_whatever_it_has_proven(around: Surroundings, words: str) -> None:
    one = rollout()
    one.around = around
    one.run(60.0)
    assert (one.path, one.state.reason) == ([0], words)


def test_one_that_serves_while_it_waits_for_a_person_is_still_rolled_back() -> None:
    one = rollout()
    one.climb = replace(CLIMB, retries=0)
    one.run(150.0, lambda it: it.state.percent >= 5_000)
    one.truth.wrong = 0.2
    one.run(120.0, lambda it: it.state.percent == 0)
    assert one.path[-2:] == [2_500, 0]


def test_the_reason_of_waiting_does_not_grow_with_every_look() -> None:
    one = serving()
    one.truth.wrong = 0.3
    one.run(60.0, lambda it: it.state.percent == 0)
    reason = one.state.reason
    one.run(8.0)
    assert one.state.reason == reason


@pytest.mark.parametrize("wrong", [0.0, 0.1])
@pytest.mark.parametrize("seconds", [3.0, 20.0, 45.0])
def test_stored_evidence_gives_the_same_ruling_again(seconds: float, wrong: float) -> None:
    one = rollout(Truth(rate=60.0, keys=15_000, wrong=wrong))
    one.run(seconds)
    stored = json.dumps(evidence_of(one.window, one.state, CLIMB, one.around, one.now))
    again = replay(json.loads(stored))
    assert replay(json.loads(stored)) == again
    assert (again.kind, again.gates) == (one.judged().kind, one.judged().gates)


def test_defects_at_the_limit_are_promoted_as_seldom_as_alpha_says() -> None:
    """At exactly the limit, 60 windows of 30 s with persistent defects over hot keys: at most 8 at 5 %."""
    thresholds = replace(
        THRESHOLDS,
        promote_when=PromoteWhen(
            mismatch_rate=0.05, error_rate=None, fallback_rate=None, latency_p50=None, latency_p95=None
        ),
        roll_back_when=RollBackWhen(mismatch_rate=None, latency_p95=None),
    )
    promoted = 0
    for seed in range(60):
        truth = Truth(rate=30.0, keys=400, wrong=0.05, recheck=0.1, salt=seed)
        one = Rollout(replace(CLIMB, bake=1.0), thresholds, truth, seed=seed)
        one.run(30.0, lambda it: it.state.percent > 0)
        promoted += one.state.percent > 0
    assert promoted <= 8
