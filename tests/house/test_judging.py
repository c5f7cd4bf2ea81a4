"""docs/judging.md and the code hold together: the gates and their prices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rollout.betting import clean_blocks
from rollout.bounds import alpha_of_window, observations_needed, signs_needed
from rollout.judge import Surroundings, judge
from rollout.states import Climb, EndpointState
from tests.support.windows import START, opened

PATH = Path(__file__).resolve().parents[2] / "docs" / "judging.md"
TEXT = PATH.read_text()

def test_every_gate_has_its_section() -> None:
    gates = judge(opened(), EndpointState(), Climb("contact", (500,), 60.0), Surroundings(), START).gates
    headings = set(re.findall(r"^### `(.+)`$", TEXT, re.MULTILINE))
    assert {gate.name.split()[0] for gate in gates} == headings


@pytest.mark.parametrize("limit", [0.01, 0.005, 0.001])
def test_the_price_of_distinct_requests_is_right(limit: float) -> None:
    prices = [observations_needed(0, 0, limit, alpha_of_window(0.05, window)) or 0 for window in range(1, 6)]
    assert f"| {limit * 100:g} % | {' | '.join(f'{price:,}' for price in prices)} | {sum(prices):,} |" in TEXT


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
def test_the_price_of_blocks_is_right(limit: float) -> None:
    prices = [clean_blocks(limit, alpha_of_window(0.05, window)) for window in range(1, 6)]
    assert f"| {limit * 100:g} % | {' | '.join(f'{price:,}' for price in prices)} |" in TEXT


def test_the_price_of_signs_is_right() -> None:
    prices = [signs_needed(0, 0, alpha_of_window(0.05, window)) for window in range(1, 6)]
    assert f"| good blocks | {' | '.join(str(price) for price in prices)} |" in TEXT
