"""Whether effects allow that an endpoint is served by its candidate."""

from __future__ import annotations

from typing import Any

import pytest

from rollout.effects import NOT_BUNDLED, why_not
from tests.support.endpoints import endpoint


@pytest.mark.parametrize(
    ("given", "gateway", "why"),
    [
        ({}, "no table", None),
        ({"effects": True}, None, None),
        ({"effects": True}, "no table", "no table"),
        ({"effects": True, "candidate": "https://other.test"}, None, NOT_BUNDLED),
    ],
    ids=["no effects", "can be made", "can not be made", "another candidate"],
)
def test_effects_are_arranged_by_the_bundled_gateway_alone(
    given: dict[str, Any], gateway: str | None, why: str | None
) -> None:
    assert why_not(endpoint(**given), gateway) == why
