"""The generated people: reproducible, of any number, and as untidy as real ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from lab import people


@pytest.fixture(scope="module")
def companies() -> list[tuple[people.Row, people.Row | None]]:
    return list(people.companies(400, seed=1))


@pytest.fixture(scope="module")
def contacts() -> list[tuple[people.Row, people.Row | None]]:
    return list(people.contacts(4_000, 400, seed=1))


def column(pairs: list[tuple[people.Row, people.Row | None]], name: str) -> list[Any]:
    return [row[name] for row, _ in pairs]


def beside(pairs: list[tuple[people.Row, people.Row | None]], name: str) -> list[Any]:
    return [metadata[name] for _, metadata in pairs if metadata is not None]


def test_the_same_seed_makes_the_same_people() -> None:
    assert list(people.contacts(50, 10, seed=3)) == list(people.contacts(50, 10, seed=3))


def test_another_seed_makes_other_people() -> None:
    assert list(people.contacts(50, 10, seed=3)) != list(people.contacts(50, 10, seed=4))


@pytest.mark.parametrize("number", [0, 1, 7])
def test_as_many_contacts_are_made_as_are_wanted(number: int) -> None:
    assert len(list(people.contacts(number, 3, seed=1))) == number


def test_a_users_uuid_follows_from_its_number() -> None:
    assert people.user_uuid(12) == "11111111-0000-4000-8000-000000000012"


def test_users_bear_the_uuids_that_a_load_generator_computes() -> None:
    assert [user["uuid"] for user, _ in people.users(3)] == [people.user_uuid(number) for number in (1, 2, 3)]


def test_one_company_has_more_than_a_thousand_contacts() -> None:
    rows = [row for row, _ in people.contacts(20_000, 2_000, seed=1)]
    assert sum(row["company_id"] == people.company_uuid(1) for row in rows) > 1_000


def test_some_contacts_have_no_company(contacts: list[tuple[people.Row, people.Row | None]]) -> None:
    assert None in column(contacts, "company_id")


def test_some_contacts_name_a_company_that_does_not_exist(
    contacts: list[tuple[people.Row, people.Row | None]], companies: list[tuple[people.Row, people.Row | None]]
) -> None:
    assert set(column(contacts, "company_id")) - set(column(companies, "uuid")) - {None}


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_some_have_no_metadata(kind: str, request: pytest.FixtureRequest) -> None:
    assert any(metadata is None for _, metadata in request.getfixturevalue(kind))


@pytest.mark.parametrize("value", [None, "", "_"])
def test_a_text_may_be_nothing_in_three_ways(value: str | None, contacts: list[Any]) -> None:
    assert value in column(contacts, "title")


@pytest.mark.parametrize("edge", ['"', "'", " "])
def test_a_text_may_be_wrapped_in_quotes_or_spaces(edge: str, contacts: list[Any]) -> None:
    assert any(text and text[0] == text[-1] == edge for text in column(contacts, "title"))


def test_a_phone_number_may_carry_a_spreadsheets_apostrophe(contacts: list[Any]) -> None:
    assert any(text and text.startswith("'+") for text in column(contacts, "mobile_phone"))


@pytest.mark.parametrize(("kind", "name"), [("contacts", "departments"), ("companies", "technologies")])
def test_an_array_may_be_null_or_empty_or_hold_an_empty_element(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    found = column(request.getfixturevalue(kind), name)
    assert None in found
    assert [] in found
    assert any("" in array for array in found if array)


@pytest.mark.parametrize("number", [None, 0])
def test_a_number_may_be_null_or_zero(number: int | None, companies: list[Any]) -> None:
    assert number in column(companies, "employees_count")


def test_titles_repeat_words_and_differ_in_case(contacts: list[Any]) -> None:
    assert {"Head of Head of Data", "VP Sales", "vp sales"} <= set(column(contacts, "title"))


@pytest.mark.parametrize("form", ["https://www.", "http://linkedin", "linkedin.com/", "HTTPS://WWW.", "_"])
def test_profile_addresses_come_in_many_spellings(form: str, contacts: list[Any]) -> None:
    assert any(url and url.startswith(form) for url in beside(contacts, "linkedin_url"))


@pytest.mark.parametrize("end", ["/", "?trk=x"])
def test_profile_addresses_end_in_many_ways(end: str, contacts: list[Any]) -> None:
    assert any(url and url.endswith(end) for url in beside(contacts, "linkedin_url"))


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_one_slug_is_the_beginning_of_another(kind: str, request: pytest.FixtureRequest) -> None:
    urls = beside(request.getfixturevalue(kind), "linkedin_url")
    slugs = sorted({url.partition("?")[0].rstrip("/").rpartition("/")[2] for url in urls if url and url != "_"})
    assert any(after.startswith(slug) for slug, after in pairwise(slugs))


def test_moments_are_whole_seconds_for_some_and_microseconds_for_others(contacts: list[Any]) -> None:
    moments = column(contacts, "created_at")
    assert any(moment.microsecond for moment in moments)
    assert any(not moment.microsecond for moment in moments)


def test_some_were_never_updated(contacts: list[Any]) -> None:
    assert None in column(contacts, "updated_at")


def test_uuids_are_distinct(contacts: list[Any]) -> None:
    uuids = column(contacts, "uuid")
    assert len(set(uuids)) == len(uuids)
