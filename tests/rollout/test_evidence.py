"""A window: what counts, what does not, what waits, and that nothing is lost on the way to JSON and back."""

from __future__ import annotations

import json
import random
from math import inf
from typing import Any

import pytest

from comparators.verdict import Outcome
from rollout.evidence import EPOCH, GRACE, PATIENCE, SUSPECTS, Window
from rollout.observations import Compared, Observation, Suspected
from rollout.sides import Side
from tests.support.windows import BLOCK, START, clean, failing, matched, opened, sides, warm

AT = START + 1.0
OVER = START + BLOCK + GRACE + 0.1


def counted(window: Window) -> tuple[int, int]:
    return window.mismatch.n, window.mismatch.mismatches


def settled(window: Window, *observations: Observation, now: float = OVER) -> Window:
    for one in observations:
        window.observe(one)
    window.settle(now)
    return window


# -- keys -------------------------------------------------------------------------------------------------------


def test_a_hot_key_counts_once_in_a_window() -> None:
    assert counted(matched(opened(), [7] * 1_000)) == (1, 0)


def test_a_hot_key_counts_once_over_many_blocks() -> None:
    window = opened()
    clean(window, 20, pairs=3)
    assert counted(window) == (3, 0)


@pytest.mark.parametrize(
    ("outcome", "figures"),
    [
        (Outcome.MATCH, (1, 0)),
        (Outcome.LAGGING, (1, 0)),
        (Outcome.MISMATCH, (1, 1)),
        (Outcome.UNSTABLE, (1, 1)),
        (Outcome.NOT_COMPARABLE, (0, 0)),
    ],
    ids=str,
)
def test_what_a_verdict_counts_as(outcome: Outcome, figures: tuple[int, int]) -> None:
    assert counted(settled(opened(), Compared(1, AT, outcome, reason="words"))) == figures


def test_a_lagging_verdict_feeds_the_lag() -> None:
    window = settled(opened(), Compared(1, AT, Outcome.LAGGING, lag=3.0))
    assert window.lags.quantile(0.99) == pytest.approx(3.0, rel=0.01)


def test_agreement_beyond_the_lags_limit_counts_as_late() -> None:
    window = settled(opened(), Compared(1, AT, Outcome.LAGGING, lag=30.0))
    assert window.mismatch.late == 1


def test_a_candidates_failure_is_an_error_and_never_a_mismatch() -> None:
    window = settled(opened(), *[failing()] * 50)
    assert (counted(window), window.errors.failed) == ((0, 0), 50)


# -- suspicion --------------------------------------------------------------------------------------------------


def test_a_suspected_mismatch_holds_back_its_blocks_good_news_too() -> None:
    window = settled(opened(), Compared(1, AT, Outcome.MATCH), Suspected(2, AT))
    assert counted(window) == (0, 0)


@pytest.mark.parametrize(("outcome", "mismatches"), [(Outcome.MISMATCH, 1), (Outcome.LAGGING, 0)])
def test_a_recheck_settles_the_block(outcome: Outcome, mismatches: int) -> None:
    window = settled(opened(), Compared(1, AT, Outcome.MATCH), Suspected(2, AT))
    settled(window, Compared(2, AT, outcome), now=OVER + 5.0)
    assert counted(window) == (2, mismatches)


def test_blocks_are_taken_in_order_behind_one_that_waits() -> None:
    window = settled(opened(), Suspected(2, AT), Compared(3, AT + BLOCK, Outcome.MATCH), now=OVER + BLOCK)
    assert counted(window) == (0, 0)


def test_a_suspicion_that_nobody_resolves_counts_as_a_mismatch() -> None:
    window = settled(opened(), Suspected(2, AT), now=START + BLOCK + PATIENCE + 1.0)
    assert counted(window) == (1, 1)


