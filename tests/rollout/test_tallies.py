"""Plain counts, all of them bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comparators.verdict import Outcome
from rollout.facts import from_json, to_json
from rollout.limits import TAUS
from rollout.tallies import OTHER, REASONS, SHAPE_LENGTH, SHAPES, WARM_UP, Reference, Tallies, count


@given(st.lists(st.text(max_size=3), max_size=200))
def test_reasons_are_bounded_and_none_is_lost(reasons: list[str]) -> None:
    counter: dict[str, int] = {}
    for reason in reasons:
        count(counter, reason)
    assert len(counter) <= REASONS + 1
    assert sum(counter.values()) == len(reasons)


def test_shapes_beyond_the_bound_share_one() -> None:
    tallies = Tallies()
    for number in range(SHAPES + 10):
        tallies.shape(f"shape-{number}").seen += 1
    assert len(tallies.shapes) == SHAPES + 1
    assert tallies.shapes[OTHER].seen == 10


def test_a_shapes_name_is_cut() -> None:
    tallies = Tallies()
    tallies.shape("x" * 1_000)
    assert [len(name) for name in tallies.shapes] == [SHAPE_LENGTH]


def test_every_verdict_counts_hot_keys_included() -> None:
    tallies = Tallies()
    for _ in range(3):
        tallies.verdict(Outcome.MATCH)
    assert tallies.verdicts == {Outcome.MATCH.value: 3}


def test_the_reference_says_nothing_before_it_has_warmed_up() -> None:
    reference = Reference()
    for _ in range(WARM_UP - 1):
        reference.add(0.02)
    assert reference.quantiles(TAUS) == {}
    reference.add(0.02)
    assert set(reference.quantiles(TAUS)) == set(TAUS)


def test_the_reference_forgets_what_is_more_than_4000_samples_ago() -> None:
    reference = Reference()
    for seconds in (5.0, 0.02, 0.02):
        for _ in range(WARM_UP):
            reference.add(seconds)
    assert reference.quantiles(TAUS)["p95"] < 0.1
    assert reference.samples <= 2 * WARM_UP


def test_tallies_read_back_as_they_were_written() -> None:
    tallies = Tallies(seen=3, missing={"shed": 2})
    tallies.shape("limit").compared = 4
    assert from_json(Tallies, to_json(tallies)) == tallies
