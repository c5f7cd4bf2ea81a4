"""The gates' defaults: those of the shipped file, and in an order that can hold."""

from __future__ import annotations

import pytest

from rollout.facts import from_json, to_json
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds

GATES = ("mismatch_rate", "error_rate", "fallback_rate", "latency_p95")


@pytest.mark.parametrize("gate", GATES)
def test_a_default_that_rolls_back_is_looser_than_the_one_that_promotes(gate: str) -> None:
    assert getattr(RollBackWhen(), gate) > getattr(PromoteWhen(), gate)


def test_rolling_back_needs_stronger_proof_than_promoting() -> None:
    assert RollBackWhen().alpha < PromoteWhen().alpha


def test_removed_gates_stay_removed_when_read_back() -> None:
    thresholds = Thresholds(PromoteWhen(error_rate=None), RollBackWhen(latency_p95=None), block=0.5)
    assert from_json(Thresholds, to_json(thresholds)) == thresholds
