"""Rungs by comparison, in whatever order they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.ladder import next_rung, rung_below, rungs_between, written

LADDERS = st.lists(st.integers(1, 10_000), max_size=8)
PERCENTS = st.integers(0, 10_000)
LADDER = (100, 500, 2_500, 10_000)


@pytest.mark.parametrize(
    ("percent", "up", "down"),
    [
        pytest.param(0, 100, 0, id="zero"),
        pytest.param(100, 500, 0, id="lowest"),
        pytest.param(700, 2_500, 500, id="between"),
        pytest.param(10_000, None, 2_500, id="top"),
    ],
)
def test_the_rungs_beside_a_percent(percent: int, up: int | None, down: int) -> None:
    assert (next_rung(LADDER, percent), rung_below(LADDER, percent)) == (up, down)


@given(LADDERS, PERCENTS)
def test_no_rung_is_skipped_upwards(ladder: list[int], percent: int) -> None:
    rung = next_rung(ladder, percent)
    assert not any(percent < one < (10_001 if rung is None else rung) for one in ladder)


@given(LADDERS, PERCENTS)
def test_below_is_really_below(ladder: list[int], percent: int) -> None:
    rung = rung_below(ladder, percent)
    assert rung == 0 or rung in ladder
    assert rung < percent or rung == 0


@given(LADDERS, PERCENTS)
def test_the_order_of_writing_does_not_matter(ladder: list[int], percent: int) -> None:
    assert next_rung(ladder, percent) == next_rung(sorted(ladder), percent)


@pytest.mark.parametrize(("low", "high", "rungs"), [(0, 100, 1), (0, 10_000, 4), (100, 700, 2), (700, 600, 0)])
def test_how_many_rungs_a_raise_climbs(low: int, high: int, rungs: int) -> None:
    assert rungs_between(LADDER, low, high) == rungs


@pytest.mark.parametrize(("percent", "text"), [(0, "0 %"), (25, "0.25 %"), (500, "5 %"), (10_000, "100 %")])
def test_percents_are_written_for_people(percent: int, text: str) -> None:
    assert written(percent) == text
