"""What a replay says of the cost of comparing."""

from __future__ import annotations

import orjson
import pytest

from comparators.answer import Answer
from comparators.verdict import Outcome, Verdict
from loadtests.replay.asking import Asked
from loadtests.replay.costs import EVERY, LARGEST, Costs, of_costs
from loadtests.replay.questions import Question


def compared(body: bytes = b'{"count": 5}', kind: str = "application/json", *, seconds: float = 0.002) -> Asked:
    answer = Answer(200, (("Content-Type", kind),), body)
    question = Question("contacts-count", "GET", "/")
    return Asked(question, answer, answer, Verdict(Outcome.MATCH), comparing=seconds)


def costs(*asked: Asked) -> Costs:
    found = Costs()
    for one in asked:
        found.take(one)
    return found


def test_an_endpoint_has_its_median_and_its_p99() -> None:
    many = [compared(seconds=0.001)] * 99 + [compared(seconds=0.5)]
    line = of_costs(costs(*many)).splitlines()[-1]
    assert line.split()[:2] + line.split()[4:6] == ["contacts-count", "100", "1.00", "ms"]
    assert "0.5" in line or "49" in line


def test_what_was_declined_was_not_compared() -> None:
    declined = Asked(Question("contacts-count", "GET", "/"), compared().legacy, compared().legacy, None, "parameter x")
    assert costs(declined).of == {}


def test_deepdiff_is_asked_of_a_part_of_them() -> None:
    assert len(costs(*[compared()] * (EVERY + 1)).of["contacts-count"].plain) == 2


@pytest.mark.parametrize(
    "one",
    [compared(orjson.dumps("a" * LARGEST)), compared(b"uuid,name\n", "text/csv; charset=utf-8")],
    ids=["large", "CSV"],
)
def test_what_is_not_for_deepdiff_is_measured_without_it(one: Asked) -> None:
    found = costs(one)
    assert (len(found.of["contacts-count"].ours), found.of["contacts-count"].plain) == (1, [])
    assert of_costs(found).splitlines()[-1].endswith(" -")
