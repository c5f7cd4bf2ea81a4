"""Primary, shadow and why, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from rollout.decide import Facts, decide
from rollout.sides import Side
from tests.support.tables import route

L, C = Side.LEGACY, Side.CANDIDATE


@pytest.mark.parametrize(
    ("of_route", "of_request", "primary", "skipped"),
    [
        ({"percent": 0}, {}, L, None),
        ({"percent": 10_000}, {}, C, None),
        ({"percent": 10_000}, {"blind": True}, L, None),
        ({"percent": 10_000}, {"wrote": True}, L, None),
        ({"percent": 10_000, "effects": True}, {"method": "POST"}, C, "effects"),
        ({"percent": 0, "effects": True}, {"method": "POST"}, L, None),
        ({"percent": 0}, {"method": "POST"}, L, "not safe"),
        ({"percent": 0, "reads": True}, {"method": "POST"}, L, None),
        ({"percent": 0, "shadow": 100}, {"draw": 99}, L, None),
        ({"percent": 0, "shadow": 100}, {"draw": 100}, L, "not sampled"),
        ({"percent": 0, "shadow": 0}, {"draw": 0}, L, "not sampled"),
        ({"percent": 0}, {"breaker_open": True}, L, "breaker"),
        ({"percent": 10_000}, {"breaker_open": True}, C, None),
    ],
)
def test_who_answers_and_who_is_asked_beside(
    of_route: dict[str, Any], of_request: dict[str, Any], primary: Side, skipped: str | None
) -> None:
    facts = Facts(**({"method": "GET", "sticky": "client_ip=a", "draw": 0} | of_request))
    choice = decide(route(**of_route), facts)
    assert (choice.primary, choice.skipped, choice.shadow) == (primary, skipped, skipped is None)
