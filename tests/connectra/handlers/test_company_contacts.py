"""The contacts of a company, their count, uuids and attribute values (legacy-api.md §6.3 to §6.6)."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from connectra.asked import Asked, read_query
from connectra.client import Client
from connectra.errors import Declined, Misread, TooMany, Unavailable
from connectra.handlers.base import Given, Handler
from connectra.handlers.company_contacts import (
    company_contacts,
    company_contacts_attribute,
    company_contacts_count,
    company_contacts_uuids,
)
from connectra.shapes import contact_item
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra

PATH = "/api/v1/companies/company/c/contacts/"
FIRM = {"uuid": "c", "name": "Sample"}


def asked(query: str = "") -> Asked:
    target = PATH + ("?" + query if query else "")
    return Asked({"company_uuid": "c"}, "http://api.test" + target, endpoint="e", query=read_query(target))


def fill(fake: Connectra, count: int) -> None:
    fake.companies = [FIRM]
    fake.contacts = [{"uuid": f"p{number:03}", "company_id": "c"} for number in range(count)]
    fake.contacts.append({"uuid": "stranger", "company_id": "d"})


def members(group: BaseExceptionGroup[BaseException]) -> set[type[BaseException]]:
    return {type(one) for one in group.exceptions}


async def test_the_contacts_of_a_company_are_a_page_in_legacys_shape(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await company_contacts(client, asked())
    results = [contact_item({"uuid": uuid, "company": FIRM}) for uuid in ("p000", "p001")]
    assert given == Given(200, {"next": None, "previous": None, "results": results, "meta": None})
    assert list(given.body) == ["next", "previous", "results", "meta"]


async def test_the_contacts_are_asked_for_in_an_order_that_does_not_change(fake: Connectra, client: Client) -> None:
    await company_contacts(client, asked())
    call = next(call for call in fake.calls if call.path == "/contacts/")
    assert call.body["order_by"] == [{"order_by": "uuid", "order_direction": "asc"}]
    assert call.body["limit"] == 100


async def test_company_contacts_and_their_number_are_asked_for_at_once(fake: Connectra, client: Client) -> None:
    every = asyncio.Barrier(3)

    async def meet(request: web.Request) -> web.StreamResponse:
        await every.wait()
        return fakes.answer({"data": [], "count": 0})

    fake.behave["*"] = meet
    await company_contacts(client, asked())


async def test_a_company_without_contacts_is_an_empty_page(fake: Connectra, client: Client) -> None:
    fill(fake, 0)
    assert (await company_contacts(client, asked("limit=5"))).body["results"] == []


@pytest.mark.parametrize("handler", [company_contacts, company_contacts_count])
async def test_an_unknown_company_is_not_found_though_it_has_contacts(
    fake: Connectra, client: Client, handler: object
) -> None:
    fill(fake, 2)
    fake.companies = []
    assert callable(handler)
    assert await handler(client, asked()) == Given(404, {"detail": "Company not found"})


async def test_a_full_page_has_a_dangling_next_link(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await company_contacts(client, asked("limit=2"))
    assert given.body["next"] == f"http://api.test{PATH}?limit=2&offset=2"


@pytest.mark.parametrize(("count", "query"), [(3, "limit=2"), (3, "page_size=2"), (3, "offset=1"), (101, "limit=100")])
async def test_a_page_that_is_a_cut_of_an_unordered_list_is_declined(
    fake: Connectra, client: Client, count: int, query: str
) -> None:
    fill(fake, count)
    with pytest.raises(Declined, match="cut"):
        await company_contacts(client, asked(query))


@pytest.mark.parametrize("query", ["", "limit=5000", "page=1&page_size=1000"])
async def test_more_than_one_page_of_connectra_is_one_of_ours(fake: Connectra, client: Client, query: str) -> None:
    fill(fake, 250)
    assert len((await company_contacts(client, asked(query))).body["results"]) == 250


async def test_more_than_a_thousand_contacts_are_declined(fake: Connectra, client: Client) -> None:
    fill(fake, 1001)
    with pytest.raises(ExceptionGroup) as caught:
        await company_contacts(client, asked())
    assert members(caught.value) == {TooMany}


async def test_a_page_beyond_the_end_is_empty_and_links_back(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await company_contacts(client, asked("limit=2&offset=4"))
    assert given.body == {
        "next": None, "previous": f"http://api.test{PATH}?limit=2&offset=2", "results": [], "meta": None,
    }  # fmt: skip


async def test_a_page_may_be_cut_by_the_rows_own_times(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    for number, one in enumerate(fake.contacts):
        one["created_at"] = f"2024-01-0{number + 1}T00:00:00Z"
    given = await company_contacts(client, asked("ordering=-created_at&limit=2"))
    assert [one["uuid"] for one in given.body["results"]] == ["p002", "p001"]


async def test_filters_are_answered_by_looking_at_each_record(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    fake.contacts[1] |= {"title": "Sales Manager", "city": "Paris"}
    given = await company_contacts(client, asked("title=MANAGER&city=par"))
    assert [one["uuid"] for one in given.body["results"]] == ["p001"]


@pytest.mark.parametrize(
    "query", ["ordering=title", "limit=0", "cursor=x", "search=a", "departments=x", "facebook_url=x", "offset=-1"]
)
async def test_what_can_not_be_expressed_is_declined_before_any_call(
    fake: Connectra, client: Client, query: str
) -> None:
    with pytest.raises(Declined, match=f"parameter {query.partition('=')[0]}"):
        await company_contacts(client, asked(query))
    assert fake.calls == []


async def test_contacts_of_another_company_are_misread(fake: Connectra, client: Client) -> None:
    fill(fake, 1)
    fake.behave["/contacts/"] = fakes.gives({"data": [{"uuid": "stranger", "company_id": "d"}]})
    with pytest.raises(ExceptionGroup) as caught:
        await company_contacts(client, asked())
    assert members(caught.value) == {Misread}


@pytest.mark.parametrize("path", ["/contacts/", "/contacts/count", "/companies/"])
async def test_a_failure_of_any_call_is_a_failure(fake: Connectra, client: Client, path: str) -> None:
    fill(fake, 1)
    fake.behave[path] = fakes.PANIC
    with pytest.raises(ExceptionGroup) as caught:
        await company_contacts(client, asked())
    assert all(issubclass(one, Unavailable) for one in members(caught.value))


async def test_a_failure_does_not_wait_for_the_other_call(fake: Connectra, client: Client) -> None:
    fake.behave["/contacts/"], fake.behave["/companies/"] = fake.hang, fakes.PANIC
    with pytest.raises(ExceptionGroup):
        await company_contacts(client, asked())


# -- count and uuids --------------------------------------------------------------------------------------------


async def test_the_count_is_the_indexs(fake: Connectra, client: Client) -> None:
    fill(fake, 120)
    assert await company_contacts_count(client, asked()) == Given(200, {"count": 120})


@pytest.mark.parametrize(
    "query", ["limit=abc", "limit=0", "offset=-1", "cursor=x", "page=3", "page_size=7", "status=x"]
)
async def test_the_count_does_not_look_at_what_legacy_ignores(fake: Connectra, client: Client, query: str) -> None:
    fill(fake, 3)
    assert await company_contacts_count(client, asked(query)) == Given(200, {"count": 3})


@pytest.mark.parametrize("query", ["search=x", "contact_location=x", "city=", "page=0", "page=x", "page_size=0"])
async def test_a_count_with_what_can_not_be_said_or_legacy_refuses_is_declined(
    fake: Connectra, client: Client, query: str
) -> None:
    with pytest.raises(Declined, match=f"parameter {query.partition('=')[0]}"):
        await company_contacts_count(client, asked(query))
    assert fake.calls == []


async def test_a_count_with_a_filter_counts_the_records_that_are_kept(fake: Connectra, client: Client) -> None:
    fill(fake, 120)
    fake.contacts[7]["departments"] = ["Sales", "IT"]
    assert await company_contacts_count(client, asked("departments=sal")) == Given(200, {"count": 1})


async def test_the_uuids_are_those_of_all_contacts(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await company_contacts_uuids(client, asked("limit=2&cursor=x&ordering=nonsense"))
    assert given == Given(200, {"count": 2, "uuids": ["p000", "p001"]})


async def test_a_company_without_contacts_has_no_uuids(fake: Connectra, client: Client) -> None:
    fill(fake, 0)
    assert await company_contacts_uuids(client, asked("offset=3")) == Given(200, {"count": 0, "uuids": []})


@pytest.mark.parametrize("query", ["limit=1", "offset=1"])
async def test_a_part_of_the_uuids_is_declined(fake: Connectra, client: Client, query: str) -> None:
    fill(fake, 2)
    with pytest.raises(Declined, match="cut"):
        await company_contacts_uuids(client, asked(query))


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "page=0"])
async def test_uuids_that_legacy_refuses_are_declined(fake: Connectra, client: Client, query: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {query.partition('=')[0]}$"):
        await company_contacts_uuids(client, asked(query))


# -- attribute values -------------------------------------------------------------------------------------------


def attribute(name: str, query: str = "") -> Asked:
    one = asked(query)
    return Asked({"company_uuid": "c", "attribute": name}, one.url, endpoint="e", query=one.query)


@pytest.fixture
def people(fake: Connectra) -> Connectra:
    """Values as they are stored: raw."""
    fill(fake, 0)
    fake.contacts = [
        {"uuid": "p1", "company_id": "c", "title": "VP", "seniority": "_", "departments": ["IT", "", "Ops"]},
        {"uuid": "p2", "company_id": "c", "title": " VP ", "seniority": "vp", "departments": ["IT"]},
        {"uuid": "p3", "company_id": "c", "title": "VP", "seniority": ""},
        {"uuid": "p4", "company_id": "c", "title": "vp"},
    ]
    return fake


@pytest.mark.parametrize(
    ("name", "query", "values"),
    [
        ("title", "", [" VP ", "VP", "VP", "vp"]),
        ("title", "distinct=yes", [" VP ", "VP", "vp"]),
        ("title", "distinct=maybe", [" VP ", "VP", "VP", "vp"]),
        ("title", "ordering=-x", ["vp", "VP", "VP", " VP "]),
        ("title", "limit=0", [" VP ", "VP", "VP", "vp"]),
        ("title", "limit=3&distinct=1", [" VP ", "VP", "vp"]),
        ("title", "seniority=vp", [" VP "]),
        ("seniority", "", ["_", "vp"]),
        ("department", "", ["IT", "IT", "Ops"]),
        ("email_status", "offset=2", []),
    ],
)
async def test_attribute_values_are_raw_and_a_bare_array(
    people: Connectra, client: Client, name: str, query: str, values: list[str]
) -> None:
    assert await company_contacts_attribute(client, attribute(name, query)) == Given(200, values)


@pytest.mark.parametrize("query", ["limit=3", "offset=1", "limit=2&distinct=1"])
async def test_a_part_of_the_values_is_declined(people: Connectra, client: Client, query: str) -> None:
    with pytest.raises(Declined, match="cut"):
        await company_contacts_attribute(client, attribute("title", query))


@pytest.mark.parametrize("query", ["limit=-1", "limit=", "offset=x", "page=0", "search=v", "departments=IT"])
async def test_values_that_legacy_refuses_or_nothing_can_find_are_declined(
    people: Connectra, client: Client, query: str
) -> None:
    with pytest.raises(Declined, match=f"^parameter {query.partition('=')[0]}$"):
        await company_contacts_attribute(client, attribute("title", query))


@pytest.mark.parametrize("handler", [company_contacts_uuids, company_contacts_attribute])
async def test_of_an_unknown_company_there_is_neither(fake: Connectra, client: Client, handler: Handler) -> None:
    assert await handler(client, attribute("title")) == Given(404, {"detail": "Company not found"})
