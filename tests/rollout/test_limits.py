"""What a window is measured against follows from thresholds, its number and the endpoints."""

from __future__ import annotations

import pytest

from rollout.limits import limits_of
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds


def test_later_windows_are_stricter() -> None:
    alphas = [limits_of(Thresholds(), number, 1).alpha_promote for number in range(1, 6)]
    assert alphas == sorted(alphas, reverse=True)
    assert alphas[0] == pytest.approx(0.0304, abs=1e-4)


def test_the_alpha_of_promotion_is_not_divided_by_endpoints() -> None:
    assert limits_of(Thresholds(), 2, 1).alpha_promote == limits_of(Thresholds(), 2, 50).alpha_promote


def test_the_alpha_of_rolling_back_is_divided_by_its_gates_and_the_endpoints() -> None:
    assert limits_of(Thresholds(), 1, 5).alpha_roll_back == pytest.approx(0.001 / (4 * 5))


def test_the_alpha_of_rolling_back_does_not_depend_on_the_window() -> None:
    assert limits_of(Thresholds(), 1, 5).alpha_roll_back == limits_of(Thresholds(), 9, 5).alpha_roll_back


@pytest.mark.parametrize(
    ("promote", "back", "found"),
    [
        pytest.param(
            PromoteWhen(),
            RollBackWhen(),
            [("p50", 1.2, True), ("p95", 1.2, True), ("p95", 1.5, False)],
            id="as shipped",
        ),
        pytest.param(PromoteWhen(latency_p50=None, latency_p95=None), RollBackWhen(latency_p95=None), [], id="removed"),
        pytest.param(
            PromoteWhen(latency_p95=None),
            RollBackWhen(latency_p50=2.0, latency_p95=None),
            [("p50", 1.2, True), ("p50", 2.0, False)],
            id="other quantiles",
        ),
    ],
)
def test_latency_gates_are_those_not_removed(
    promote: PromoteWhen, back: RollBackWhen, found: list[tuple[str, float, bool]]
) -> None:
    limits = limits_of(Thresholds(promote, back), 1, 1)
    assert [(one.name, one.ratio, one.promote) for one in limits.latency] == found
