"""The bounds against the reference tables of the literature's formulas, and against simulated truth."""

from __future__ import annotations

from math import comb, log
from random import Random

import pytest

from rollout.bounds import (
    above,
    alpha_of_gate,
    alpha_of_window,
    log_promote,
    log_roll_back,
    log_sign_promote,
    log_sign_roll_back,
    observations_needed,
    signs_needed,
    upper_bound,
)


@pytest.mark.parametrize(
    ("limit", "failures", "needed"),
    [
        (0.01, 0, 340), (0.01, 1, 641), (0.01, 2, 876), (0.01, 5, 1464), (0.01, 10, 2285),
        (0.005, 0, 680), (0.005, 1, 1284), (0.005, 2, 1756), (0.005, 5, 2933), (0.005, 10, 4575),
        (0.001, 0, 3408), (0.001, 1, 6428), (0.001, 2, 8790), (0.001, 5, 14679), (0.001, 10, 22900),
    ],
)  # fmt: skip
def test_observations_needed_to_promote_at_five_percent(limit: float, failures: int, needed: int) -> None:
    assert observations_needed(0, failures, limit, 0.05) == needed


def test_a_five_rung_climb_costs_5_999_distinct_keys() -> None:
    prices = [observations_needed(0, 0, 0.005, alpha_of_window(0.05, number)) for number in range(1, 6)]
    assert prices == [789, 1088, 1261, 1383, 1478]


def test_the_windows_of_an_endpoint_never_spend_more_than_alpha() -> None:
    assert 0.0499 < sum(alpha_of_window(0.05, number) for number in range(1, 100_000)) <= 0.05


def test_windows_are_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        alpha_of_window(0.05, 0)


def test_alpha_is_divided_over_gates_and_endpoints() -> None:
    assert alpha_of_gate(0.001, 4, 5) == pytest.approx(0.001 / 20)


@pytest.mark.parametrize(("alpha", "signs"), [(0.05, 7), (0.0012, 13)])
def test_clean_signs_needed(alpha: float, signs: int) -> None:
    assert signs_needed(0, 0, alpha) == signs


@pytest.mark.parametrize(("bad", "good"), [(0, 0), (0, 7), (3, 3), (2, 9), (40, 60), (60, 40)])
def test_the_sign_test_equals_its_integral(bad: int, good: int) -> None:
    steps, m = 20_000, bad + good
    total = sum(
        ((index + 0.5) / (2 * steps)) ** bad * (1 - (index + 0.5) / (2 * steps)) ** good for index in range(steps)
    )
    assert log_sign_promote(bad, good) == pytest.approx(log(total / (2 * steps) * 2 * 2.0**m), abs=1e-4)


def test_both_directions_of_the_sign_test_mirror_each_other() -> None:
    assert log_sign_roll_back(9, 2) == log_sign_promote(2, 9)


@pytest.mark.parametrize(("n", "failures"), [(0, 0), (1, 1), (500, 500), (1_000_000, 0), (10_000_000, 9_999_999)])
def test_extreme_counts_give_finite_evidence(n: int, failures: int) -> None:
    for evidence in (log_promote, log_roll_back):
        assert abs(evidence(n, failures, 0.005)) < 1e9


@pytest.mark.parametrize("limit", [1e-6, 0.01, 0.5, 0.89, 0.95, 0.999])
def test_roll_back_alternatives_lie_between_the_limit_and_one(limit: float) -> None:
    assert all(limit < alternative < 1.0 for alternative in above(limit))


def test_nothing_observed_is_no_evidence() -> None:
    assert log_promote(0, 0, 0.01) == pytest.approx(0.0)
    assert log_roll_back(0, 0, 0.01) == pytest.approx(0.0)
    assert upper_bound(0, 0, 0.05) == 1.0


def test_the_upper_bound_is_the_proportion_at_which_the_evidence_turns() -> None:
    bound = upper_bound(412, 0, 0.05)
    assert log_promote(412, 0, bound) == pytest.approx(-log(0.05), abs=1e-6)


def test_a_rate_at_the_limit_can_never_be_proven_below_it() -> None:
    assert observations_needed(100, 1, 0.01, 0.05, rate=0.01) is None


def test_what_is_proven_needs_no_more() -> None:
    assert observations_needed(680, 0, 0.005, 0.05) == 0


def false_promotions(limit: float, alpha: float, *, runs: int, horizon: int, seed: int) -> int:
    """Runs in which the limit is crossed at some look, the truth being exactly the limit.

    The evidence only grows between failures, so one look before each failure is as good as one at each observation.
    """
    draw, crossed = Random(seed), 0
    for _ in range(runs):
        n = failures = 0
        while True:
            gap = int(log(1.0 - draw.random()) / log(1.0 - limit))
            look = min(n + gap, horizon)
            if log_promote(look, failures, limit) >= -log(alpha):
                crossed += 1
                break
            if n + gap >= horizon:
                break
            n, failures = n + gap + 1, failures + 1
    return crossed


def test_looking_after_every_observation_promotes_falsely_as_seldom_as_promised() -> None:
    """A one-sided 99 % binomial test must not reject a rate of 5 % in 1,000 runs: at most 66."""
    assert false_promotions(0.01, 0.05, runs=1_000, horizon=8_000, seed=1) <= 66


def test_a_proportion_at_the_limit_is_seldom_rolled_back() -> None:
    """A one-sided 99 % binomial test must not reject a rate of 1 % in 1,000 runs: at most 18."""
    draw, crossed = Random(2), 0
    for _ in range(1_000):
        n = 0
        for failures in range(1, 60):
            n += 1 + int(log(1.0 - draw.random()) / log(1.0 - 0.02))
            if log_roll_back(n, failures, 0.02) >= -log(0.01):
                crossed += 1
                break
    assert crossed <= 18


def test_signs_that_are_even_seldom_promote() -> None:
    """At most 66 of 1,000 runs, as above."""
    draw, crossed = Random(3), 0
    for _ in range(1_000):
        bad = 0
        for looked in range(1, 151):
            bad += draw.random() < 0.5
            if log_sign_promote(bad, looked - bad) >= -log(0.05):
                crossed += 1
                break
    assert crossed <= 66


def test_the_binomial_tail_is_exact() -> None:
    """E(bad, good) = tail/((m+1)·C(m, bad)), here by the definition of the tail."""
    bad, good = 4, 11
    m = bad + good
    tail = sum(comb(m + 1, j) for j in range(bad + 1, m + 2))
    assert log_sign_promote(bad, good) == pytest.approx(log(tail) - log((m + 1) * comb(m, bad)))
