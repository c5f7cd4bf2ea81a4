"""D-44 to D-59 of legacy-api.md §10.4: order, pages, counts and attribute values are legacy's, or declined."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.asked import Asked, read_query
from connectra.client import Client
from connectra.errors import Declined, TooMany, leading
from connectra.handlers.company_contacts import (
    company_contacts,
    company_contacts_attribute,
    company_contacts_count,
    company_contacts_uuids,
)
from connectra.paging import Order, Paging, links, meta, order, paging, window
from connectra.wire import Record
from tests.support.connectra_fake import Connectra

PATH = "/api/v1/companies/company/c/contacts/"
NEWEST = Order("created_at", descending=True, nulls_last=True)


def asked(query: str = "", **params: str) -> Asked:
    target = PATH + ("?" + query if query else "")
    return Asked({"company_uuid": "c", **params}, "http://api.test" + target, endpoint="e", query=read_query(target))


def at(uuid: str, time: str | None) -> Record:
    return {"uuid": uuid, "created_at": time}


def uuids(found: list[Record]) -> list[str]:
    return [str(one["uuid"]) for one in found]


OLD, YOUNG = at("old", "2024-01-01T00:00:00Z"), at("young", "2024-01-02T00:00:00Z")
TWIN, TIMELESS = at("twin", "2024-01-02T00:00:00Z"), at("timeless", None)


def fill(fake: Connectra, *contacts: dict[str, Any]) -> None:
    fake.companies = [{"uuid": "c", "name": "Sample"}]
    fake.contacts = [{"uuid": f"p{number:04}", "company_id": "c", **one} for number, one in enumerate(contacts)]
    fake.contacts.append({"uuid": "stranger", "company_id": "d", "seniority": "cxo"})


async def values(client: Client, query: str = "", attribute: str = "seniority") -> Any:
    return (await company_contacts_attribute(client, asked(query, attribute=attribute))).body


def test_d44_a_list_without_an_order_is_whole_or_declined() -> None:
    assert window([OLD, YOUNG], Paging(2), None) == [OLD, YOUNG]
    with pytest.raises(Declined, match="unordered"):
        window([OLD, YOUNG], Paging(1), None)


def test_d45_contacts_are_the_youngest_first_and_not_cut_between_equal_times() -> None:
    assert uuids(window([OLD, TIMELESS, YOUNG], Paging(2), NEWEST)) == ["young", "old"]
    with pytest.raises(Declined, match="equal times"):
        window([OLD, YOUNG, TWIN], Paging(1), NEWEST)


@pytest.mark.parametrize(
    ("query", "found"),
    [("ordering=created_at", ["old", "young", "timeless"]), ("ordering=-created_at", ["timeless", "young", "old"])],
)
def test_d46_null_stands_where_postgresql_puts_it(query: str, found: list[str]) -> None:
    assert uuids(window([TIMELESS, YOUNG, OLD], Paging(None), order(asked(query), None))) == found


async def test_d47_a_part_of_values_that_sort_by_collation_is_declined(fake: Connectra, client: Client) -> None:
    fill(fake, {"seniority": "vp"}, {"seniority": "Éa"})
    assert sorted(await values(client)) == sorted(["vp", "Éa"])
    with pytest.raises(Declined, match="collation"):
        await values(client, "limit=1")


@pytest.mark.parametrize("text", ["title", "-title", "company"])
def test_d48_an_order_by_a_text_is_declined_and_one_by_a_time_is_not(text: str) -> None:
    with pytest.raises(Declined, match="parameter ordering"):
        order(asked(f"ordering={text}"), None)
    assert order(asked("ordering=-updated_at"), None) == Order("updated_at", descending=True, nulls_last=False)


async def test_d49_a_page_may_be_longer_than_connectras(fake: Connectra, client: Client) -> None:
    fill(fake, *[{}] * 101)
    assert len((await company_contacts(client, asked())).body["results"]) == 101
    with pytest.raises(Declined, match="cut"):
        await company_contacts(client, asked("limit=100"))


async def test_d50_a_thousand_records_are_looked_through_and_no_more(fake: Connectra, client: Client) -> None:
    fill(fake, *[{}] * 1000)
    assert (await company_contacts_uuids(client, asked())).body["count"] == 1000
    fill(fake, *[{}] * 1001)
    with pytest.raises(ExceptionGroup) as failed:
        await company_contacts_uuids(client, asked())
    assert isinstance(leading(failed.value), TooMany)


def test_d51_links_are_legacys_a_dangling_one_too() -> None:
    page = paging(asked("offset=2&limit=2&city=Rome"))
    found = links(asked("offset=2&limit=2&city=Rome"), page, 2)
    assert found["next"] == f"http://api.test{PATH}?offset=4&limit=2&city=Rome"
    assert found["previous"] == f"http://api.test{PATH}?offset=0&limit=2&city=Rome"
    assert links(asked(), Paging(2), 1) == {"next": None, "previous": None}


def test_d52_a_cursor_is_legacys_and_another_sides_is_declined() -> None:
    assert paging(asked("cursor=bz0yNQ%3D%3D")) == Paging(None, 25, cursor=True)
    with pytest.raises(Declined, match="parameter cursor"):
        paging(asked("cursor=eyJhIjoxfQ%3D%3D"))


async def test_d53_meta_is_legacys(fake: Connectra, client: Client) -> None:
    fill(fake, {})
    assert (await company_contacts(client, asked())).body["meta"] is None
    assert meta(asked("limit=5"), Paging(5), 3)["page_size"] == 5


async def test_d54_a_count_is_exact(fake: Connectra, client: Client) -> None:
    fill(fake, *[{}] * 3)
    assert (await company_contacts_count(client, asked())).body == {"count": 3}


async def test_d55_an_unknown_company_is_404_and_one_without_contacts_0(fake: Connectra, client: Client) -> None:
    fill(fake)
    assert (await company_contacts_count(client, asked())).body == {"count": 0}
    fake.companies = []
    given = await company_contacts_count(client, asked())
    assert (given.status, given.body) == (404, {"detail": "Company not found"})


async def test_d56_the_count_of_uuids_is_the_length_of_the_list(fake: Connectra, client: Client) -> None:
    fill(fake, {}, {})
    assert (await company_contacts_uuids(client, asked())).body == {"count": 2, "uuids": ["p0000", "p0001"]}


async def test_d57_values_are_of_the_companys_contacts_filtered_and_repeated(fake: Connectra, client: Client) -> None:
    fill(fake, {"seniority": "vp"}, {"seniority": "vp"}, {"seniority": "entry"}, {"seniority": None})
    assert await values(client) == ["entry", "vp", "vp"]
    assert await values(client, "seniority=vp&distinct=true") == ["vp"]


async def test_d58_the_placeholder_is_a_seniority_as_on_legacy(fake: Connectra, client: Client) -> None:
    fill(fake, {"seniority": "_"}, {"seniority": "vp"}, {"seniority": ""})
    assert await values(client) == ["_", "vp"]


async def test_d59_values_that_differ_in_case_are_two(fake: Connectra, client: Client) -> None:
    fill(fake, {"title": "VP Sales"}, {"title": "vp sales"}, {"title": "vp sales"})
    assert await values(client, "distinct=true", "title") == ["VP Sales", "vp sales"]
