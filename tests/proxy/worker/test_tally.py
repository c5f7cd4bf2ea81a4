"""Counts between two frames."""

from __future__ import annotations

from proxy.frames import BOUNDS
from proxy.worker.tally import REASONS, Tally
from rollout.sides import Side


def test_taking_the_counts_begins_anew() -> None:
    tally = Tally(3)
    tally.request("contact", "legacy", 204)
    tally.served("contact", 7, Side.LEGACY)
    tally.lost("contact", 7, "rate")
    counts = tally.take(1.0, epoch=2, blind=True, in_flight=4, mirrors=5)
    assert (counts.worker, counts.epoch, counts.blind, counts.in_flight, counts.mirrors_in_flight) == (3, 2, True, 4, 5)
    assert counts.requests == {"contact": {"legacy:2xx": 1}}
    assert counts.served == {"contact": {"7": {"legacy": 1}}}
    assert counts.lost == {"contact": {"7": {"rate": 1}}}
    assert tally.take(2.0, epoch=2, blind=False, in_flight=0, mirrors=0).requests == {}


def test_a_flood_of_reasons_is_counted_as_other() -> None:
    tally = Tally(0)
    for number in range(REASONS + 10):
        tally.declined("contact", f"reason {number}")
    declined = tally.take(1.0, epoch=0, blind=False, in_flight=0, mirrors=0).declined["contact"]
    assert (len(declined), declined["other"]) == (REASONS + 1, 10)


def test_seconds_fall_into_the_bucket_whose_bound_they_do_not_exceed() -> None:
    tally = Tally(0)
    for seconds in (BOUNDS[0], BOUNDS[0] * 1.01, 1e9):
        tally.seconds("contact", Side.CANDIDATE, seconds)
    counts = tally.take(1.0, epoch=0, blind=False, in_flight=0, mirrors=0).seconds["contact"]["candidate"]
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (1, 1, 1, 3)
