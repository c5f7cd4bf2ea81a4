"""The gates of the judge: how each stands on given evidence, and what it says of it."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.verdict import Outcome
from rollout import gates
from rollout.evidence import Window
from rollout.gate import Gate, Verdict
from rollout.observations import Compared, Suspected
from rollout.sides import Side
from rollout.thresholds import PromoteWhen, RollBackWhen
from tests.support.windows import BLOCK, START, clean, failing, matched, opened, sides, warm


def skipped(window: Window, reason: str, times: int) -> None:
    for _ in range(times):
        window.observe(sides(candidate_seconds=None, skipped=reason))


def failed(times: int, blocks: int) -> Window:
    """Ten exchanges in each block, of which the candidate failed `times`."""
    window = opened(promote=PromoteWhen(error_rate=0.05), back=RollBackWhen(error_rate=0.2))
    for block in range(blocks):
        at = START + (block + 0.5) * BLOCK
        for number in range(10):
            window.observe(failing(at) if number < times else sides(at))
    window.settle(START + (blocks + 1) * BLOCK)
    return window


def errors(window: Window) -> Gate:
    up, down = window.thresholds.promote_when.error_rate, window.thresholds.roll_back_when.error_rate
    return gates.share("error", "requests to the candidate failed", window.errors, window, up, down)


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        pytest.param("breaker", Verdict.PASSED, id="an open breaker asks nothing of the candidate"),
        pytest.param("not sampled", Verdict.PASSED, id="not sampled"),
        pytest.param("too large", Verdict.OPEN, id="our own budget refused it"),
        pytest.param("shed", Verdict.OPEN, id="shed"),
    ],
)
def test_what_is_missing_from_the_share_compared(reason: str, verdict: Verdict) -> None:
    window = matched(opened(), range(100))
    skipped(window, reason, 50)
    assert gates.compared(window).verdict is verdict


# -- mismatch ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "verdict"),
    [
        pytest.param(0, 0, Verdict.NO_DATA, id="nothing compared"),
        pytest.param(788, 0, Verdict.OPEN, id="one short"),
        pytest.param(789, 0, Verdict.PASSED, id="just enough"),
        pytest.param(789, 1, Verdict.OPEN, id="with one that differs it takes more"),
        pytest.param(100, 30, Verdict.BREACHED, id="proven above the limit for rolling back"),
        pytest.param(990, 10, Verdict.OPEN, id="between both limits"),
    ],
)
def test_how_the_mismatch_gate_stands(good: int, bad: int, verdict: Verdict) -> None:
    window = matched(opened(), range(good))
    if bad:
        for key in range(good, good + bad):
            window.observe(Compared(key, START + 30.0, Outcome.MISMATCH))
        window.settle(START + 60.0)
    assert gates.mismatch(window, START + 60.0).verdict is verdict


def test_an_open_mismatch_gate_says_what_is_missing_and_how_long_that_takes() -> None:
    text = gates.mismatch(matched(opened(), range(600)), START + 60.0).text
    assert "needs 189 more distinct requests, about 19 s at this rate" in text


def test_a_gate_that_would_take_days_says_what_to_do() -> None:
    text = gates.mismatch(matched(opened(), range(3)), START + 2_000.0).text
    assert text.endswith("loosen the limit, widen the endpoint, or approve by hand")


def test_a_rate_above_the_limit_promises_nothing() -> None:
    window = matched(opened(), range(5), outcome=Outcome.MISMATCH)
    gate = gates.mismatch(matched(window, range(5, 300)), START + 60.0)
    assert gate.wait is None


def test_a_removed_gate_is_shown_as_removed() -> None:
    window = opened(promote=PromoteWhen(mismatch_rate=None), back=RollBackWhen(mismatch_rate=None))
    assert gates.mismatch(window, START).verdict is Verdict.REMOVED


def test_a_removed_gate_still_rolls_back() -> None:
    window = matched(opened(promote=PromoteWhen(mismatch_rate=None)), range(60), outcome=Outcome.MISMATCH)
    assert gates.mismatch(window, START + 60.0).verdict is Verdict.BREACHED


# -- errors and fallbacks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "blocks", "verdict"),
    [
        pytest.param(0, 0, Verdict.NO_DATA, id="no block is over"),
        pytest.param(0, 134, Verdict.OPEN, id="one clean block short"),
        pytest.param(0, 135, Verdict.PASSED, id="clean blocks enough"),
        pytest.param(9, 60, Verdict.BREACHED, id="failing"),
        pytest.param(1, 135, Verdict.OPEN, id="between both limits"),
    ],
)
def test_how_a_share_by_blocks_stands(times: int, blocks: int, verdict: Verdict) -> None:
    assert errors(failed(times, blocks)).verdict is verdict


def test_an_open_share_says_how_many_clean_blocks_it_needs() -> None:
    gate = errors(failed(0, 100))
    assert "0 of 1000 requests to the candidate failed (limit 5 %): needs" in gate.text
    assert 30 * BLOCK <= (gate.wait or 0.0) <= 40 * BLOCK


def test_outages_are_told_apart() -> None:
    window = opened()
    window.outage(START, START + 1.0)
    window.observe(failing())
    window.settle(START + 60.0)
    assert "(outages apart: 1 of 1)" in errors(window).text


# -- latency ----------------------------------------------------------------------------------------------------


def latency(candidate: float, blocks: int, name: str = "p50") -> Gate:
    window = opened(reference=warm())
    clean(window, blocks, candidate=candidate, pairs=60)
    return gates.latency(window, name)


@pytest.mark.parametrize(
    ("candidate", "blocks", "verdict"),
    [
        pytest.param(0.02, 7, Verdict.OPEN, id="one good block short"),
        pytest.param(0.02, 8, Verdict.PASSED, id="eight good blocks in the first window"),
        pytest.param(0.03, 30, Verdict.OPEN, id="half as slow again"),
    ],
)
def test_how_latency_stands(candidate: float, blocks: int, verdict: Verdict) -> None:
    assert latency(candidate, blocks).verdict is verdict


def test_slower_than_allowed_is_told_with_ratio_interval_and_limit() -> None:
    text = latency(0.028, 30).text
    assert text.startswith("p50 1.40 times legacy's (1.25 to 1.55)")
    assert text.endswith("limit 1.20: slower than that in 30 of 30 blocks")


def test_much_slower_rolls_back() -> None:
    assert latency(0.08, 30, "p95").verdict is Verdict.BREACHED


def test_a_cold_reference_is_told() -> None:
    window = opened()
    clean(window, 3)
    gate = gates.latency(window, "p50")
    assert gate.text.endswith("and 60 of 2000 samples of legacy are there to begin with")


def test_no_pair_is_no_data() -> None:
    window = opened()
    assert gates.latency(window, "p50").verdict is Verdict.NO_DATA


# -- shares -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(None, Verdict.PASSED), (3.0, Verdict.PASSED), (30.0, Verdict.OPEN)]
)
def test_how_the_lag_stands(seconds: float | None, verdict: Verdict) -> None:
    window = opened()
    if seconds is not None:
        window.observe(Compared(1, START + 1.0, Outcome.LAGGING, lag=seconds))
    assert gates.lag(window).verdict is verdict


@pytest.mark.parametrize(("declined", "verdict"), [(10, Verdict.PASSED), (40, Verdict.OPEN)])
def test_how_the_eligible_share_stands(declined: int, verdict: Verdict) -> None:
    window = matched(opened(), range(100))
    for _ in range(declined):
        window.observe(sides(declined="words"))
    assert gates.eligible(window).verdict is verdict


@pytest.mark.parametrize(("unseen", "verdict"), [(3, Verdict.PASSED), (30, Verdict.OPEN)])
def test_how_the_query_shapes_stand(unseen: int, verdict: Verdict) -> None:
    window = matched(opened(), range(100))
    for _ in range(unseen):
        window.observe(sides(shape="limit,offset"))
    assert gates.shapes(window).verdict is verdict


@pytest.mark.parametrize(
    ("percent", "by_candidate", "verdict"),
    [
        pytest.param(0, 0, Verdict.PASSED, id="nothing is to be served"),
        pytest.param(5_000, 50, Verdict.PASSED, id="as the percent says"),
        pytest.param(5_000, 20, Verdict.OPEN, id="far less than it says"),
    ],
)
def test_how_the_served_share_stands(percent: int, by_candidate: int, verdict: Verdict) -> None:
    window = opened(percent)
    window.served(Side.CANDIDATE, by_candidate)
    window.served(Side.LEGACY, 100 - by_candidate)
    assert gates.served(window).verdict is verdict


@pytest.mark.parametrize("gate", [gates.compared, gates.eligible, gates.shapes], ids=lambda gate: str(gate.__name__))
def test_without_a_request_a_share_is_no_data(gate: Any) -> None:
    assert gate(opened()).verdict is Verdict.NO_DATA


def test_served_without_a_request_is_no_data() -> None:
    assert gates.served(opened(500)).verdict is Verdict.NO_DATA


def test_a_candidate_that_served_alone_by_choice_is_not_missing() -> None:
    """Where the shadow is a sample, most of what the candidate serves has no second side."""
    window = matched(opened(5_000), range(100))
    for _ in range(300):
        window.observe(sides(primary=Side.CANDIDATE, legacy_seconds=None, skipped="not sampled"))
    assert gates.compared(window).figures["whole"] == 100


def test_what_was_shed_while_the_candidate_served_is_missing_once() -> None:
    window = matched(opened(5_000), range(100))
    for _ in range(10):
        window.observe(sides(primary=Side.CANDIDATE, legacy_seconds=None, skipped="shed"))
    assert gates.compared(window).figures["whole"] == 110


def test_a_removed_latency_gate_is_shown_as_removed() -> None:
    window = opened(promote=PromoteWhen(latency_p50=None))
    assert gates.latency(window, "p50").verdict is Verdict.REMOVED


def test_a_recheck_that_is_under_way_is_not_missing() -> None:
    window = matched(opened(), range(100))
    for key in range(100, 150):
        window.observe(sides())
        window.observe(Suspected(key, START + 1.0))
    assert gates.compared(window).verdict is Verdict.PASSED
