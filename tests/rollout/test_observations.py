"""When the candidate had its chance, and when it turned a request down."""

from __future__ import annotations

from typing import Any

import pytest

from rollout.observations import Sides
from rollout.sides import Side


def sides(**given: Any) -> Sides:
    return Sides(0.0, Side.LEGACY, Side.LEGACY, 0.02, **given)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({"candidate_seconds": 0.02}, True, id="answered"),
        pytest.param({"candidate_failed": "status"}, True, id="failed by its own fault"),
        pytest.param({"candidate_failed": "deadline"}, True, id="too late"),
        pytest.param({"candidate_failed": "breaker"}, False, id="breaker open"),
        pytest.param({"candidate_failed": "cancelled"}, False, id="client left"),
        pytest.param({"candidate_failed": "too large"}, False, id="our budget refused it"),
        pytest.param({"skipped": "not sampled"}, False, id="not sampled"),
        pytest.param({"candidate_seconds": 0.02, "declined": "words"}, False, id="declined"),
    ],
)
def test_whether_the_candidate_had_its_chance(given: dict[str, Any], asked: bool) -> None:
    assert sides(**given).candidate_asked is asked


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"declined": "a vendor's words"}, "a vendor's words", id="now"),
        pytest.param({"skipped": "declined earlier"}, "declined earlier", id="earlier"),
        pytest.param({"skipped": "shed"}, None, id="shed is not declined"),
        pytest.param({}, None, id="no"),
    ],
)
def test_why_it_was_turned_down(given: dict[str, Any], reason: str | None) -> None:
    assert sides(**given).turned_down == reason
