"""Workers as the analyst knows them."""

from __future__ import annotations

from proxy.analyst.fleet import Fleet
from proxy.frames import BreakerMoved, Counts, Hello
from tests.support.changes import NOW


def test_counts_say_which_table_a_worker_has_and_whether_it_is_blind() -> None:
    fleet = Fleet()
    fleet.hello(Hello(0, 1, epoch=3))
    fleet.hello(Hello(1, 2, epoch=4))
    fleet.counts(Counts(0, NOW, epoch=9, blind=True))
    assert (fleet.highest_epoch, fleet.blind) == (9, True)


def test_a_worker_that_is_gone_holds_no_breaker_open() -> None:
    fleet = Fleet()
    fleet.hello(Hello(0, 1))
    fleet.breaker(BreakerMoved(0, "connectra", "open", NOW))
    assert fleet.open_breakers() == ["connectra"]
    fleet.gone(0, NOW + 1)
    assert (fleet.open_breakers(), fleet.outages["connectra"].until) == ([], NOW + 1)


def test_half_open_is_still_an_outage() -> None:
    fleet = Fleet()
    fleet.breaker(BreakerMoved(0, "connectra", "open", NOW))
    fleet.breaker(BreakerMoved(0, "connectra", "half-open", NOW + 1))
    assert fleet.open_breakers() == ["connectra"]


def test_an_outage_that_comes_back_before_it_was_dealt_with_is_the_same_one() -> None:
    fleet = Fleet()
    for at, state in enumerate(("open", "closed", "open")):
        fleet.breaker(BreakerMoved(0, "connectra", state, NOW + at))
    fleet.settle("connectra")
    assert fleet.outages["connectra"].since == NOW
    assert fleet.open_breakers() == ["connectra"]
