"""What the analyst's room makes of what it hears, without a store; test_process.py has the rest over PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from comparators.verdict import Outcome
from proxy.analyst.process_room import Room
from proxy.frames import BreakerMoved, Counts, Hello
from rollout.observations import Compared, Sides
from rollout.sides import Side
from tests.proxy.analyst.test_process import Bench
from tests.support.changes import NOW


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Bench("postgresql://", tmp_path).room
    made.steward.begin({}, {})
    return made


def fine(room: Room) -> None:
    """One worker, and a store that answers."""
    room.hello(Hello(0, 77))
    room.keeper.ok, room.keeper.error = True, None


def test_without_a_worker_nobody_forwards_as_configured(room: Room) -> None:
    assert room.health()["status"] == "failing"


def test_a_worker_that_is_blind_does_not_forward_as_configured(room: Room) -> None:
    fine(room)
    room.counts(Counts(0, NOW, blind=True))
    assert room.health()["status"] == "failing"


def test_all_is_well_with_a_worker_and_a_store(room: Room) -> None:
    fine(room)
    assert room.health()["status"] == "ok"


def test_without_the_store_it_is_degraded(room: Room) -> None:
    room.hello(Hello(0, 77))
    assert room.health()["status"] == "degraded"


def test_with_a_refused_file_it_is_degraded(room: Room) -> None:
    fine(room)
    room.config_error = "rollout.yaml:3:1: unknown key"
    assert room.health()["status"] == "degraded"


def test_with_an_open_breaker_it_is_degraded_and_says_which(room: Room) -> None:
    fine(room)
    room.breaker(BreakerMoved(0, "connectra", "open", NOW))
    health = room.health()
    assert (health["status"], health["breakers"]) == ("degraded", {"connectra": "open"})


def test_a_worker_that_left_is_not_shown(room: Room) -> None:
    room.hello(Hello(0, 77))
    room.hello(Hello(1, 78))
    room.gone(0)
    assert [one["pid"] for one in room.general()["workers"]] == [78]


def test_an_observation_of_another_window_is_late(room: Room) -> None:
    room.observe("contact", 9, Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.1))
    assert (room.late, room.shown["contact"].window.tallies.seen) == (1, 0)


def test_a_late_exchange_still_counts_in_the_five_figures(room: Room) -> None:
    room.observe("contact", 9, Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.1))
    assert room.health()["vql_success_rate"] == 1.0


def test_verdicts_are_counted_by_outcome(room: Room) -> None:
    for _ in range(2):
        room.observe("contact", 1, Compared(1, NOW, Outcome.MATCH))
    assert room.metrics.value("crossfade_verdicts_total", "contact", Outcome.MATCH.value) == 2


@pytest.mark.parametrize(("window", "missing"), [(1, {"queue full": 3}), (2, {})])
def test_what_is_lost_here_is_missing_in_its_own_window_only(room: Room, window: int, missing: dict[str, int]) -> None:
    room.lost("contact", window, "queue full", 3)
    counted = room.metrics.value("crossfade_lost_total", "contact", "queue full")
    assert (counted, room.shown["contact"].window.tallies.missing) == (3, missing)


def test_gauges_of_an_endpoint_that_has_gone_are_absent(room: Room) -> None:
    room.show()
    del room.steward.standings["company"]
    room.show()
    shown = [room.metrics.value("crossfade_percent", name) for name in ("contact", "company")]
    assert shown == [0.0, None]
