"""All contacts and all companies: lists, counts, uuids (legacy-api.md §6.7 to §6.10)."""

from __future__ import annotations

import pytest

from connectra.asked import Asked, read_query
from connectra.client import Client
from connectra.errors import ConnectraError, Declined, TooMany
from connectra.handlers.base import Given, Handler
from connectra.handlers.lists import (
    companies,
    companies_count,
    companies_uuids,
    contacts,
    contacts_count,
    contacts_uuids,
)
from connectra.shapes import company_item, contact_item, contact_simple_item
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra

LISTS = [contacts, companies]
COUNTS = [contacts_count, companies_count]
UUIDS = [contacts_uuids, companies_uuids]
EVERY = [*LISTS, *COUNTS, *UUIDS]


def asked(query: str = "", path: str = "/api/v1/contacts/") -> Asked:
    target = path + ("?" + query if query else "")
    return Asked({}, "http://api.test" + target, endpoint="e", query=read_query(target))


def uuids(given: Given) -> list[str]:
    return [one["uuid"] for one in given.body["results"]]


def fill(fake: Connectra, count: int) -> None:
    """Contacts and companies, the later ones younger."""
    fake.companies = [
        {"uuid": f"c{number}", "name": f"Sample {number}", "created_at": at(number)} for number in range(count)
    ]
    fake.contacts = [
        {"uuid": f"p{number}", "company_id": f"c{number}", "title": "Manager", "created_at": at(number)}
        for number in range(count)
    ]


def at(number: int) -> str:
    return f"2024-01-{number // 1440 + 1:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"


async def test_contacts_are_a_page_in_legacys_shape_the_youngest_first(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await contacts(client, asked())
    assert given.status == 200
    assert list(given.body) == ["next", "previous", "results", "meta"]
    assert given.body["results"] == [
        contact_item({**fake.contacts[number], "company": fake.companies[number]}) for number in (1, 0)
    ]
    assert given.body["meta"]["ordering"] == "-created_at"


@pytest.mark.parametrize("view", ["simple", "+Simple+", "SIMPLE"])
async def test_a_simple_view_has_simple_items_and_the_same_meta(fake: Connectra, client: Client, view: str) -> None:
    fill(fake, 1)
    given = await contacts(client, asked(f"view={view}&limit=1"))
    assert given.body["results"] == [contact_simple_item({**fake.contacts[0], "company": fake.companies[0]})]
    assert given.body["meta"] == (await contacts(client, asked("limit=1"))).body["meta"]
    assert given.body["next"] == f"http://api.test/api/v1/contacts/?view={view.replace(' ', '+')}&limit=1&offset=1"


@pytest.mark.parametrize("query", ["view=full", "view=simple&view=", ""])
async def test_any_other_view_is_the_whole_item(fake: Connectra, client: Client, query: str) -> None:
    fill(fake, 1)
    assert len((await contacts(client, asked(query))).body["results"][0]) == 42


async def test_companies_are_a_page_in_legacys_shape(fake: Connectra, client: Client) -> None:
    fill(fake, 2)
    given = await companies(client, asked("view=simple", "/api/v1/companies/"))
    assert given.body["results"] == [company_item(one) for one in fake.companies]
    assert given.body["meta"]["returned_records"] == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("limit=2", ["p4", "p3"]),
        ("limit=2&offset=2", ["p2", "p1"]),
        ("page=2&page_size=3", ["p1", "p0"]),
        ("cursor=bz0z&limit=1", ["p1"]),
        ("ordering=created_at&limit=2", ["p0", "p1"]),
        ("limit=9&offset=9", []),
    ],
)
async def test_contacts_are_cut_by_their_times(fake: Connectra, client: Client, query: str, found: list[str]) -> None:
    fill(fake, 5)
    assert uuids(await contacts(client, asked(query))) == found


