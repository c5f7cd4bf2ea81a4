"""What a time block leaves in the tests: one observation, outages apart."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.betting import Capital
from rollout.blocks import DISCORDANT_AT_LEAST, Block, MismatchTest, ShareTest, SignTest


def share_test() -> ShareTest:
    return ShareTest.of(0.05, 0.2, 0.05, 0.001)


def block(n: int = 0, mismatches: int = 0, *, epoch: int = 1, recent: int | None = None) -> Block:
    recent_n = n if recent is None else recent
    return Block(0, epoch, {}, [], n=n, mismatches=mismatches, recent_n=recent_n, recent_mismatches=mismatches)


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_a_block_is_one_observation_however_busy(size: int) -> None:
    test = share_test()
    test.observe(size, 0, outage=False, epoch=1)
    expected = Capital(0.05, 0.05, below=True)
    expected.observe(0.0)
    assert test.promote == expected


def test_a_block_without_requests_is_none() -> None:
    test = share_test()
    test.observe(0, 0, outage=False, epoch=1)
    assert test == share_test()


def test_an_outage_is_shown_and_is_no_evidence() -> None:
    test = share_test()
    for _ in range(50):
        test.observe(100, 100, outage=True, epoch=1)
    assert (test.outage_blocks, test.outage_asked, test.outage_failed) == (50, 5_000, 5_000)
    assert test.log_roll_back == share_test().log_roll_back
    assert test.promote == share_test().promote


def test_failing_blocks_become_proof_for_rolling_back() -> None:
    test = share_test()
    for _ in range(60):
        test.observe(10, 6, outage=False, epoch=1)
    assert test.log_roll_back > 7.0


def test_a_bad_present_is_not_drowned_by_a_good_past() -> None:
    test = share_test()
    for number in range(320):
        test.observe(10, 0, outage=False, epoch=1 + number // 32)
    for number in range(64):
        test.observe(10, 10, outage=False, epoch=11 + number // 32)
    assert test.roll_back is not None
    assert test.roll_back.log_value < test.log_roll_back
    assert test.log_roll_back > 7.0


def test_without_a_limit_there_is_no_test() -> None:
    test = ShareTest.of(None, None, 0.05, 0.001)
    test.observe(10, 10, outage=False, epoch=1)
    assert test.log_roll_back == -inf
    assert test.promote is None


@pytest.mark.parametrize(
    ("pairs", "bad", "good"),
    [
        pytest.param([(0, 5)], 0, 1, id="good"),
        pytest.param([(50, 10)], 1, 0, id="bad, and one sign however many pairs"),
        pytest.param([(3, 3)], 0, 0, id="a tie waits"),
        pytest.param([(3, 3), (0, 1)], 0, 1, id="a tie goes with the next"),
        pytest.param([(0, DISCORDANT_AT_LEAST - 1)], 0, 0, id="too few wait"),
        pytest.param([(0, 2), (0, 2), (0, 2)], 0, 1, id="too few are merged"),
    ],
)
def test_a_block_gives_one_sign(pairs: list[tuple[int, int]], bad: int, good: int) -> None:
    test = SignTest()
    for one in pairs:
        test.observe(*one, epoch=1)
    assert (test.bad, test.good) == (bad, good)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=80))
def test_pairs_are_carried_or_judged_and_never_lost(pairs: list[tuple[int, int]]) -> None:
    test = SignTest()
    for number, one in enumerate(pairs):
        test.observe(*one, epoch=1 + number // 32)
    assert test.pairs_bad + test.pairs_good == sum(bad + good for bad, good in pairs)
    assert test.bad + test.good <= len(pairs)


def test_slow_blocks_become_proof_for_rolling_back() -> None:
    test = SignTest()
    for _ in range(20):
        test.observe(9, 1, epoch=1)
    assert test.log_roll_back > 7.0


def test_the_displayed_bound_never_rises() -> None:
    test, seen = MismatchTest(), 1.0
    for mismatches in (0, 0, 0, 8, 0):
        test.observe(block(200, mismatches), 0.02, 0.05)
        assert test.upper <= seen
        seen = test.upper
    assert (test.n, test.mismatches) == (1_000, 8)


def test_a_late_defect_on_keys_that_were_compared_before_is_seen() -> None:
    test = MismatchTest()
    for epoch in range(1, 6):
        test.observe(block(1_000 if epoch == 1 else 0, epoch=epoch, recent=1_000), 0.02, 0.05)
    late = Block(0, 6, {}, [], recent_n=200, recent_mismatches=40)
    test.observe(late, 0.02, 0.05)
    assert test.mismatches == 0
    assert test.log_roll_back(0.02) > 9.0


def test_the_watch_takes_agreements_last() -> None:
    test = MismatchTest()
    test.observe(block(100, 5), 0.02, 0.05)
    assert test.cusum.observations == 100
    alone = MismatchTest()
    alone.observe(block(5, 5), 0.02, 0.05)
    assert test.cusum.log_value < alone.cusum.log_value


def test_without_a_limit_for_rolling_back_keys_still_count() -> None:
    test = MismatchTest()
    test.observe(block(10, 1), None, 0.05)
    assert (test.n, test.mismatches, test.recent_n) == (10, 1, 0)
