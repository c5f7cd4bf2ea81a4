"""The sample of distinct keys: each counts once, bounded, whatever its outcome."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rollout.keys import SPACE, KeySample


def test_a_key_counts_once() -> None:
    sample = KeySample()
    assert [sample.take(7), sample.take(7), sample.take(8)] == [True, False, True]


@given(st.lists(st.integers(0, SPACE - 1), max_size=300))
def test_no_more_keys_are_held_than_there_is_room_for(keys: list[int]) -> None:
    sample = KeySample(capacity=32)
    for key in keys:
        sample.take(key)
    assert len(sample.held) < 32


@given(st.lists(st.integers(0, SPACE - 1), min_size=1, max_size=300))
def test_no_key_counts_twice_even_after_it_was_let_go(keys: list[int]) -> None:
    sample = KeySample(capacity=16)
    taken = [key for key in [*keys, *keys] if sample.take(key)]
    assert len(taken) == len(set(taken))


@given(st.lists(st.integers(0, SPACE - 1), max_size=200), st.integers(0, SPACE - 1))
def test_a_stored_sample_goes_on_as_if_it_had_not_stopped(keys: list[int], later: int) -> None:
    sample = KeySample(capacity=64)
    for key in keys:
        sample.take(key)
    again = KeySample.unpack(sample.pack())
    assert again == sample
    assert again.take(later) == sample.take(later)


def test_the_share_taken_halves_when_it_is_full() -> None:
    sample = KeySample(capacity=4)
    for key in (1, SPACE // 2 + 1, SPACE // 2 + 2, 2):
        sample.take(key)
    assert (sample.share, sample.held) == (0.5, {1, 2})


def test_hashes_longer_than_the_space_are_cut() -> None:
    sample = KeySample()
    assert [sample.take(5), sample.take(5 + SPACE)] == [True, False]
