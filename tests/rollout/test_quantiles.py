"""The sketch keeps its promise of error, and its intervals hold the truth at all times."""

from __future__ import annotations

from math import exp, inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.quantiles import ERROR, Sketch, plausible_ranks, quantile_interval, ratio_interval

SECONDS = st.lists(st.floats(1e-4, 1e3), min_size=1, max_size=200)


def filled(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(SECONDS, st.floats(0.01, 0.99))
def test_every_quantile_is_within_one_percent(values: list[float], tau: float) -> None:
    rank = max(1, -int(-tau * len(values) // 1))
    found = filled(values).at_rank(rank)
    assert found == pytest.approx(sorted(values)[rank - 1], rel=ERROR * 1.01)


@given(SECONDS, st.integers(0, 5))
def test_a_sketch_survives_being_stored(values: list[float], deadlines: int) -> None:
    sketch = filled([*values, *[inf] * deadlines])
    again = Sketch.unpack(sketch.pack())
    assert (again.counts, again.infinite) == (sketch.counts, sketch.infinite)


@given(SECONDS, SECONDS)
def test_merging_is_adding_all(first: list[float], second: list[float]) -> None:
    assert filled(first).merged(filled(second)).counts == filled(first + second).counts


def test_an_empty_sketch_has_no_quantile() -> None:
    assert (Sketch().quantile(0.5), quantile_interval(Sketch(), 0.5, 0.05).high) == (None, None)


def test_deadlines_are_slower_than_everything() -> None:
    assert filled([0.01] * 9 + [inf]).quantile(0.95) == inf


def test_nothing_but_deadlines_has_an_infinite_median() -> None:
    sketch = filled([inf, inf])
    assert (sketch.quantile(0.5), quantile_interval(sketch, 0.5, 0.05).high) == (inf, None)


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-9, 1e9])
def test_values_out_of_range_are_kept_at_its_ends(value: float) -> None:
    assert filled([value]).size == 1


@pytest.mark.parametrize("n", [1, 2, 10, 1_000, 100_000])
@pytest.mark.parametrize("tau", [0.5, 0.95])
def test_plausible_ranks_hold_the_expected_one(n: int, tau: float) -> None:
    low, high = plausible_ranks(n, tau, 0.05)
    assert 0 <= low <= n * tau <= high + 1 <= n + 1


def test_the_interval_holds_the_true_quantile_at_every_look() -> None:
    """At 5 % a miss is allowed in 5 % of runs; 100 runs with 20 looks each, so at most 10 by a 99 % binomial test."""
    draw, missed = Random(6), 0
    for _ in range(100):
        sketch, out = Sketch(), False
        for _look in range(20):
            for _ in range(40):
                sketch.add(0.02 * exp(draw.gauss(0.0, 0.5)))
            interval = quantile_interval(sketch, 0.5, 0.05)
            high = inf if interval.high is None else interval.high * (1 + ERROR)
            out = out or not interval.low * (1 - ERROR) <= 0.02 <= high
        missed += out
    assert missed <= 10


def test_the_interval_of_a_ratio_holds_it() -> None:
    draw = Random(7)
    legacy = filled([0.025 * exp(draw.gauss(0.0, 0.2)) for _ in range(3_000)])
    candidate = filled([0.035 * exp(draw.gauss(0.0, 0.2)) for _ in range(3_000)])
    interval = ratio_interval(candidate, legacy, 0.5, 0.05)
    assert interval.high is not None
    assert 1.3 < interval.low < 1.4 < interval.high < 1.5


def test_a_ratio_without_data_is_bounded_by_nothing() -> None:
    interval = ratio_interval(Sketch(), Sketch(), 0.5, 0.05)
    assert (interval.low, interval.high) == (0.0, None)


def test_the_share_above_a_value() -> None:
    assert filled([0.01, 0.02, 0.4, inf]).share_above(0.1) == 0.5
