"""The differences of legacy-api.md §10 under the rules that rollout.yaml ships: what is taken, by which rule, and
what is refused beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.verdict import Outcome, Verdict
from connectra.export_rows import COMPANY_MISSING, CONTACT_MISSING
from connectra.handlers.linkedin import MISSING
from tests.support.answers import answer
from tests.support.replay import shipped_rules

MATCH, ACCEPTED, MISMATCH = Outcome.MATCH, Outcome.ACCEPTED, Outcome.MISMATCH
RULES = shipped_rules()
TODAY = date(2026, 11, 1)
PERSON = {"uuid": "p", "city": None, "linkedin_sales_url": None}
Pair = tuple[Any, Any]


def results(*items: Any) -> dict[str, Any]:
    return {"results": list(items)}


def hit(**contact: Any) -> dict[str, Any]:
    return {"contacts": [{"contact": {"uuid": "p", **contact}}]}


def csv(column: str, value: str) -> str:
    return f"contact_uuid,{column}\np,{value}\n"


TAKEN: list[tuple[str, str, str, Pair, Pair]] = [
    ("D-01", "contact", "function records.hollow", ({"metadata": PERSON}, {"metadata": None}),
     ({"metadata": {**PERSON, "city": "Rome"}}, {"metadata": None})),
    ("D-01", "contact", "known gap metadata.linkedin_sales_url",
     ({"metadata": {**PERSON, "linkedin_sales_url": "x"}}, {"metadata": PERSON}),
     ({"metadata": {**PERSON, "linkedin_sales_url": "x"}}, {"metadata": {**PERSON, "linkedin_sales_url": "y"}})),
    ("D-03", "company-contacts", "function records.hollow",
     (results({"uuid": "p", "meta_data": {"latest_funding_amount": "0"}}), results({"uuid": "p", "meta_data": None})),
     (results({"uuid": "p", "meta_data": {"latest_funding_amount": "5"}}), results({"uuid": "p", "meta_data": None}))),
    ("D-05", "company", "function records.hollow", ({"metadata": PERSON}, {"metadata": None}),
     ({"metadata": {**PERSON, "phone_number": "1"}}, {"metadata": None})),
    ("D-05", "companies", "function records.hollow",
     (results({"uuid": "c", "metadata": PERSON}), results({"uuid": "c", "metadata": None})),
     (results({"uuid": "c", "metadata": {**PERSON, "city": "Rome"}}), results({"uuid": "c", "metadata": None}))),
    ("D-08", "linkedin", "known gap contacts[].contact.text_search", (hit(text_search="Rome"), hit(text_search=None)),
     (hit(text_search="Rome"), hit(text_search="Roma"))),
    ("D-09", "export-download", "known gap [].contact_text_search",
     (csv("contact_text_search", "Rome"), csv("contact_text_search", "")),
     (csv("contact_text_search", "Rome"), csv("contact_text_search", "Roma"))),
    ("D-13", "linkedin", "placeholders", (hit(title="_"), hit(title=None)), (hit(title="__"), hit(title=None))),
    ("D-14", "contact", "null_missing_empty", ({"title": ""}, {}), ({"title": "-"}, {})),
    ("D-15", "contact", "trim", ({"title": "CEO"}, {"title": " CEO "}), ({"title": "CEO"}, {"title": "C EO"})),
    ("D-15", "contact", "unquote", ({"home_phone": "+91"}, {"home_phone": "\"'+91\""}),
     ({"home_phone": "+91"}, {"home_phone": "'91"})),
    ("D-16", "contact", "timestamps",
     ({"created_at": "2024-01-01T00:00:00"}, {"created_at": "2024-01-01T01:00:00.000000+01:00"}),
     ({"created_at": "2024-01-01T00:00:00"}, {"created_at": "2024-01-01T00:00:00.000001Z"})),
    ("D-17", "contact", "joined", ({"departments": "Sales, IT"}, {"departments": ["Sales", "IT"]}),
     ({"departments": "Sales, IT"}, {"departments": ["IT", "Sales"]})),
    ("D-17", "company", "sets", ({"technologies": ["Go", "C"]}, {"technologies": ["C", "Go"]}),
     ({"technologies": ["Go", "C"]}, {"technologies": ["Go"]})),
    ("D-18", "company", "null_missing_empty", ({"technologies": None}, {"technologies": []}),
     ({"technologies": None}, {"technologies": ["Go"]})),
    ("D-19", "contact", "coerce", ({"employees": 120}, {"employees": "120.0"}),
     ({"employees": 120}, {"employees": "121"})),
    ("D-20", "contact", "zero_is_null", ({"employees": 0}, {"employees": None}),
     ({"employees": 1}, {"employees": None})),
    ("D-21", "export-download", "null_missing_empty",
     (csv("company_name", "None"), 'contact_uuid,company_name\r\n"p",""\r\n'),
     (csv("contact_title", "None"), csv("contact_title", ""))),
    ("D-22", "linkedin", "unquote", (hit(title="\"CEO\""), hit(title="CEO")), (hit(title="\"CEO\""), hit(title="CTO"))),
    ("D-25", "contact", "unicode", ({"first_name": "Ren\u00e9"}, {"first_name": "Rene\u0301"}),
     ({"first_name": "Ren\u00e9"}, {"first_name": "Rene"})),
    ("D-44", "company-contacts", "unordered",
     (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "b"}, {"uuid": "a"})),
     (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "b"}, {"uuid": "b"}))),
    ("D-45", "contacts", "unordered", (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "b"}, {"uuid": "a"})),
     (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "b"}))),
    ("D-47", "company-contacts-attribute", "sets", (["ab", "Ac"], ["Ac", "ab"]), (["ab", "Ac"], ["Ac", "Ab"])),
    ("D-56", "contacts-uuids", "sets", ({"uuids": ["a", "b"]}, {"uuids": ["b", "a"]}),
     ({"uuids": ["a"]}, {"uuids": ["b"]})),
]  # fmt: skip
REPORTED: list[tuple[str, str, Pair, Pair]] = [
    ("D-02", "company-contacts", (results({"uuid": "p", "company": "Acme"}), results({"uuid": "p", "company": None})),
     (results({"uuid": "p", "company": "Acme"}), results({"uuid": "p", "company": "Acme "}))),
    ("D-04", "contact", ({"industry": "Software, Media"}, {"industry": "Software"}),
     ({"industry": "Software, Media"}, {"industry": "Software,Media"})),
    ("D-06", "contacts",
     (results({"uuid": "p", "company_domain": "a.org"}), results({"uuid": "p", "company_domain": "b.org"})),
     (results({"uuid": "p", "company_domain": "a.org"}), results({"uuid": "p", "company_domain": " a.org"}))),
    ("D-07", "contact", ({"facebook_url": "fb.com/acme"}, {"facebook_url": "fb.com/ada"}),
     ({"facebook_url": "fb.com/acme"}, {"facebook_url": "fb.com/acme"})),
    ("D-10", "company-contacts", (results({"uuid": "a"}, {"uuid": "b"}), results({"uuid": "a"})),
     (results({"uuid": "a"}), results({"uuid": "a"}))),
    ("D-11", "company-contacts", (results({"uuid": "a"}), results({"uuid": "a"}, {"uuid": "gone"})),
     (results({"uuid": "a"}), results({"uuid": "a"}))),
    ("D-12", "contact", ({"updated_at": "2024-01-01T00:00:00"}, {"updated_at": "2024-01-02T00:00:00Z"}),
     ({"updated_at": "2024-01-01T00:00:00"}, {"updated_at": "2024-01-01T00:00:00Z"})),
    ("D-23", "contact", ({"uuid": "p"}, {"uuid": "p", "id": 4}), ({"uuid": "p"}, {"uuid": "p", "id": None})),
    ("D-24", "contact", ({"email": "ADA@x.org"}, {"email": "ada@x.org"}),
     ({"email": "a@x.org"}, {"email": " a@x.org"})),
    ("D-51", "company-contacts", ({"next": "http://a/?limit=25&offset=25"}, {"next": None}),
     ({"next": "http://a/?limit=25&offset=25"}, {"next": "http://a/?limit=25&offset=25"})),
    ("D-53", "contacts", ({"meta": {"page_size": 25}}, {"meta": {"page_size": 100}}), ({"meta": None}, {"meta": None})),
    ("D-54", "contacts-count", ({"count": 1000}, {"count": 1001}), ({"count": 1000}, {"count": 1000.0})),
    ("D-57", "company-contacts-attribute", (["vp"], ["vp", "cxo"]), (["vp", "vp"], ["vp"])),
    ("D-58", "company-contacts-attribute", (["_", "vp"], ["vp"]), (["_", "vp"], ["vp", "_"])),
    ("D-59", "company-contacts-attribute", (["VP", "vp"], ["vp"]), (["VP", "vp"], ["vp", "VP"])),
    ("D-70", "export-download", ("company_uuid,company_name\nc,Acme\n", "company_uuid,company_name\n"),
     ("company_uuid,company_name\nc,Acme\n", "company_uuid,company_name\r\nc,Acme\r\n")),
]  # fmt: skip


def side(value: Any, status: int = 200) -> Answer:
    """A text is a CSV."""
    if isinstance(value, str):
        return answer(value.encode(), headers=(("Content-Type", "text/csv; charset=utf-8"),))
    return answer(value, status=status)


def judged(pair: Pair, endpoint: str) -> Verdict:
    return compare(side(pair[0]), side(pair[1]), RULES[endpoint], endpoint=endpoint, today=TODAY)


@pytest.mark.parametrize("row", TAKEN, ids=lambda row: f"{row[0]}, {row[2]}, {row[1]}")
def test_a_shipped_rule_takes_the_difference_and_not_its_near_miss(row: tuple[str, str, str, Pair, Pair]) -> None:
    _, endpoint, rule, pair, near = row
    verdict = judged(pair, endpoint)
    assert (verdict.outcome, set(verdict.counts)) == (ACCEPTED if "gap" in rule else MATCH, {rule})
    assert judged(near, endpoint).outcome is MISMATCH


@pytest.mark.parametrize("row", REPORTED, ids=lambda row: f"{row[0]}, {row[1]}")
def test_a_difference_that_must_not_be_is_reported_and_what_is_none_beside_it_is_not(
    row: tuple[str, str, Pair, Pair],
) -> None:
    _, endpoint, pair, near = row
    assert judged(pair, endpoint).outcome is MISMATCH
    assert judged(near, endpoint).outcome is MATCH


def test_d55_404_and_a_count_of_0_are_reported() -> None:
    legacy, candidate = side({"detail": "Company not found"}, 404), side({"count": 0})
    endpoint = "company-contacts-count"
    assert compare(legacy, candidate, RULES[endpoint], endpoint=endpoint, today=TODAY).outcome is MISMATCH
    assert compare(legacy, legacy, RULES[endpoint], endpoint=endpoint, today=TODAY).outcome is MATCH


@pytest.mark.parametrize("endpoint", sorted(RULES))
def test_d67_no_endpoint_compares_other_fields_than_the_media_type(endpoint: str) -> None:
    assert RULES[endpoint].headers == ("content-type",)


def test_every_known_gap_names_its_row_and_takes_what_is_missing_alone() -> None:
    gaps = [gap for rules in RULES.values() for gap in rules.known_gaps]
    assert [gap.path for gap in gaps if gap.kinds != ("missing",) or not gap.reason.startswith("D-")] == []


@pytest.mark.parametrize(
    ("endpoint", "missing"),
    [
        ("linkedin", set(MISSING)),
        ("export-download", {f"[].{name}" for name in (*CONTACT_MISSING, *COMPANY_MISSING)}),
    ],
)
def test_the_known_gaps_are_what_the_gateway_says_it_lacks_and_nothing_else(endpoint: str, missing: set[str]) -> None:
    assert {gap.path for gap in RULES[endpoint].known_gaps} == missing
