"""The breaker as a story: outcomes and times in, standing out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rollout.breaker import FIRST_PAUSE, HALF, IN_A_ROW, PROBES, Breaker, Standing, asked, reported


def after(outcomes: str, breaker: Breaker | None = None, now: float = 0.0) -> Breaker:
    """Reports `x` failed and `.` well, all at `now`."""
    breaker = breaker or Breaker()
    for outcome in outcomes:
        breaker = reported(breaker, outcome == "x", now, 0.5)
    return breaker


def test_some_failures_in_a_row_open_it() -> None:
    assert after("x" * (IN_A_ROW - 1)).standing is Standing.CLOSED
    assert after("x" * IN_A_ROW).standing is Standing.OPEN


def test_half_of_the_last_outcomes_open_it() -> None:
    assert after("x." * (HALF - 1)).standing is Standing.CLOSED
    assert after("x." * HALF).standing is Standing.OPEN


def test_open_lets_nothing_through_until_the_pause_is_over() -> None:
    opened = after("x" * IN_A_ROW)
    assert not opened.allows(FIRST_PAUSE * 0.99)
    assert opened.allows(FIRST_PAUSE)


def test_one_probe_at_a_time() -> None:
    probing = asked(after("x" * IN_A_ROW), 1.0)
    assert probing.standing is Standing.HALF_OPEN
    assert not probing.allows(1.1)
    assert probing.allows(100.0)


def test_probes_that_succeed_close_it() -> None:
    breaker = after("x" * IN_A_ROW)
    for _ in range(PROBES):
        breaker = reported(asked(breaker, 1.0), False, 1.0, 0.5)
    assert breaker == Breaker()


def test_a_failed_probe_doubles_the_pause() -> None:
    breaker = reported(asked(after("x" * IN_A_ROW), 1.0), True, 1.0, 0.5)
    assert (breaker.standing, breaker.pause) == (Standing.OPEN, 2 * FIRST_PAUSE)


def test_a_late_report_does_not_move_an_open_breaker() -> None:
    opened = after("x" * IN_A_ROW)
    assert after(".", opened) == opened


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 0.999)), max_size=80))
def test_it_never_stays_shut_for_ever(steps: list[tuple[bool, float, float]]) -> None:
    breaker, now = Breaker(), 0.0
    for failed, gap, draw in steps:
        now += gap
        if breaker.allows(now):
            breaker = reported(asked(breaker, now), failed, now, draw)
    assert breaker.allows(now + 30.0)
