"""What Connectra is asked for, and which of the records that come are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectra.asked import Asked, read_query
from connectra.client import Client
from connectra.errors import Declined, TooMany
from connectra.filters.parameters import COMPANIES, CONTACTS, OF_COMPANY, OF_COMPANY_COUNT
from connectra.filters.selection import Selection, conditions, select
from connectra.vql import Keyword, Query, Range, Text
from tests.support.connectra_fake import KEY, Connectra, connectra

WITHIN = Keyword("company_id", ("c",))
HERE = {"must": {"company_id": ["c"]}}


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        running.companies = [
            {"uuid": "c", "name": "Sample Works", "employees_count": 7, "keywords": ["Steel"]},
            {"uuid": "d", "name": "Other Works"},
        ]
        running.contacts = [
            {"uuid": "p1", "company_id": "c", "title": "Sales Manager", "email": "ann@sample.test"},
            {"uuid": "p2", "company_id": "c", "title": "Engineer"},
            {"uuid": "p3", "company_id": "d", "title": "Sales Engineer"},
            {"uuid": "p4", "title": "sales"},
        ]
        yield running


@pytest.fixture
async def client(fake: Connectra) -> AsyncIterator[Client]:
    opened = Client(fake.url, KEY, 5.0)
    yield opened
    await opened.close()


def asked(query: str) -> Asked:
    return Asked({}, "", endpoint="e", query=read_query(f"/x/?{query}"))


async def of_contacts(client: Client, query: str) -> Selection:
    return await select(client, asked(query), "contacts", CONTACTS)


async def of_companies(client: Client, query: str) -> Selection:
    return await select(client, asked(query), "companies", COMPANIES)


async def of_company(client: Client, query: str) -> Selection:
    return await select(client, asked(query), "contacts", OF_COMPANY_COUNT, within=WITHIN)


# -- without filters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "limit=5&ordering=title", "status=x&distinct=1", "unknown=x", "search=%20"])
async def test_without_a_filter_the_query_says_it_all(client: Client, query: str) -> None:
    assert await of_contacts(client, query) == Selection(Query("contacts", everything=True, populate=True))


async def test_a_count_without_filters_is_the_indexs(fake: Connectra, client: Client) -> None:
    assert await (await of_contacts(client, "")).count(client, "e") == 4
    assert fake.paths() == ["/contacts/count"]


async def test_uuids_without_filters_are_asked_for_without_the_rest(fake: Connectra, client: Client) -> None:
    assert await (await of_company(client, "")).uuids(client, "e") == ["p1", "p2"]
    call = next(call for call in fake.calls if call.path == "/contacts/")
    assert call.body["select_columns"] == ["uuid"]
    assert "company_config" not in call.body


# -- which values count -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "narrows"),
    [
        ("title=engineer&title=manager", [Text("title", ("manag nager",))]),
        ("name=engineers&company=sample", [Text("name", ("sampl ample",))]),
        ("company=sample&name=engineers", [Text("name", ("sampl ample",))]),
        ("employees=5&employees_count=7", [Range("employees_count", 7, 7)]),
        ("employees=5&employees_min=2", [Range("employees_count", 5, 5)]),
        ("title=engineer&title=", []),
    ],
)
def test_the_last_value_of_the_first_alias_counts(query: str, narrows: list[Any]) -> None:
    assert [one.narrows for one in conditions(asked(query), CONTACTS)] == narrows


def test_exclusions_are_gathered_from_their_repetitions() -> None:
    (one,) = conditions(asked("exclude_company_ids=a&exclude_company_ids=%5B%22b%22%5D"), CONTACTS)
    assert one.without == Keyword("company_id", ("a", "b"))


def test_of_the_exclusions_that_are_not_gathered_the_last_counts() -> None:
    (one,) = conditions(asked("exclude_company_name=aaa&exclude_company_name=bbb"), CONTACTS)
    assert [one.keeps({"name": name}) for name in ("aaa", "bbb")] == [True, False]


# -- what is declined -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("search=a", "parameter search"),
        ("search=a&search=", None),
        ("text_search=a", "parameter contact_location"),
        ("contact_location=+", None),
        ("company_location=", "parameter company_location"),
        ("exclude_company_locations=&exclude_company_locations=x", "parameter exclude_company_locations"),
        ("normalize_title_column=false", "parameter normalize_title_column"),
        ("include_domain_list=", "parameter include_domain_list"),
        ("title=a%00b", "parameter title: NUL"),
        ("employees_min=%00", "parameter employees_min: NUL"),
        ("exclude_titles=x&exclude_titles=%00", "parameter exclude_titles: NUL"),
        ("employees_min=abc", "parameter employees_min"),
        ("employees_min=-1", "parameter employees_min"),
        ("employees_min=%D9%A3", "parameter employees_min"),
        ("employees_min=NaN", "parameter employees_min"),
        ("created_at_after=2024-02-30", "parameter created_at_after"),
        ("created_at_after=2024-01-01T00:00:00+02:00", "parameter created_at_after"),
        ("created_at_after=", "parameter created_at_after"),
        ("keyword_search_fields=[" + "9" * 5000 + "]", "parameter keyword_search_fields"),
        ("city=", "parameter city: blank"),
    ],
)
def test_what_legacy_refuses_or_can_not_be_said_is_declined_by_name(query: str, reason: str | None) -> None:
    if reason is None:
        assert conditions(asked(query), CONTACTS) == []
        return
    with pytest.raises(Declined) as caught:
        conditions(asked(query), CONTACTS)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("seniority=vp", "seniority"),
        ("limit=5&title=vp", "title"),
        ("exclude_seniorities=vp", "exclude_seniorities"),
        ("created_at_after=2024-01-01", "created_at_after"),
        ("employees_min=9&employees_max=5", "employees_min"),
        ("company=", "company"),
        ("exclude_company_ids=d&seniority=vp", "exclude_company_ids"),
    ],
)
async def test_a_filter_that_nothing_can_be_looked_for_by_is_declined_before_any_call(
    fake: Connectra, client: Client, query: str, name: str
) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}: nothing to look for$"):
        await of_contacts(client, query)
    assert fake.calls == []


async def test_companies_that_nothing_can_be_looked_for_by_are_declined(client: Client) -> None:
    with pytest.raises(Declined, match=r"^parameter industries: nothing to look for$"):
        await of_companies(client, "industries=steel")


async def test_more_than_a_thousand_to_look_through_are_declined(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": f"p{number}", "company_id": "c"} for number in range(1001)]
    selection = await of_company(client, "seniority=vp")
    with pytest.raises(TooMany, match="over 1,000 records"):
        await selection.count(client, "e")


# -- what is asked for, and kept --------------------------------------------------------------------------------


async def kept(client: Client, selection: Selection) -> list[str]:
    return [str(one["uuid"]) for one in await selection.records(client, "e")]


async def test_records_that_came_are_looked_at_again(fake: Connectra, client: Client) -> None:
    selection = await of_contacts(client, "title=sales&email=ANN@")
    assert await kept(client, selection) == ["p1"]
    where = fake.calls[0].body["where"]
    assert where == {
        "text_matches": {
            "must": [{"text_value": "sales", "filter_key": "title", "search_type": "substring", "operator": "and"}]
        }
    }


async def test_within_a_company_nothing_else_has_to_be_looked_for(fake: Connectra, client: Client) -> None:
    selection = await of_company(client, "email=ann")
    assert await kept(client, selection) == ["p1"]
    assert fake.calls[0].body["where"]["keyword_match"] == HERE


async def test_a_count_with_filters_counts_what_is_kept(client: Client) -> None:
    assert await (await of_company(client, "title=engineer")).count(client, "e") == 1


async def test_uuids_with_filters_are_of_what_is_kept(client: Client) -> None:
    assert await (await of_company(client, "title=engineer")).uuids(client, "e") == ["p2"]


async def test_two_conditions_on_one_field_are_one_of_the_index_and_both_looked_at(client: Client) -> None:
    selection = await of_contacts(client, "title=sales&company=sample&include_company_name=works")
    assert selection.query.texts == (Text("title", ("sales",)),)
    assert await kept(client, selection) == ["p1"]


async def test_who_has_no_company_fails_the_companys_conditions_exclusions_too(client: Client) -> None:
    selection = await of_contacts(client, "title=sales&exclude_keywords=nothing")
    assert await kept(client, selection) == ["p1", "p3"]


async def test_a_blank_condition_on_the_company_wants_a_company(client: Client) -> None:
    assert await kept(client, await of_contacts(client, "title=sales&company=")) == ["p1", "p3"]


async def test_an_exclusion_of_nothing_wants_no_company(client: Client) -> None:
    assert await kept(client, await of_contacts(client, "title=sales&exclude_keywords=")) == ["p1", "p3", "p4"]


async def test_a_contact_is_found_by_the_companies_that_are_meant(fake: Connectra, client: Client) -> None:
    fake.companies = [one for one in fake.companies if one["uuid"] == "c"]
    selection = await of_contacts(client, "employees_min=5&employees_max=9&keywords=steel&title=ENG")
    assert await kept(client, selection) == ["p2"]
    assert fake.calls[0].body["where"] == {"range_query": {"must": {"employees_count": {"gte": 5, "lte": 9}}}}
    assert fake.calls[-1].body["where"]["keyword_match"] == HERE


async def test_without_such_a_company_nobody_is_asked_for_contacts(fake: Connectra, client: Client) -> None:
    selection = await of_contacts(client, "company=nothing+like+this")
    asked_before = len(fake.calls)
    assert (await selection.count(client, "e"), await selection.uuids(client, "e")) == (0, [])
    assert await selection.records(client, "e") == []
    assert len(fake.calls) == asked_before


async def test_companies_that_are_left_out_are_left_to_the_index(client: Client) -> None:
    selection = await of_contacts(client, "exclude_company_ids=c,d")
    assert selection == Selection(
        Query("contacts", must_not=(Keyword("company_id", ("c", "d")),), everything=True, populate=True)
    )


async def test_companies_are_left_out_beside_what_narrows(client: Client) -> None:
    selection = await of_contacts(client, "title=sales&exclude_company_ids=d")
    assert selection.query.must_not == (Keyword("company_id", ("d",)),)
    assert len(selection.kept) == 1


async def test_companies_narrow_by_their_own_columns(fake: Connectra, client: Client) -> None:
    selection = await of_companies(client, "name=works&employees_min=5&keywords=STEEL")
    assert (selection.query.texts, selection.query.ranges) == (
        (Text("name", ("works",)),), (Range("employees_count", 5),),
    )  # fmt: skip
    assert await kept(client, selection) == ["c"]
    assert not fake.calls[0].body.get("company_config")


async def test_a_companys_row_is_there_anyway(client: Client) -> None:
    assert await of_companies(client, "name=&keywords=") == Selection(Query("companies", everything=True))


async def test_bounds_that_contradict_find_nobody_within_a_company(fake: Connectra, client: Client) -> None:
    fake.contacts[0]["created_at"] = "2024-01-02T00:00:00Z"
    query = "created_at_after=2024-01-03&created_at_before=2024-01-01"
    selection = await select(client, asked(query), "contacts", OF_COMPANY, within=WITHIN)
    assert await kept(client, selection) == []


# -- values that are looked up ----------------------------------------------------------------------------------

DERIVED = [{"key": "email", "service": "contact", "direct_derived": True, "active": True, "deleted_at": None}]


def derived(fake: Connectra, *values: str) -> None:
    fake.common["/common/contact/filters"] = DERIVED
    fake.common["/common/contact/filters/data"] = [{"value": value, "display_value": value} for value in values]


async def test_a_field_with_a_derived_filter_is_looked_up_and_then_asked_for_exactly(
    fake: Connectra, client: Client
) -> None:
    derived(fake, "ann@x.test", "joann@x.test", "ann@x.test")
    selection = await of_contacts(client, "email=ann@")
    assert selection.query.must == (Keyword("email", ("ann@x.test", "joann@x.test")),)
    assert not selection.exact


async def test_the_records_of_looked_up_values_are_looked_at_all_the_same(fake: Connectra, client: Client) -> None:
    derived(fake, "ann@x.test")
    selection = await of_contacts(client, "email=ann@&seniority=vp")
    person = {"uuid": "p", "email": "ann@x.test"}
    assert [selection.keeps(person | {"seniority": word}) for word in ("svp", "cxo")] == [True, False]


async def test_a_value_that_no_record_has_is_an_empty_answer(fake: Connectra, client: Client) -> None:
    derived(fake)
    assert await (await of_contacts(client, "email=nobody")).count(client, "e") == 0
    assert "/contacts/count" not in fake.paths()


async def test_without_the_derived_filter_nothing_is_to_be_looked_for(client: Client) -> None:
    with pytest.raises(Declined, match="parameter email: nothing to look for"):
        await of_contacts(client, "email=ann@")


async def test_more_values_than_one_look_up_tells_of_narrow_nothing(fake: Connectra, client: Client) -> None:
    derived(fake, *(f"{number}@x.test" for number in range(100)))
    with pytest.raises(Declined, match="nothing to look for"):
        await of_contacts(client, "email=x.test")


async def test_words_are_rather_looked_for_than_values(fake: Connectra, client: Client) -> None:
    derived(fake, "ann@x.test")
    assert (await of_contacts(client, "email=ann@&title=engineer")).query.must == ()
