"""The judge's word: promote, hold or roll back, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from comparators.verdict import Outcome
from rollout.evidence import Window
from rollout.judge import JUDGE, Ruling, Surroundings, evidence_of, judge, replay
from rollout.states import Cause, Climb, EndpointState, EventKind, Status
from rollout.thresholds import PromoteWhen, RollBackWhen
from tests.support.windows import BLOCK, START, clean, failing, matched, opened, warm

CLIMB = Climb("contact", (500, 10_000), bake=100.0)
COARSE = PromoteWhen(error_rate=0.5, fallback_rate=0.5)
"""Coarse limits on blocks, so that few blocks prove them."""
FIRM = RollBackWhen(error_rate=0.8, fallback_rate=0.8)
ENOUGH = 22
"""Blocks, of 60 pairs each, after which everything is proven in a first window."""


def proven(percent: int = 0) -> tuple[Window, float]:
    window = opened(percent, COARSE, FIRM, reference=warm())
    return window, clean(window, ENOUGH, pairs=60, keys=1)


def standing(percent: int = 0, **given: Any) -> EndpointState:
    return replace(EndpointState.initial(percent, START), **given)


def ruled(state: EndpointState | None = None, around: Surroundings | None = None, percent: int = 0) -> Ruling:
    window, now = proven(percent)
    return judge(window, state or standing(percent), CLIMB, around or Surroundings(), now)


def mismatching(window: Window | None = None) -> Window:
    return matched(window or opened(), range(60), outcome=Outcome.MISMATCH)


def test_when_every_gate_is_proven_it_promotes_and_says_what_was_seen() -> None:
    ruling = ruled()
    assert ruling.kind is EventKind.PROMOTE
    assert ruling.reason.startswith("0 % is proven, on to 5 %: 0 of 1320 distinct requests differ, at most 0.299 %")


def test_the_last_rung_is_proven_too() -> None:
    assert ruled(percent=10_000).reason.startswith("the last rung is proven")


def test_no_data_is_a_hold() -> None:
    assert judge(opened(), standing(), CLIMB, Surroundings(), START + 1e6).kind is EventKind.HOLD


def test_the_proof_must_stand_when_the_bake_is_over() -> None:
    window, now = proven()
    ruling = judge(window, standing(), replace(CLIMB, bake=now - START + 30.0), Surroundings(), now)
    assert (ruling.kind, ruling.reason) == (EventKind.HOLD, "bake: 30 s of 4 min are left")


@pytest.mark.parametrize(
    ("state", "around", "words"),
    [
        pytest.param(
            standing(held_by=(Cause.PERSON,), status=Status.HELD, reason="x"), None, "held by person: x", id="held"
        ),
        pytest.param(
            standing(status=Status.HELD_FOR_PERSON, reason="x"), None, "held for a person: x", id="for a person"
        ),
        pytest.param(standing(status=Status.BACKING_OFF, reason="x"), None, "backing off", id="backing off"),
        pytest.param(None, Surroundings(effects=True, why_effects="no table"),
                     "has effects on legacy (credits, activity rows) and is mirrored only: no table", id="effects"),
        pytest.param(None, Surroundings(auto=False), "auto is false", id="auto"),
        pytest.param(None, Surroundings(store_ok=False), "PostgreSQL is away", id="store"),
        pytest.param(None, Surroundings(waits_for="linkedin"), "phase: waits for phase linkedin", id="phase"),
    ],
)
def test_what_holds_it_beside_its_evidence(
    state: EndpointState | None, around: Surroundings | None, words: str
) -> None:
    ruling = ruled(state, around)
    assert ruling.kind is EventKind.HOLD
    assert ruling.reason.startswith(words)


def test_a_hold_names_the_gate_that_takes_longest() -> None:
    window = opened(promote=COARSE, back=FIRM, reference=warm())
    now = clean(window, 9, pairs=60)
    ruling = judge(window, standing(), CLIMB, Surroundings(), now)
    assert ruling.reason.startswith("mismatch: 0 of 60 distinct requests differ")


@pytest.mark.parametrize(
    "name", ["mismatch", "error", "fallback", "latency p50", "latency p95", "lag", "compared", "eligible", "shapes"]
)
def test_the_gates_come_by_name(name: str) -> None:
    assert name in [gate.name for gate in ruled().gates]


def test_no_gate_comes_twice() -> None:
    names = [gate.name for gate in ruled().gates]
    assert len(names) == len(set(names))


def test_one_breached_gate_rolls_back() -> None:
    ruling = judge(mismatching(), standing(500), CLIMB, Surroundings(), START + 60.0)
    assert ruling.kind is EventKind.ROLL_BACK
    assert ruling.reason.startswith("mismatch: 60 of 60 distinct requests differ")


def test_a_breach_by_mismatches_does_not_ask_for_zero() -> None:
    assert not judge(mismatching(), standing(500), CLIMB, Surroundings(), START + 60.0).to_zero


def test_a_breach_by_errors_asks_for_zero() -> None:
    window = opened(500)
    for block in range(60):
        window.observe(failing(START + (block + 0.5) * BLOCK))
    window.settle(START + 61 * BLOCK)
    ruling = judge(window, standing(500), CLIMB, Surroundings(), START + 61 * BLOCK)
    assert (ruling.kind, ruling.to_zero) == (EventKind.ROLL_BACK, True)


@pytest.mark.parametrize(
    "around",
    [Surroundings(store_ok=False), Surroundings(auto=False), Surroundings(waits_for="linkedin")],
    ids=["store away", "auto off", "phase"],
)
def test_nothing_that_holds_a_promotion_holds_a_rollback(around: Surroundings) -> None:
    assert judge(mismatching(), standing(500), CLIMB, around, START + 60.0).kind is EventKind.ROLL_BACK


def test_what_is_off_already_is_not_rolled_back_again() -> None:
    state = standing(0, status=Status.BACKING_OFF)
    assert judge(mismatching(), state, CLIMB, Surroundings(), START + 60.0).kind is EventKind.HOLD


def test_done_is_watched_and_held() -> None:
    ruling = ruled(standing(10_000, done=True, status=Status.DONE), percent=10_000)
    assert ruling.reason == "done: the last rung has been proven; watched on"


def test_the_watch_after_the_last_rung_sees_what_the_whole_window_would_drown() -> None:
    window, now = proven(10_000)
    window.mismatch.cusum.log_value = 9.3
    ruling = judge(window, standing(10_000, done=True, status=Status.DONE), CLIMB, Surroundings(), now)
    assert ruling.kind is EventKind.ROLL_BACK
    assert ruling.reason.startswith("mismatch: has become worse since the last rung was proven")


@pytest.mark.parametrize("window", [proven()[0], mismatching(), opened()], ids=["proven", "breached", "empty"])
def test_stored_evidence_gives_the_same_ruling(window: Window) -> None:
    ruling = judge(window, standing(), CLIMB, Surroundings(), START + 300.0)
    evidence = evidence_of(window, standing(), CLIMB, Surroundings(), START + 300.0)
    assert replay(json.loads(json.dumps(evidence))) == ruling


def test_every_ruling_names_its_judge() -> None:
    assert ruled().judge == JUDGE
