"""The right route for a request, and the routes that a write touches."""

from __future__ import annotations

from rollout.match import Matcher
from tests.support.tables import route

CONTACT = route("contact")
COUNT = route("count", template="/contacts/count/")
CONTACTS = "/companies/{company_uuid}/contacts/"
LIST = route("list", template=CONTACTS, writes=(f"POST {CONTACTS}",))


def test_a_literal_segment_wins_over_a_parameter() -> None:
    found = Matcher([CONTACT, COUNT]).find("GET", "/contacts/count/?a=1")
    assert found == (COUNT, {})


def test_the_query_is_not_matched() -> None:
    assert Matcher([CONTACT]).find("GET", "/contacts/c1/?x=/y/") == (CONTACT, {"contact_uuid": "c1"})


def test_another_method_is_passed_through() -> None:
    assert [Matcher([CONTACT]).find(method, "/contacts/c1/") for method in ("HEAD", "POST", "get")] == [None] * 3


def test_a_write_names_the_routes_that_may_lag_behind_it() -> None:
    matcher = Matcher([CONTACT, LIST])
    assert matcher.written("POST", "/companies/x/contacts/?y") == [(LIST, {"company_uuid": "x"})]
    assert matcher.written("GET", "/companies/x/contacts/") == []
    assert matcher.written("POST", "/contacts/x/") == []
