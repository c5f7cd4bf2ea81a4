"""What the evidence takes from an exchange: who was asked, what lies in files, how long a recheck may take."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from proxy.analyst.examined import (
    RECHECK,
    STREAM_RECHECK,
    comparable,
    day_of,
    drop_again,
    files_of,
    patience_of,
    seconds_of,
    sides_of,
    status_of,
    turned_down,
)
from proxy.exchange import Failure, Observed, Spool
from tests.support.endpoints import endpoint
from tests.support.exchanges import exchange, observed

DROPPED = Observed(None, failure=Failure.RESET, seconds=0.3)


def spooled(path: Path) -> Observed:
    path.write_bytes(b"rows")
    return Observed(200, body=Spool(str(path), 4), size=4)


@pytest.mark.parametrize("name", [b"X-Crossfade-Declined", b"x-crossfade-declined"])
def test_the_gateways_word_says_that_a_request_was_declined(name: bytes) -> None:
    assert turned_down(observed(headers=((name, b"parameter search"),)))


def test_an_answer_without_that_word_was_not_declined() -> None:
    assert not turned_down(observed())


@pytest.mark.parametrize(("side", "status"), [(None, 0), (DROPPED, 0), (observed(status=404), 404)])
def test_a_side_without_an_answer_has_the_status_0(side: Observed | None, status: int) -> None:
    assert status_of(side) == status


@pytest.mark.parametrize(("side", "seconds"), [(None, None), (DROPPED, None), (observed(seconds=0.25), 0.25)])
def test_only_an_answer_has_a_time(side: Observed | None, seconds: float | None) -> None:
    assert seconds_of(side) == seconds


@pytest.mark.parametrize(("stream", "patience"), [(False, RECHECK), (True, STREAM_RECHECK)])
def test_a_stream_has_more_time_at_a_recheck(stream: bool, patience: tuple[float, int]) -> None:
    assert patience_of(replace(endpoint(), stream=stream)) == patience


def test_a_known_gap_is_asked_of_the_requests_day_in_utc() -> None:
    assert day_of(exchange(1, 1, at=1_772_323_199.0)) == date(2026, 2, 28)


@pytest.mark.parametrize(
    "candidate",
    [DROPPED, observed(declined="parameter search"), observed(body=None)],
    ids=["failed", "declined", "not kept"],
)
def test_without_two_answers_nothing_can_be_compared(candidate: Observed) -> None:
    assert not comparable(exchange(1, candidate))


def test_a_hit_in_the_cache_is_marked_for_the_window() -> None:
    marks = [sides_of(exchange(1, observed(1, cache=word))).cached for word in ("hit", "miss", "")]
    assert marks == [True, False, False]


def test_the_longer_pause_of_both_sides_is_told() -> None:
    assert sides_of(exchange(observed(1, paused=0.2), observed(1, paused=0.7))).paused == 0.7


def test_bodies_in_files_are_known_by_their_paths(tmp_path: Path) -> None:
    made = exchange(spooled(tmp_path / "legacy"), observed(1))
    assert files_of(made) == {str(tmp_path / "legacy")}


def test_files_of_a_recheck_are_deleted_and_a_kept_answer_stays(tmp_path: Path) -> None:
    before = exchange(spooled(tmp_path / "kept"), spooled(tmp_path / "first"))
    drop_again(replace(before, candidate=spooled(tmp_path / "again")), before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "kept"]