async def test_contacts_of_one_time_are_not_cut(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    fake.contacts[0]["created_at"] = fake.contacts[1]["created_at"]
    with pytest.raises(Declined, match="equal times"):
        await contacts(client, asked("limit=2"))


async def test_companies_have_no_order_to_cut_them_by(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    with pytest.raises(Declined, match="unordered"):
        await companies(client, asked("limit=2"))


async def test_companies_are_cut_by_a_time_that_is_asked_for(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    assert uuids(await companies(client, asked("limit=2&ordering=-created_at"))) == ["c2", "c1"]


async def test_a_limit_of_contacts_is_capped_and_the_links_show_it(fake: Connectra, client: Client) -> None:
    fill(fake, 1000)
    body = (await contacts(client, asked("limit=5000"))).body
    assert body["next"] == "http://api.test/api/v1/contacts/?limit=1000&offset=1000"
    assert (body["meta"]["page_size"], len(body["results"])) == (1000, 1000)


async def test_a_limit_of_companies_is_not_capped(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    assert (await companies(client, asked("limit=10000"))).body["meta"]["page_size"] == 10000


@pytest.mark.parametrize("query", ["limit=10001", "limit=" + "9" * 18])
async def test_companies_that_legacy_reads_in_batches_are_declined(
    fake: Connectra, client: Client, query: str
) -> None:
    with pytest.raises(Declined, match=r"^parameter limit$"):
        await companies(client, asked(query))
    assert fake.calls == []


@pytest.mark.parametrize("handler", LISTS)
async def test_without_a_filter_a_thousand_records_are_all_that_is_looked_through(
    fake: Connectra, client: Client, handler: Handler
) -> None:
    fill(fake, 1001)
    with pytest.raises(TooMany):
        await handler(client, asked("limit=10"))


@pytest.mark.parametrize("handler", COUNTS)
async def test_a_count_without_filters_is_the_indexs_however_large(
    fake: Connectra, client: Client, handler: Handler
) -> None:
    fill(fake, 1001)
    assert await handler(client, asked("limit=abc&offset=-1&cursor=x&ordering=x")) == Given(200, {"count": 1001})


async def test_a_filter_is_looked_for_and_looked_at(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    fake.contacts[1]["title"] = "Sales Managers"
    query = asked("title=ES+MANAGE&exclude_company_ids=c9")
    assert uuids(await contacts(client, query)) == ["p1"]
    assert await contacts_count(client, query) == Given(200, {"count": 1})
    assert await contacts_uuids(client, query) == Given(200, {"count": 1, "uuids": ["p1"]})


async def test_companies_with_a_filter_are_counted_one_by_one(fake: Connectra, client: Client) -> None:
    fill(fake, 12)
    query = asked("name=sample+1")
    assert await companies_count(client, query) == Given(200, {"count": 3})
    assert await companies_uuids(client, query) == Given(200, {"count": 3, "uuids": ["c1", "c10", "c11"]})


# -- uuids ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "limit=3", "limit=1000&cursor=x&ordering=x"])
@pytest.mark.parametrize("handler", UUIDS)
async def test_uuids_are_whole_lists(fake: Connectra, client: Client, handler: Handler, query: str) -> None:
    fill(fake, 3)
    assert (await handler(client, asked(query))).body["count"] == 3


@pytest.mark.parametrize("handler", UUIDS)
async def test_a_part_of_the_uuids_is_declined(fake: Connectra, client: Client, handler: Handler) -> None:
    fill(fake, 3)
    with pytest.raises(Declined, match="unordered"):
        await handler(client, asked("limit=2"))


async def test_only_the_uuids_of_companies_know_an_offset(fake: Connectra, client: Client) -> None:
    fill(fake, 3)
    assert (await contacts_uuids(client, asked("offset=2"))).body["count"] == 3
    assert (await contacts_uuids(client, asked("offset=x"))).body["count"] == 3
    with pytest.raises(Declined, match="unordered"):
        await companies_uuids(client, asked("offset=2"))
    with pytest.raises(Declined, match=r"^parameter offset$"):
        await companies_uuids(client, asked("offset=x"))


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "page=0"])
@pytest.mark.parametrize("handler", UUIDS)
async def test_uuids_that_legacy_refuses_are_declined(client: Client, handler: Handler, query: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {query.partition('=')[0]}$"):
        await handler(client, asked(query))


# -- what is declined, and what fails ---------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["page=0", "page_size=x", "search=a", "text_search=x", "employees_min=-1"])
@pytest.mark.parametrize("handler", EVERY)
async def test_what_can_not_be_said_is_declined_before_any_call(
    fake: Connectra, client: Client, handler: Handler, query: str
) -> None:
    with pytest.raises(Declined, match=r"^parameter "):
        await handler(client, asked(query))
    assert fake.calls == []


@pytest.mark.parametrize("query", ["ordering=title", "ordering=,", "limit=0", "offset=-1", "cursor=!!"])
@pytest.mark.parametrize("handler", LISTS)
async def test_a_page_that_can_not_be_had_is_declined_before_any_call(
    fake: Connectra, client: Client, handler: Handler, query: str
) -> None:
    with pytest.raises(Declined, match=f"^parameter {query.partition('=')[0]}$"):
        await handler(client, asked(query))
    assert fake.calls == []


@pytest.mark.parametrize("handler", EVERY)
async def test_a_failure_of_connectra_is_a_failure(fake: Connectra, client: Client, handler: Handler) -> None:
    fake.behave["*"] = fakes.PANIC
    with pytest.raises(ConnectraError):
        await handler(client, asked())
