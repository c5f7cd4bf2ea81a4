"""The differences of legacy-api.md §10 that a rule can say: for each a pair that it takes, and a near miss."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import parse_rules
from comparators.verdict import Outcome
from tests.support.answers import TODAY, answer

ACCEPTED, MATCH = Outcome.ACCEPTED, Outcome.MATCH
ALIKE = {"null_missing_empty": True}
CONTACTS = {"contacts": "contact.uuid", "companies": "company.uuid"}


def gap(path: str, *kinds: str) -> dict[str, Any]:
    return {"known_gaps": [{"path": path, "reason": "r", "owner": "o", "until": "2030-01-01", "kinds": list(kinds)}]}


def results(*items: Any) -> dict[str, Any]:
    return {"results": list(items)}


LINK = "http://legacy.test/api/v1/contacts/?limit=25&offset=25"
ROWS: list[tuple[str, dict[str, Any], Any, Any, Any, Outcome]] = [
    ("D-01", gap("company_detail", "missing"), {"company_detail": {"uuid": "c"}}, {"company_detail": None},
     {"company_detail": {"uuid": "d"}}, ACCEPTED),
    ("D-02", gap("results[].company", "missing"), results({"company": "Acme"}), results({"company": None}),
     results({"company": "Acne"}), ACCEPTED),
    ("D-03", {"ignore": ["keywords"]}, {"keywords": "a, b"}, {"keywords": None}, {"title": None}, MATCH),
    ("D-04", {"functions": {"industry": "lists.first_of_joined"}}, {"industry": "Software, Media"},
     {"industry": "Software"}, {"industry": "Media"}, MATCH),
    ("D-05", gap("created_at", "missing"), {"created_at": "2024-01-01T00:00:00"}, {"created_at": None},
     {"created_at": "2025-01-01T00:00:00"}, ACCEPTED),
    ("D-06", {"ignore": ["results[].company_domain"]}, results({"company_domain": "ada.test"}),
     results({"company_domain": "acme.test"}), results({"domain": "acme.test"}), MATCH),
    ("D-07", gap("facebook_url", "value"), {"facebook_url": "fb.com/acme"}, {"facebook_url": "fb.com/ada"},
     {"facebook_url": None}, ACCEPTED),
    ("D-08", {"unordered": CONTACTS, **gap("companies[].contacts", "missing")},
     {"companies": [{"company": {"uuid": "a"}, "contacts": [{"uuid": "x"}]}, {"company": {"uuid": "b"}}]},
     {"companies": [{"company": {"uuid": "b"}}, {"company": {"uuid": "a"}, "contacts": []}]},
     {"companies": [{"company": {"uuid": "a"}, "contacts": [{"uuid": "y"}]}, {"company": {"uuid": "b"}}]}, ACCEPTED),
    ("D-12", {"ignore": ["updated_at"]}, {"updated_at": 1, "n": 1}, {"updated_at": 2, "n": 1},
     {"updated_at": 2, "n": 2}, MATCH),
    ("D-13", {"placeholders": ["_"], **ALIKE}, {"city": None}, {"city": "_"}, {"city": "__"}, MATCH),
    ("D-14", ALIKE, {"city": ""}, {}, {"city": " "}, MATCH),
    ("D-15", {"unquote": True, "trim": True}, {"phone": "+91"}, {"phone": " \"'+91\" "}, {"phone": "'91"}, MATCH),
    ("D-16", {"timestamps": {"at": "ms"}}, {"at": "2024-01-02T03:04:05.123456"}, {"at": "2024-01-02T03:04:05.123Z"},
     {"at": "2024-01-02T03:04:05.122Z"}, MATCH),
    ("D-17", {"joined": {"d": ","}}, {"d": "A, B"}, {"d": ["A", "B"]}, {"d": ["B", "A"]}, MATCH),
    ("D-17, any order", {"functions": {"d": "lists.same_elements"}}, {"d": "A, B"}, {"d": ["B", "A"]},
     {"d": ["B", "A", "A"]}, MATCH),
    ("D-18", ALIKE, {"technologies": None}, {"technologies": []}, {"technologies": [None]}, MATCH),
    ("D-19", {"coerce": True}, {"n": "120"}, {"n": 120.0}, {"n": 120.5}, MATCH),
    ("D-20", {"csv": "id", "coerce": True, "zero_is_null": True, **ALIKE}, "id,n\na,\n", "id,n\na,0\n", "id,n\na,00\n",
     MATCH),
    ("D-21", {"csv": "id", "placeholders": {"None": ["[].company_name"]}, **ALIKE},
     "id,company_name,city\na,None,None\n", 'id,company_name,city\r\n"a","","None"\r\n',
     "id,company_name,city\na,None,\n", MATCH),
    ("D-22", {"placeholders": ["_"], "trim": True, "unquote": True, **ALIKE}, {"contacts": [{"title": " '_' "}]},
     {"contacts": [{"title": None}]}, {"contacts": [{"title": "-"}]}, MATCH),
    ("D-23", {"ignore": ["**.id"]}, {"id": 3, "a": {"uuid": "x"}}, {"a": {"uuid": "x", "id": "4"}},
     {"a": {"uuid": "y", "id": "4"}}, MATCH),
    ("D-24", {"casefold": ["email"], "urls": ["web"]}, {"email": "ADA@x.org", "web": "http://x.org/"},
     {"email": "ada@x.org", "web": "http://x.org"}, {"email": "ada@x.org", "web": "http://y.org"}, MATCH),
    ("D-25", {}, {"name": "Ren\u00e9"}, {"name": "Rene\u0301"}, {"name": "Rene"}, MATCH),
    ("D-44", {"unordered": {"results": "uuid"}}, results({"uuid": "a"}, {"uuid": "b"}),
     results({"uuid": "b"}, {"uuid": "a"}), results({"uuid": "a"}, {"uuid": "a"}), MATCH),
    ("D-51", {"functions": {"next": "links.same_page_link"}}, {"next": LINK},
     {"next": "https://gateway.test/api/v1/contacts/?offset=25&limit=25"},
     {"next": "https://gateway.test/api/v1/contacts/?offset=50&limit=25"}, MATCH),
    ("D-51, one side knows no size", gap("next", "missing"), {"next": LINK}, {"next": None}, {"next": LINK + "0"},
     ACCEPTED),
    ("D-52", {"opaque": ["next"]}, {"next": "o=25"}, {"next": "[1,2]"}, {"next": None}, MATCH),
    ("D-53", {"ignore": ["meta"]}, {"meta": None, "n": 1}, {"meta": {"page_size": 25}, "n": 1}, {"n": 2}, MATCH),
    ("D-54", {"tolerance": {"count": "1%"}}, {"count": 1000}, {"count": 1010}, {"count": 1011}, MATCH),
    ("D-56", {"ignore": ["count"], "functions": {"uuids": "lists.same_elements"}}, {"count": 2, "uuids": ["a", "b"]},
     {"count": 3, "uuids": ["b", "a"]}, {"count": 2, "uuids": ["b"]}, MATCH),
    ("D-57", {"sets": ["results"]}, results("A", "b", "b"), results("b", "A"), results("B", "A"), MATCH),
    ("D-58", {"functions": {"results": "lists.same_distinct_values"}}, results("_", "head"), results("head"),
     results("head", "vp"), MATCH),
    ("D-59", {"sets": ["results"], "casefold": ["results[]"]}, results("Head", "head"), results("head"),
     results("vp"), MATCH),
    ("D-65", {"ignore": ["detail[].url"]}, {"detail": [{"type": "t"}]}, {"detail": [{"type": "t", "url": "u"}]},
     {"detail": [{"type": "s", "url": "u"}]}, MATCH),
]  # fmt: skip


def side(value: Any) -> Answer:
    """A text is a CSV."""
    if isinstance(value, str):
        return answer(value.encode(), headers=(("Content-Type", "text/csv; charset=utf-8"),))
    return answer(value)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_rule_takes_the_difference_and_not_its_near_miss(row: tuple[Any, ...]) -> None:
    _, rules, legacy, candidate, near_miss, outcome = row
    parsed = parse_rules(rules)
    assert compare(side(legacy), side(candidate), parsed, endpoint="e", today=TODAY).outcome is outcome
    assert compare(side(legacy), side(near_miss), parsed, endpoint="e", today=TODAY).outcome is Outcome.MISMATCH


BLANK = "id,title,keywords\na,x,\n"


def test_columns_that_are_blank_are_ignored_by_name() -> None:
    """D-09."""
    rules = parse_rules({"csv": "id", "ignore": ["[].keywords"]})
    legacy = side("id,title,keywords\na,x,k\n")
    assert compare(legacy, side(BLANK), rules, endpoint="e", today=TODAY).outcome is MATCH
    wrong = side(BLANK.replace("x", "y"))
    assert compare(legacy, wrong, rules, endpoint="e", today=TODAY).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [
        (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "a"})),
        (results({"uuid": "a"}), results({"uuid": "a"}, {"uuid": "gone"})),
        ("id\na\nb\n", "id\na\n"),
        ("id\na\n", "id\n"),
    ],
    ids=["D-10, a row is dropped", "D-11, a deleted row", "D-10, in a CSV", "D-70, a head line alone"],
)
def test_rows_that_one_side_has_are_reported(legacy: Any, candidate: Any) -> None:
    rules = parse_rules({"unordered": {"results": "uuid"}, "csv": "id", **ALIKE})
    assert compare(side(legacy), side(candidate), rules, endpoint="e", today=TODAY).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("name", ["X-Process-Time", "Date", "Content-Length", "X-VQL-Used"])
def test_fields_that_differ_with_every_answer_are_not_compared(name: str) -> None:
    """D-67."""
    kind = ("Content-Type", "application/json")
    ours, theirs = answer(1, headers=(kind, (name, "1"))), answer(1, headers=(kind, (name, "2")))
    assert compare(ours, theirs, parse_rules({}), endpoint="e", today=TODAY).outcome is MATCH
