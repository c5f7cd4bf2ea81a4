"""Betting on blocks: its price, its error rate whatever hangs together, renewal, and the watch after the last rung."""

from __future__ import annotations

from math import log
from random import Random

import pytest

from rollout.betting import (
    BOLDNESS,
    Capital,
    Cusum,
    Renewal,
    clean_blocks,
    log_half,
    log_ratio_of_event,
    log_ratio_of_share,
)


@pytest.mark.parametrize(
    ("limit", "alpha", "blocks"), [(0.01, 0.0304, 694), (0.05, 0.0304, 135), (0.3, 0.0304, 18), (0.5, 0.0304, 9)]
)
def test_clean_blocks_that_prove_a_limit(limit: float, alpha: float, blocks: int) -> None:
    assert clean_blocks(limit, alpha) == blocks


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_one_block_costs_at_most_half_of_the_capital(below: bool, share: float) -> None:
    capital = Capital(0.3, 0.05, below=below)
    for _ in range(50):
        before = capital.log_value
        capital.observe(share)
        assert capital.log_value >= before + log(1.0 - BOLDNESS) - 1e-9


def test_the_bet_does_not_know_the_block_that_it_is_on() -> None:
    first, second = Capital(0.1, 0.05, below=True), Capital(0.1, 0.05, below=True)
    assert first.bet() == second.bet()


def test_the_price_left_shrinks_to_zero() -> None:
    capital = Capital(0.3, 0.05, below=True)
    before = capital.more_blocks()
    for _ in range(clean_blocks(0.3, 0.05)):
        capital.observe(0.0)
    assert (before, capital.more_blocks()) == (clean_blocks(0.3, 0.05), 0)


def test_a_mean_on_the_wrong_side_has_no_price() -> None:
    capital = Capital(0.1, 0.05, below=True)
    capital.observe(0.5)
    assert capital.more_blocks() is None


@pytest.mark.parametrize(
    ("below", "seed"), [pytest.param(True, 1, id="promotion"), pytest.param(False, 2, id="roll back")]
)
def test_blocks_that_fail_as_a_whole_do_not_raise_the_error_rate(below: bool, seed: int) -> None:
    """Every block fails wholly or not at all, the mean being exactly the limit: at most 36 of 500 runs at 5 %."""
    draw, crossed = Random(seed), 0
    for _ in range(500):
        capital = Capital(0.1, 0.05, below=below)
        for _ in range(300):
            capital.observe(float(draw.random() < 0.1))
            if capital.log_value >= -log(0.05):
                crossed += 1
                break
    assert crossed <= 36


def test_an_outage_after_a_long_good_past_is_seen_within_an_epoch() -> None:
    renewal, late = Renewal(), Capital(0.05, 0.001, below=False)
    for _ in range(20):
        renewal.renew(-200.0)  # twenty epochs in which the test lost everything
    for _ in range(12):
        late.observe(0.8)
    assert renewal.log_value(late.log_value) > log(1000.0)


def test_renewal_spends_no_more_than_the_whole_stake() -> None:
    renewal = Renewal()
    for _ in range(500):
        renewal.renew(0.0)
    assert renewal.log_value(0.0) == pytest.approx(0.0, abs=1e-9)


def test_half_of_two_equal_processes_is_the_same() -> None:
    assert log_half(3.0, 3.0) == pytest.approx(3.0)


def test_the_watch_raises_no_false_alarm_in_a_long_good_time() -> None:
    draw, alarms = Random(4), 0
    for _ in range(50):
        cusum = Cusum()
        for _ in range(4_000):
            cusum.step(log_ratio_of_event(draw.random() < 0.001, 0.01, 0.05))
            alarms += cusum.log_value >= log(10_000.0)
    assert alarms == 0


def test_the_watch_hears_a_change_after_about_two_hundred_observations() -> None:
    draw, delays = Random(5), []
    for _ in range(50):
        cusum, seen = Cusum(), 0
        while cusum.log_value < log(10_000.0):
            cusum.step(log_ratio_of_event(draw.random() < 0.05, 0.01, 0.05))
            seen += 1
        delays.append(seen)
    assert 120 < sorted(delays)[25] < 300


def test_a_share_at_the_limit_leaves_the_watch_where_it_is() -> None:
    assert log_ratio_of_share(0.05, 0.05) == 0.0
