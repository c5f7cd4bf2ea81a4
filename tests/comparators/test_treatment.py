"""What the rules say of one place."""

from __future__ import annotations

from datetime import date

import pytest

from comparators import treatment
from comparators.rules import Rules, parse_rules
from comparators.treatment import Plan, Treatment, plan_of
from tests.support.answers import TODAY

GAP = {"path": "company", "reason": "r", "owner": "o", "until": "2026-03-01"}


def at(plan: Plan, *place: str) -> Treatment:
    how = plan.root
    for name in place:
        how = plan.below(how, name)
    return how


def test_a_rule_holds_at_its_place_alone() -> None:
    plan = Plan(Rules(trim=("results[].name",)), TODAY)
    assert at(plan, "results", "[]", "name").trim
    assert not at(plan, "results", "[]", "email").trim


def test_everywhere_includes_the_root() -> None:
    assert Plan(Rules(coerce=("**",)), TODAY).root.coerce


@pytest.mark.parametrize(
    ("today", "holds"),
    [(date(2026, 2, 28), True), (date(2026, 3, 1), True), (date(2026, 3, 2), False)],
    ids=["before its end", "on its last day", "after its end"],
)
def test_a_known_gap_holds_until_its_end(today: date, holds: bool) -> None:
    plan = Plan(parse_rules({"known_gaps": [GAP]}), today)
    assert bool(at(plan, "company", "name").gaps) is holds


def test_pairs_are_found_by_their_path() -> None:
    plan = Plan(parse_rules({"unordered": {"results": "uuid"}, "joined": {"d": ", "}, "tolerance": {"n": 5}}), TODAY)
    assert (at(plan, "results").unordered, at(plan, "d").joined, at(plan, "n").tolerance) == ("uuid", ", ", (5.0, 0.0))


def test_keys_that_are_data_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treatment, "PLACES", 10)
    plan = Plan(Rules(trim=("*",)), TODAY)
    assert all(at(plan, f"id{number}").trim for number in range(50))
    assert len(plan.root.below) < 10


def test_a_plan_is_made_once_a_day() -> None:
    rules = Rules(trim=("a",))
    assert plan_of(rules, TODAY) is plan_of(Rules(trim=("a",)), TODAY)
    assert plan_of(rules, TODAY) is not plan_of(rules, date(2026, 3, 2))