def test_a_later_comparison_of_a_suspected_key_does_not_speak_for_the_first() -> None:
    window = settled(opened(), Suspected(2, AT), Compared(2, AT + 0.5, Outcome.MATCH))
    assert counted(window) == (0, 0)
    settled(window, Compared(2, AT, Outcome.MISMATCH))
    assert counted(window) == (1, 1)


def test_suspicions_that_nobody_resolves_can_not_roll_back() -> None:
    """An analyst that was restarted hears no more of the rechecks that were under way."""
    window = settled(opened(), *[Suspected(key, AT) for key in range(100)], now=START + BLOCK + PATIENCE + 1.0)
    assert counted(window) == (100, 100)
    assert window.mismatch.log_roll_back(0.02) <= 0.0


def test_suspicions_beyond_the_bound_count_at_once() -> None:
    window = opened()
    for key in range(SUSPECTS + 10):
        window.observe(Suspected(key, AT))
    assert len(window.suspects) == SUSPECTS
    assert window.blocks[int(START // BLOCK)].mismatches == 10


def test_a_key_that_counted_before_is_suspected_of_nothing() -> None:
    window = settled(opened(), Compared(2, AT, Outcome.MATCH), Suspected(2, AT))
    assert counted(window) == (1, 0)


# -- blocks -----------------------------------------------------------------------------------------------------


def test_a_block_is_open_until_its_grace_is_over() -> None:
    window = settled(opened(), failing(), now=START + BLOCK + GRACE - 0.1)
    assert window.errors.blocks == 0


def test_what_comes_after_its_block_has_closed_belongs_to_the_oldest_open_one() -> None:
    window = settled(opened(), sides())
    settled(window, failing(AT), now=OVER + BLOCK)
    assert (window.errors.asked, window.errors.failed, window.errors.blocks) == (2, 1, 2)


def test_blocks_of_an_outage_are_no_evidence() -> None:
    window = opened()
    window.outage(START, START + 1.0)
    settled(window, *[failing()] * 9)
    assert (window.errors.blocks, window.errors.outage_failed) == (0, 9)


def test_an_outage_that_is_told_late_spares_the_block_that_is_still_open() -> None:
    window = opened()
    for one in [failing()] * 9:
        window.observe(one)
    window.outage(AT + 0.5, AT + 3.0)
    window.settle(OVER)
    assert window.errors.blocks == 0


def test_after_an_epoch_the_tests_for_rolling_back_begin_anew() -> None:
    window = opened()
    clean(window, EPOCH + 2, pairs=3)
    assert (window.errors.renewal.epoch, window.mismatch.renewal.epoch) == (2, 2)


def test_in_a_new_epoch_a_known_key_counts_for_rolling_back_only() -> None:
    window = opened()
    clean(window, EPOCH, pairs=3)
    late = (window.floor + 1.5) * BLOCK
    settled(window, sides(late), Compared(1, late, Outcome.MISMATCH), now=late + 3 * BLOCK)
    assert counted(window) == (3, 0)
    assert window.mismatch.recent_mismatches == 1


# -- tallies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "missing"),
    [("shed", {"shed": 1}), ("not sampled", {}), ("effects", {}), ("declined earlier", {})],
)
def test_what_was_skipped_is_missing_unless_nobody_wanted_it(reason: str, missing: dict[str, int]) -> None:
    window = settled(opened(), sides(candidate_seconds=None, skipped=reason))
    assert window.tallies.missing == missing


def test_a_declined_request_is_no_error() -> None:
    window = settled(opened(), sides(declined="words"))
    assert (window.errors.asked, window.tallies.declined) == (0, {"words": 1})


def test_what_legacy_failed_says_nothing_of_the_candidate() -> None:
    window = settled(opened(), failing(legacy_failed=True))
    assert (window.errors.asked, window.tallies.excluded) == (0, {"legacy failed": 1})


def test_a_fallback_counts_among_what_the_candidate_was_to_serve() -> None:
    window = opened(5_000)
    settled(window, failing(primary=Side.CANDIDATE, served=Side.LEGACY, fallback="status"), sides())
    assert (window.fallbacks.asked, window.fallbacks.failed) == (1, 1)


def test_losses_and_served_counts_come_from_the_workers() -> None:
    window = opened()
    window.lost("hand-over full", 5)
    window.served(Side.LEGACY, 3)
    assert (window.tallies.missing, window.tallies.reported) == ({"hand-over full": 5}, {"legacy": 3})


# -- latency ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "legacy", "pair"),
    [
        pytest.param(0.030, 0.019, [1, 0], id="slow where legacy would not be"),
        pytest.param(0.020, 0.025, [0, 1], id="quick where legacy would be slow"),
        pytest.param(0.030, 0.025, [0, 0], id="both slow"),
        pytest.param(inf, 0.019, [1, 0], id="a deadline is endless"),
    ],
)
def test_only_discordant_pairs_speak(candidate: float, legacy: float, pair: list[int]) -> None:
    """Legacy's frozen quantiles are 20 ms and the ratio is 1.2: the border is 24 ms."""
    window = opened(reference=warm())
    given: dict[str, Any] = {"legacy_seconds": legacy, "candidate_seconds": candidate}
    given |= {"candidate_seconds": None, "candidate_failed": "deadline"} if candidate == inf else {}
    window.observe(sides(**given))
    assert window.blocks[int(START // BLOCK)].pairs[0] == pair


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"paused": 0.02}, "paused", id="a slow client"),
        pytest.param({"legacy_size": 100, "candidate_size": 9_000}, "sizes differ", id="other sizes"),
        pytest.param({"cached": True}, "cached", id="the gateway's cache answered"),
        pytest.param({}, "warming up", id="no reference yet"),
    ],
)
def test_pairs_that_say_nothing_are_counted_apart(given: dict[str, Any], reason: str) -> None:
    assert settled(opened(), sides(**given)).tallies.excluded == {reason: 1}


