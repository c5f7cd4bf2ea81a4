"""Rules as they stand in rollout.yaml, and what is said of mistakes."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from comparators.comparison import compare
from comparators.functions import known
from comparators.rules import KnownGap, Rules, RulesError, parse_rules
from comparators.verdict import Outcome, Verdict
from tests.support.answers import TODAY, answer, verdict

GAP = {"path": "title", "reason": "not indexed", "owner": "search", "until": "2027-03-01"}


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ({}, Rules()),
        ({"ignore": ["next", "results[].x"]}, Rules(ignore=("next", "results[].x"))),
        ({"unordered": {"results": "company.uuid"}}, Rules(unordered=(("results", "company.uuid"),))),
        ({"sets": ["tags"]}, Rules(sets=("tags",))),
        ({"tolerance": {"count": 5, "score": "1.5%"}}, Rules(tolerance=(("count", 5.0, 0.0), ("score", 0.0, 0.015)))),
        ({"timestamps": ["**.updated_at"]}, Rules(timestamps=(("**.updated_at", 1),))),
        ({"timestamps": {"a": "ms", "b": "s"}}, Rules(timestamps=(("a", 1_000), ("b", 1_000_000)))),
        ({"null_missing_empty": True}, Rules(null_missing_empty=("**",))),
        ({"null_missing_empty": False}, Rules()),
        ({"trim": ["a"]}, Rules(trim=("a",))),
        ({"coerce": True}, Rules(coerce=("**",))),
        ({"placeholders": ["_", "N/A"]}, Rules(placeholders=(("_", "**"), ("N/A", "**")))),
        ({"placeholders": {"None": ["a", "b"], "_": True}},
         Rules(placeholders=(("None", "a"), ("None", "b"), ("_", "**")))),
        ({"functions": {"next": "links.same_page_link"}}, Rules(functions=(("next", "links.same_page_link"),))),
        ({"csv": "contact_uuid"}, Rules(csv=("contact_uuid",))),
        ({"csv": ["contact_uuid", "company_uuid"]}, Rules(csv=("contact_uuid", "company_uuid"))),
        ({"joined": {"departments": ", "}}, Rules(joined=(("departments", ", "),))),
        ({"headers": ["ETag"]}, Rules(headers=("etag",))),
        ({"known_gaps": [GAP]}, Rules(known_gaps=(KnownGap("title", "not indexed", "search", date(2027, 3, 1)),))),
        ({"known_gaps": [GAP | {"kinds": ["missing", "value"]}]},
         Rules(known_gaps=(KnownGap("title", "not indexed", "search", date(2027, 3, 1), ("missing", "value")),))),
        ({"known_gaps": [GAP | {"until": date(2027, 3, 1)}]},
         Rules(known_gaps=(KnownGap("title", "not indexed", "search", date(2027, 3, 1)),))),
    ],
)  # fmt: skip
def test_rules_are_read(value: dict[str, Any], rules: Rules) -> None:
    assert parse_rules(value) == rules


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ([], (), "a mapping"),
        (None, (), "a mapping"),
        ({"ignored": ["a"]}, ("ignored",), "did you mean `ignore`"),
        ({"zzz": 1}, ("zzz",), "known here: ignore, unordered"),
        ({1: 1}, ("1",), "no rule"),
        ({"ignore": "next"}, ("ignore",), "a list of paths"),
        ({"ignore": ["a..b"]}, ("ignore", 0), "no path"),
        ({"ignore": ["ok", 3]}, ("ignore", 1), "a path is a text"),
        ({"trim": "yes"}, ("trim",), "a list of paths"),
        ({"unordered": ["results"]}, ("unordered",), "{results: uuid}"),
        ({"unordered": {"results": ""}}, ("unordered", "results"), "empty"),
        ({"unordered": {"results": "a..b"}}, ("unordered", "results"), "a..b"),
        ({"joined": {"a": 3}}, ("joined",), "a mapping of paths"),
        ({"joined": {"a": ""}}, ("joined", "a"), "empty"),
        ({"tolerance": {"count": "five"}}, ("tolerance", "count"), "neither 5 nor 1%"),
        ({"tolerance": {"count": -1}}, ("tolerance", "count"), "neither"),
        ({"tolerance": {"count": True}}, ("tolerance", "count"), "neither"),
        ({"tolerance": {"count": "²%"}}, ("tolerance", "count"), "neither"),
        ({"tolerance": {"count": float("inf")}}, ("tolerance", "count"), "neither"),
        ({"tolerance": [5]}, ("tolerance",), "a mapping of paths to a number"),
        ({"headers": [1]}, ("headers",), "a list of texts"),
        ({"timestamps": "a"}, ("timestamps",), "{updated_at: ms}"),
        ({"timestamps": {"a": "h"}}, ("timestamps", "a"), "none of us, ms, s"),
        ({"timestamps": {"a[": "ms"}}, ("timestamps", "a["), "no path"),
        ({"placeholders": {"None": "a"}}, ("placeholders", "None"), "with its paths"),
        ({"placeholders": {"None": ["a["]}}, ("placeholders", "None", 0), "no path"),
        ({"functions": ["next"]}, ("functions",), "{next: links.same_page_link}"),
        ({"functions": {"next": "links.same_page_lnk"}}, ("functions", "next"), "did you mean links.same_page_link"),
        ({"functions": {"next": "os.system"}}, ("functions", "next"), "known here: links.same_page_link, lists."),
        ({"functions": {"n..": "links.same_page_link"}}, ("functions", "n.."), "no path"),
        ({"csv": True}, ("csv",), "e.g. contact_uuid"),
        ({"csv": ""}, ("csv",), "e.g. contact_uuid"),
        ({"csv": []}, ("csv",), "e.g. contact_uuid"),
        ({"csv": ["a", 3]}, ("csv",), "e.g. contact_uuid"),
        ({"known_gaps": [GAP | {"kinds": []}]}, ("known_gaps", 0, "kinds"), "missing, extra, value, type"),
        ({"known_gaps": [GAP | {"kinds": ["gone"]}]}, ("known_gaps", 0, "kinds"), "missing, extra, value, type"),
        ({"known_gaps": [GAP | {"kind": []}]}, ("known_gaps", 0), "exactly path, reason, owner, until"),
        ({"known_gaps": GAP}, ("known_gaps",), "a list of"),
        ({"known_gaps": [{"path": "a"}]}, ("known_gaps", 0), "exactly path, reason, owner, until"),
        ({"known_gaps": [GAP | {"until": "soon"}]}, ("known_gaps", 0, "until"), "2027-03-01"),
        ({"known_gaps": [GAP | {"owner": " "}]}, ("known_gaps", 0), "in words"),
        ({"known_gaps": [GAP | {"path": "a["}]}, ("known_gaps", 0, "path"), "no path"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(value: Any, path: tuple[str | int, ...], text: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(value)
    [problem] = caught.value.problems
    assert problem.path == path
    assert text in problem.message


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules({"ignore": ["a..b", "c["], "nope": 1, "tolerance": {"a": "x"}})
    assert len(caught.value.problems) == 4


def test_rules_cross_processes_and_are_a_key() -> None:
    rules = parse_rules({"known_gaps": [GAP], "unordered": {"results": "uuid"}})
    copy = pickle.loads(pickle.dumps(rules))
    assert (copy, hash(copy)) == (rules, hash(rules))


# -- docs/comparing.md ------------------------------------------------------------------------------------------------

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "comparing.md"


def documented() -> list[list[str]]:
    """The rows of the table of rules."""
    _, _, section = DOCUMENT.read_text().partition("\n## Rules\n")
    return [
        [cell.strip() for cell in line.strip()[1:-1].split("|")]
        for line in section.split("\n### ")[0].splitlines()
        if line.startswith("| `")
    ]


def test_every_rule_is_documented_and_every_documented_rule_exists() -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules({"zzz": 1})
    ours = caught.value.problems[0].message.partition("known here: ")[2].split(", ")
    assert [row[0].strip("`") for row in documented()] == ours == [one.name for one in fields(Rules)]


@pytest.mark.parametrize("row", documented(), ids=[row[0] for row in documented()])
def test_a_documented_example_is_true(row: list[str]) -> None:
    example = yaml.safe_load(row[-4].strip("`"))
    if "headers" in example:
        assert parse_rules(example) == Rules(headers=())
        return
    legacy, candidate, near_miss = (json.loads(cell.strip("`")) for cell in row[-3:])
    assert shown(legacy, candidate, {}).outcome is Outcome.MISMATCH
    assert shown(legacy, candidate, example).outcome in (Outcome.MATCH, Outcome.ACCEPTED)
    assert shown(legacy, near_miss, example).outcome is Outcome.MISMATCH


def shown(legacy: Any, candidate: Any, rules: dict[str, Any]) -> Verdict:
    """A text is a CSV, all else is JSON."""
    if not isinstance(legacy, str):
        return verdict(legacy, candidate, **rules)
    sides = [answer(text.encode(), headers=(("Content-Type", "text/csv"),)) for text in (legacy, candidate)]
    return compare(sides[0], sides[1], parse_rules(rules), endpoint="export", today=TODAY)


def test_every_function_is_documented_and_every_documented_function_exists() -> None:
    _, _, section = DOCUMENT.read_text().partition("\n### Functions\n")
    listed = [line.split("`")[1] for line in section.split("\n### ")[0].splitlines() if line.startswith("| `")]
    assert listed == sorted(known())


@pytest.mark.parametrize("row", documented(), ids=[row[0] for row in documented()])
def test_a_rule_is_said_to_hold_everywhere_only_if_it_can(row: list[str]) -> None:
    name, everywhere = row[0].strip("`"), row[1] == "yes"
    try:
        assert (getattr(parse_rules({name: True}), name) == ("**",)) is everywhere
    except RulesError:
        assert not everywhere
