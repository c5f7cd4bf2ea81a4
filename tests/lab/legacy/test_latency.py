from __future__ import annotations

import asyncio
import statistics

import pytest

from lab.legacy.latency import Latencies, Latency


def drawn(latencies: Latencies, path: str, number: int = 400) -> list[float]:
    return [latencies.draw(path) for _ in range(number)]


def test_without_a_rule_nothing_is_held_back() -> None:
    assert Latencies(1).draw("/api/v1/contacts/x/") == 0.0


def test_half_the_draws_are_below_the_median() -> None:
    latencies = Latencies(1)
    latencies.set(Latency(25.0, 0.2))
    assert statistics.median(drawn(latencies, "/")) == pytest.approx(0.025, rel=0.05)


def test_a_sigma_of_zero_always_draws_the_median() -> None:
    latencies = Latencies(1)
    latencies.set(Latency(40.0, 0.0))
    assert set(drawn(latencies, "/")) == {0.04}


def test_the_longest_prefix_counts() -> None:
    latencies = Latencies(1)
    latencies.set(Latency(10.0, 0.0))
    latencies.set(Latency(50.0, 0.0, "/api/v1/companies/company/"))
    assert latencies.draw("/api/v1/companies/company/x/contacts/") == 0.05


def test_a_median_of_zero_removes_a_rule() -> None:
    latencies = Latencies(1)
    latencies.set(Latency(10.0))
    latencies.set(Latency(0.0))
    assert latencies.rules() == []


def test_two_runs_with_one_seed_wait_alike() -> None:
    first, second = Latencies(7), Latencies(7)
    for one in (first, second):
        one.set(Latency(25.0))
    assert drawn(first, "/") == drawn(second, "/")


async def test_time_that_has_passed_already_is_not_waited_for_again() -> None:
    latencies = Latencies(1)
    latencies.set(Latency(60_000.0, 0.0))
    async with asyncio.timeout(5):
        await latencies.hold("/", asyncio.get_running_loop().time() - 61.0)
