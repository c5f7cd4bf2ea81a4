"""Budgets with a clock of the test's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rollout.budget import Bucket, InFlight, share, share_of_count


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_never_more_than_burst_and_rate_allow(gaps: list[float]) -> None:
    bucket = Bucket(rate=10.0, burst=5.0)
    now = 0.0
    taken = 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
    assert taken <= 5 + 10 * now + 1e-6


def test_tokens_come_back_with_time() -> None:
    bucket = Bucket(rate=1.0, burst=1.0)
    assert [bucket.take(0.0), bucket.take(0.5), bucket.take(1.1)] == [True, False, True]


def test_a_rate_of_zero_gives_nothing() -> None:
    assert not Bucket(rate=0.0, burst=5.0).take(100.0)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = Bucket(rate=1.0, burst=1.0)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)


def test_in_flight_says_what_there_is_too_much_of() -> None:
    room = InFlight(limit=1, bytes_limit=10)
    assert room.enter(11) == "bytes"
    assert room.enter(10) is None
    assert room.enter() == "in flight"
    room.leave(10)
    assert room.enter() is None


def test_workers_share_the_budget_of_their_host() -> None:
    assert share(100.0, 4) == 25.0
    assert [share_of_count(64, 3), share_of_count(1, 4), share_of_count(0, 2)] == [21, 1, 0]
