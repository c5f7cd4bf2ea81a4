"""The 20 % verdict: yes, no, and not enough evidence are three answers."""

from __future__ import annotations

import random

import pytest

from loadtests.verdict import BAD, GOOD, OPEN, as_html, exit_code, measured, rows


def samples(factor: float, number: int) -> dict[str, dict[str, list[float]]]:
    rng = random.Random(7)
    draw = lambda: [rng.lognormvariate(-4.0, 0.2) for _ in range(number)]  # noqa: E731
    return {"legacy": {"contact": draw()}, "candidate": {"contact": [value * factor for value in draw()]}}


@pytest.mark.parametrize(
    ("factor", "number", "verdict", "code"),
    [(1.0, 8_000, GOOD, 0), (1.6, 8_000, BAD, 1), (1.0, 40, OPEN, 2)],
    ids=["alike", "60 % slower", "too few"],
)
def test_the_verdict_follows_the_interval(factor: float, number: int, verdict: str, code: int) -> None:
    found = measured(samples(factor, number))
    assert {one.verdict for one in found} == {verdict}
    assert exit_code(found) == code


def test_no_samples_are_not_enough() -> None:
    assert exit_code(measured({"legacy": {}, "candidate": {}})) == 2


def test_an_endpoint_that_one_side_lacks_is_left_out() -> None:
    assert measured({"legacy": {"contact": [0.1]}, "candidate": {}}) == []


def test_the_page_holds_every_row() -> None:
    found = measured(samples(1.0, 40))
    page = as_html(found, "a <note>")
    assert all(cell in page for cell in rows(found)[1][:2])
    assert "a &lt;note&gt;" in page
