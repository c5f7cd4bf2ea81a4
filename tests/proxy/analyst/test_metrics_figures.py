"""The migration's five figures: what counts as what."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.analyst.metrics import Metrics
from proxy.analyst.metrics_figures import UNREACHED, Figures
from rollout.observations import Sides
from rollout.sides import Side

NOW = 1_800_000_000.0


def mirrored(**given: Any) -> Sides:
    fields: dict[str, Any] = {"legacy_seconds": 0.1, "candidate_seconds": 0.2}
    return Sides(NOW, Side.LEGACY, Side.LEGACY, **(fields | given))


def failed(word: str) -> Sides:
    return mirrored(candidate_seconds=None, candidate_failed=word)


def test_without_requests_there_is_no_figure() -> None:
    five = Figures().five(NOW)
    shown = (five.success_rate, five.fallback_rate, five.legacy_seconds, five.error_rate, five.availability)
    assert shown == (None,) * 5


@pytest.mark.parametrize("word", sorted(UNREACHED))
def test_no_answer_counts_against_availability_and_not_as_an_error(word: str) -> None:
    figures = Figures()
    figures.seen(failed(word))
    five = figures.five(NOW)
    assert (five.availability, five.error_rate, five.success_rate) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("word", ["status", "limited", "failed", "refused", "misread", "missing"])
def test_an_answer_that_is_none_counts_as_an_error_and_not_against_availability(word: str) -> None:
    figures = Figures()
    figures.seen(failed(word))
    five = figures.five(NOW)
    assert (five.availability, five.error_rate, five.success_rate) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("given", [{"declined": "parameter search"}, {"candidate_failed": "breaker"}])
def test_what_the_candidate_was_not_asked_counts_nowhere(given: dict[str, str]) -> None:
    figures = Figures()
    figures.seen(mirrored(candidate_seconds=None, **given))
    assert figures.five(NOW).success_rate is None


def test_a_deadlines_time_is_in_no_mean() -> None:
    figures = Figures()
    figures.seen(mirrored())
    figures.seen(mirrored(candidate_seconds=float("inf"), candidate_failed="deadline"))
    five = figures.five(NOW)
    assert (five.legacy_seconds, five.candidate_seconds) == pytest.approx((0.1, 0.2))


def test_mirrored_requests_are_no_fallbacks() -> None:
    figures = Figures()
    figures.seen(mirrored())
    assert figures.five(NOW).fallback_rate is None


def test_the_gauges_show_the_figures() -> None:
    figures, metrics = Figures(), Metrics()
    figures.seen(mirrored())
    figures.five(NOW).show(metrics)
    assert metrics.value("crossfade_response_time_seconds", "candidate") == pytest.approx(0.2)
