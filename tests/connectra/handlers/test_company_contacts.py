"""The contacts of a company and their count."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from connectra.asked import Asked, read_query
from connectra.client import Client
from connectra.errors import Declined, Misread, Unavailable
from connectra.handlers.base import Given
from connectra.handlers.company_contacts import company_contacts, company_contacts_count
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


async def test_company_and_contacts_are_asked_for_at_the_same_time(fake: Connectra, client: Client) -> None:
    both = asyncio.Barrier(2)

    async def meet(request: web.Request) -> web.StreamResponse:
        await both.wait()
        return fakes.answer({"data": []})

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


@pytest.mark.parametrize(
    ("count", "query"), [(3, "limit=2"), (3, "page_size=2"), (100, ""), (101, ""), (101, "limit=500")]
)
async def test_a_page_that_is_a_cut_of_an_unordered_list_is_declined(
    fake: Connectra, client: Client, count: int, query: str
) -> None:
    fill(fake, count)
    with pytest.raises(Declined, match="cut"):
        await company_contacts(client, asked(query))


async def test_as_many_as_one_page_of_connectra_holds_are_answered(fake: Connectra, client: Client) -> None:
    fill(fake, 99)
    assert len((await company_contacts(client, asked())).body["results"]) == 99


@pytest.mark.parametrize("query", ["title=x", "ordering=title", "offset=1", "limit=0", "cursor=bz0x", "search=a"])
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


@pytest.mark.parametrize("path", ["/contacts/", "/companies/"])
async def test_a_failure_of_either_call_is_a_failure(fake: Connectra, client: Client, path: str) -> None:
    fill(fake, 1)
    fake.behave[path] = fakes.PANIC
    with pytest.raises(ExceptionGroup) as caught:
        await company_contacts(client, asked())
    assert members(caught.value) == {Unavailable}


async def test_a_failure_does_not_wait_for_the_other_call(fake: Connectra, client: Client) -> None:
    fake.behave["/contacts/"], fake.behave["/companies/"] = fake.hang, fakes.PANIC
    with pytest.raises(ExceptionGroup):
        await company_contacts(client, asked())


async def test_the_count_is_the_indexs(fake: Connectra, client: Client) -> None:
    fill(fake, 120)
    assert await company_contacts_count(client, asked()) == Given(200, {"count": 120})


@pytest.mark.parametrize(
    "query", ["limit=abc", "limit=0", "offset=-1", "cursor=x", "page=3", "page_size=7", "status=x"]
)
async def test_the_count_does_not_look_at_what_legacy_ignores(fake: Connectra, client: Client, query: str) -> None:
    fill(fake, 3)
    assert await company_contacts_count(client, asked(query)) == Given(200, {"count": 3})


@pytest.mark.parametrize("query", ["title=x", "departments=x", "search=x", "page=0", "page=x", "page_size=0"])
async def test_a_count_with_what_legacy_reads_or_refuses_is_declined(
    fake: Connectra, client: Client, query: str
) -> None:
    with pytest.raises(Declined, match=f"parameter {query.partition('=')[0]}"):
        await company_contacts_count(client, asked(query))
    assert fake.calls == []
