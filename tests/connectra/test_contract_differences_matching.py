"""D-26 to D-43 of legacy-api.md §10.3: each filter finds what legacy's finds and nothing near it, or is declined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from connectra.asked import Asked
from connectra.errors import Declined
from connectra.filters.parameters import COMPANIES, CONTACTS, OF_COMPANY, OF_COMPANY_COUNT, Parameter
from connectra.filters.selection import Selection, conditions
from connectra.vocabulary import Vocabulary
from connectra.vql import MOST, Query
from connectra.wire import Record

Known = Mapping[str, Parameter]


def asked(*pairs: tuple[str, str]) -> Asked:
    return Asked({}, f"http://api.test/api/v1/contacts/?{urlencode(pairs)}", query=list(pairs))


def selection(*pairs: tuple[str, str], known: Known = CONTACTS) -> Selection:
    return Selection(Query("contacts"), tuple(conditions(asked(*pairs), known)))


def finds(parameter: str, given: str, stored: Any, *, column: str = "", known: Known = CONTACTS) -> bool:
    """Whether a contact with this value in the column is found."""
    return selection((parameter, given), known=known).keeps({"uuid": "p", column or parameter: stored})


def declined(*pairs: tuple[str, str], known: Known = CONTACTS) -> str:
    """The reason; empty where the filters can be said."""
    try:
        conditions(asked(*pairs), known)
    except Declined as reason:
        return str(reason)
    return ""


def test_d26_a_text_is_found_inside_a_word() -> None:
    assert finds("title", "java", "JavaScript Developer")
    assert not finds("title", "java", "Jav Developer")


def test_d27_what_the_index_finds_by_typos_and_in_any_order_is_not_kept() -> None:
    assert finds("title", "sales vp", "Head of Sales, Sales VP")
    assert not finds("title", "sales vp", "VP Sales")
    assert not finds("title", "manager", "Manger")


@pytest.mark.parametrize(
    ("parameter", "given", "near", "far"),
    [
        ("email_status", "verified", "Unverified", "valid"),
        ("email", "ada@", "ADA@x.org", "ada"),
        ("seniority", "vp", "svp", "v p"),
        ("departments", "sale", ["IT", "Sales"], ["IT"]),
    ],
)
def test_d28_keywords_are_substrings_in_any_case(parameter: str, given: str, near: Any, far: Any) -> None:
    assert finds(parameter, given, near)
    assert not finds(parameter, given, far)


def test_d29_a_comma_is_or() -> None:
    assert finds("seniority", "vp,cxo", "cxo")
    assert not finds("seniority", "vp,cxo", "director")


def test_d29_only_where_legacy_asks_for_every_one_a_comma_is_and() -> None:
    both = {"uuid": "p", "company": {"uuid": "c", "keywords": ["saas", "b2b"]}}
    assert selection(("keywords_and", "saas,b2b")).keeps(both)
    assert not selection(("keywords_and", "saas,cloud")).keeps(both)


@pytest.mark.parametrize(
    ("given", "near", "far"),
    [("head%data", "Head of Data", "Data Head"), ("v_p", "V-P", "VP"), ("50\\%", "50% owner", "500 owners")],
)
def test_d30_wildcards_are_wildcards(given: str, near: str, far: str) -> None:
    assert finds("title", given, near)
    assert not finds("title", given, far)


@pytest.mark.parametrize(
    ("given", "near", "far"),
    [("C.E.O", "the c.e.o.", "CEO"), ("JOSÉ", "José", "Jose"), ("head of", "Head of IT", "Head IT")],
    ids=["points", "accents", "stop words"],
)
def test_d31_points_accents_and_small_words_count(given: str, near: str, far: str) -> None:
    assert finds("title", given, near)
    assert not finds("title", given, far)


@pytest.mark.parametrize(("stored", "stays"), [("svp", False), ("VP", False), ("director", True), (None, True)])
def test_d32_an_exclusion_is_by_substring_and_null_passes(stored: str | None, stays: bool) -> None:
    assert finds("exclude_seniorities", "vp", stored, column="seniority") is stays


@pytest.mark.parametrize(
    ("given", "stored", "stays"),
    [("ceo", "CEO", False), ("CEO", "CEO", True), ("sales vp", "VP Sales", False), ("ceo", "CEO EMEA", True)],
)
def test_d33_a_title_is_excluded_by_its_sorted_words_as_they_were_typed(given: str, stored: str, stays: bool) -> None:
    assert finds("exclude_titles", given, stored, column="title") is stays


@pytest.mark.parametrize("known", [CONTACTS, COMPANIES, OF_COMPANY, OF_COMPANY_COUNT])
def test_d34_what_can_not_be_said_is_declined_and_never_dropped(known: Known) -> None:
    assert declined(("search", "roe"), known=known) == "parameter search"
    assert declined(("search", " "), ("distinct", "true"), known=known) == ""


def test_d34_dates_and_exclusions_are_not_dropped() -> None:
    assert not finds("created_at_after", "2024-01-02", "2024-01-01T00:00:00Z", column="created_at")
    firm = selection(("exclude_keywords", "saas"), known=COMPANIES)
    assert not Selection(Query("companies"), firm.kept).keeps({"uuid": "c", "keywords": ["SaaS"]})


def test_d35_status_does_nothing_and_email_status_does() -> None:
    assert finds("status", "active", "_")
    assert not finds("email_status", "active", "_")


def test_d36_departments_are_declined_only_where_legacys_list_ignores_them() -> None:
    assert declined(("departments", "IT"), known=OF_COMPANY) == "parameter departments"
    assert not finds("departments", "IT", ["Sales"], known=OF_COMPANY_COUNT)
    assert not finds("departments", "IT", ["Sales"], known=CONTACTS)


@pytest.mark.parametrize(
    "parameter", ["company_name_for_emails", "company_city", "company_linkedin_url", "corporate_phone", "facebook_url"]
)
def test_d37_what_legacy_asks_of_any_companys_metadata_is_declined(parameter: str) -> None:
    assert declined((parameter, "x")) == f"parameter {parameter}"


def test_d37_where_legacy_asks_of_the_contacts_own_metadata_it_is_answered() -> None:
    assert finds("facebook_url", "fb.com/ada", "https://fb.com/ADA", known=OF_COMPANY_COUNT)
    assert finds("city", "rome", "Rome")


@pytest.mark.parametrize("parameter", ["contact_location", "company_location", "company_address"])
def test_d38_a_search_in_a_text_that_is_not_indexed_is_declined_and_not_asked_of_the_city(parameter: str) -> None:
    assert declined((parameter, "rome")) == f"parameter {parameter}"
    assert declined(("city", "rome")) == ""


def test_d39_more_words_than_legacy_compares_one_by_one_are_declined() -> None:
    words = [f"w{at}" for at in range(11)]
    assert declined(("title", ",".join(words))) == "parameter title: over 10 tokens"
    assert finds("title", ",".join(words[:10]), "W9")


def test_d40_a_blank_that_demands_a_metadata_row_is_declined() -> None:
    assert declined(("city", "")) == "parameter city: blank"
    assert declined(("first_name", "")) == ""


def test_d43_bounds_are_inclusive_and_in_utc_and_null_fails_them() -> None:
    bound = ("created_at_after", "2024-01-01T02:00:00+02:00")
    found = {at: selection(bound).keeps({"uuid": "p", "created_at": at}) for at in
             ("2024-01-01T00:00:00Z", "2023-12-31T23:59:59.999999Z", None)}  # fmt: skip
    assert list(found.values()) == [True, False, False]


@pytest.mark.parametrize(("stored", "kept"), [(10, True), (20, True), (9, False), (21, False), (None, False)])
def test_d43_numbers_are_inclusive_and_null_fails_them(stored: int | None, kept: bool) -> None:
    within = selection(("employees_min", "10"), ("employees_max", "20"))
    assert within.keeps({"uuid": "p", "company": {"uuid": "c", "employees_count": stored}}) is kept


def test_d43_a_bound_that_asks_for_0_is_declined() -> None:
    assert declined(("employees_max", "20")) == "parameter employees_max: 0 and nothing are one"


class Table:
    """A source whose table holds these addresses, each with the same name in it."""

    def __init__(self, *values: str) -> None:
        self.values = values

    async def filters(self, service: str) -> list[Record]:
        return [{"key": "linkedin_url", "service": service, "direct_derived": True, "active": True}]

    async def filter_values(self, service: str, key: str, text: str, endpoint: str = "") -> list[str]:
        return [value for value in self.values if text.lower() in value.lower()]


async def spellings(*values: str) -> tuple[str, ...] | None:
    return await Vocabulary(Table(*values), lambda: 0.0).spellings("contacts", "linkedin_url", "ada")


async def test_d41_every_spelling_that_contains_the_name_is_found_and_no_other() -> None:
    stored = ("linkedin.com/in/ADA/", "HTTP://linkedin.com/in/ada?x", "linkedin.com/in/ada-lovelace")
    assert await spellings(*stored, "linkedin.com/in/ida") == stored


async def test_d42_more_addresses_than_one_look_up_gives_are_declined() -> None:
    assert len(await spellings(*["in/ada"] * (MOST - 1)) or ()) == MOST - 1
    with pytest.raises(Declined, match="too many addresses"):
        await spellings(*["in/ada"] * MOST)