def test_the_border_is_frozen_when_the_block_begins() -> None:
    window = opened(reference=warm(0.02))
    window.observe(sides())
    before = dict(window.blocks[int(START // BLOCK)].quantiles)
    for _ in range(4_000):
        window.observe(sides(legacy_seconds=0.2))
    assert window.blocks[int(START // BLOCK)].quantiles == before


def test_an_equal_candidate_gathers_good_signs() -> None:
    window = opened(reference=warm())
    clean(window, 8, pairs=40)
    assert [(one.bad, one.good) for one in window.signs[:1]] == [(0, 8)]


# -- JSON -------------------------------------------------------------------------------------------------------


def traffic(seed: int, times: int) -> list[Observation]:
    """Everything that a window can meet, at about 30 a second."""
    rng, found = random.Random(seed), list[Observation]()
    for number in range(times):
        at, key = START + number / 30.0, rng.getrandbits(64)
        found.append(rng.choice([sides(at), failing(at), sides(at, shape="limit"), sides(at, declined="words")]))
        found.append(Suspected(key, at) if rng.random() < 0.1 else Compared(key, at, rng.choice(list(Outcome))))
        if rng.random() < 0.05:
            found.append(Compared(key, at, Outcome.MISMATCH))
    return found


def fed(window: Window, observations: list[Observation]) -> Window:
    for number, one in enumerate(observations):
        window.observe(one)
        if number % 100 == 99:
            window.settle(one.at)
    return window


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_window_goes_on_from_json_exactly_where_it_stopped(seed: int) -> None:
    observations = traffic(seed, 1_500)
    whole = fed(opened(reference=warm()), observations)
    first = fed(opened(reference=warm()), observations[:1_000])
    again = Window.from_json(json.loads(json.dumps(first.to_json())))
    assert fed(again, observations[1_000:]).to_json() == whole.to_json()


def test_a_full_window_stays_within_64_kib() -> None:
    window = fed(opened(reference=warm()), traffic(4, 8_000))
    assert len(json.dumps(window.to_json())) < 64 * 1024
