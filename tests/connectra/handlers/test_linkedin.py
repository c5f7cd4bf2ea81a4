"""POST /api/v2/linkedin/: people and companies behind an address, and nothing written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined, Misread, TooMany
from connectra.handlers import linkedin as module
from connectra.handlers.linkedin import linkedin, spellings
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra

ADA = "https://www.linkedin.com/in/ada"
SAMPLE = "https://www.linkedin.com/company/sample"
CONTACT = """uuid first_name last_name company_id email title departments mobile_phone email_status text_search
    seniority created_at updated_at"""
COMPANY = """uuid name employees_count industries keywords address annual_revenue total_funding technologies
    text_search created_at updated_at"""
CONTACT_METADATA = """uuid linkedin_url linkedin_sales_url facebook_url twitter_url website work_direct_phone home_phone
    city state country other_phone stage"""
COMPANY_METADATA = """uuid linkedin_url linkedin_sales_url facebook_url twitter_url website company_name_for_emails
    phone_number latest_funding latest_funding_amount last_raised_at city state country"""


def asked(url: Any) -> Asked:
    return Asked({}, "http://api.test/api/v2/linkedin/", orjson.dumps({"url": url}), "linkedin")


def person(uuid: str = "p", **values: Any) -> dict[str, Any]:
    return {"uuid": uuid, "company_id": "c", "linkedin_url": ADA, "seniority": "_", "title": ' "VP" ', **values}


def firm(**values: Any) -> dict[str, Any]:
    return {"uuid": "c", "name": "_", "linkedin_url": SAMPLE, "industries": ["x"], **values}


async def test_a_persons_address_finds_the_person_with_the_company(fake: Connectra, client: Client) -> None:
    fake.contacts, fake.companies = [person()], [firm()]
    body = (await linkedin(client, asked(ADA))).body
    assert list(body) == ["contacts", "companies", "total_contacts", "total_companies"]
    assert (body["total_contacts"], body["total_companies"]) == (1, 0)
    assert list(body["contacts"][0]) == ["contact", "metadata", "company", "company_metadata"]


async def test_the_objects_have_legacys_keys_in_its_order(fake: Connectra, client: Client) -> None:
    fake.contacts, fake.companies = [person()], [firm()]
    found = (await linkedin(client, asked(ADA))).body["contacts"][0]
    assert list(found["contact"]) == CONTACT.split()
    assert list(found["metadata"]) == CONTACT_METADATA.split()
    assert list(found["company"]) == COMPANY.split()
    assert list(found["company_metadata"]) == COMPANY_METADATA.split()


async def test_values_are_raw_as_legacy_gives_them_here(fake: Connectra, client: Client) -> None:
    fake.contacts, fake.companies = [person(created_at="2024-01-02T03:04:05.5Z")], [firm()]
    found = (await linkedin(client, asked(ADA))).body["contacts"][0]
    assert (found["contact"]["seniority"], found["contact"]["title"], found["company"]["name"]) == ("_", ' "VP" ', "_")
    assert found["contact"]["created_at"] == "2024-01-02T03:04:05.500000"


async def test_a_person_without_a_company_has_nulls_for_it(fake: Connectra, client: Client) -> None:
    fake.contacts = [person()]
    found = (await linkedin(client, asked(ADA))).body["contacts"][0]
    assert (found["company"], found["company_metadata"]) == (None, None)


async def test_a_companys_address_finds_the_company_with_all_its_contacts(fake: Connectra, client: Client) -> None:
    fake.companies = [firm()]
    fake.contacts = [person("p"), person("q"), person("r", company_id="d")]
    body = (await linkedin(client, asked(SAMPLE))).body
    assert (body["total_contacts"], body["total_companies"]) == (0, 1)
    found = body["companies"][0]
    assert list(found) == ["company", "metadata", "contacts"]
    assert [one["contact"]["uuid"] for one in found["contacts"]] == ["p", "q"]
    assert all(one["company"] == found["company"] for one in found["contacts"])


async def test_nothing_found_is_an_empty_answer_that_lacks_nothing(client: Client) -> None:
    given = await linkedin(client, asked(ADA))
    assert given.body == {"contacts": [], "companies": [], "total_contacts": 0, "total_companies": 0}
    assert (given.status, given.missing) == (200, ())


async def test_every_path_that_connectra_can_not_fill_is_said_to_be_missing(fake: Connectra, client: Client) -> None:
    fake.contacts, fake.companies = [person()], [firm(linkedin_url=ADA)]
    given = await linkedin(client, asked(ADA))
    assert set(given.missing) == {
        "contacts[].contact.text_search",
        "contacts[].metadata.linkedin_sales_url",
        "contacts[].company.text_search",
        "contacts[].company_metadata.linkedin_sales_url",
        "companies[].company.text_search",
        "companies[].metadata.linkedin_sales_url",
        "companies[].contacts[].contact.text_search",
        "companies[].contacts[].metadata.linkedin_sales_url",
        "companies[].contacts[].company.text_search",
        "companies[].contacts[].company_metadata.linkedin_sales_url",
    }


async def test_only_searches_are_sent(fake: Connectra, client: Client) -> None:
    fake.companies, fake.contacts = [firm()], [person()]
    await linkedin(client, asked(SAMPLE))
    assert fake.paths() == [
        "/common/company/filters", "/common/contact/filters", "/companies/", "/contacts/", "/contacts/",
        "/contacts/count",
    ]  # fmt: skip


async def test_the_usual_spellings_are_asked_for(fake: Connectra, client: Client) -> None:
    await linkedin(client, asked("  http://linkedin.com/in/ada/  "))
    values = next(call.must()["linkedin_url"] for call in fake.calls if call.path == "/contacts/")
    assert {ADA, ADA + "/", "linkedin.com/in/ada", "http://linkedin.com/in/ada/"} <= set(values)


@pytest.mark.parametrize(
    ("url", "mark", "slug"),
    [
        (ADA, "/in/", "ada"),
        (ADA + "/?trk=x", "/in/", "ada"),
        (ADA + "/details/?a=/in/eve", "/in/", "eve"),
        ("/in/ada", "/in/", "ada"),
    ],
)
def test_a_slug_is_what_follows_the_last_mark(url: str, mark: str, slug: str) -> None:
    found = spellings(url, mark)
    assert found[0] == url
    assert f"https://www.linkedin.com{mark}{slug}" in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("url", ["ada", "https://www.linkedin.com/in/", "https://www.linkedin.com/IN/ada", SAMPLE])
def test_an_address_without_a_mark_stands_for_itself(url: str) -> None:
    assert spellings(url, "/in/") == (url,)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"url":null}', b'{"url":3}', b'{"url":["x"]}', b'{"url":""}',
     b'{"url":"  "}', b"\xff", b'{"url":"\xff"}', b'{"url":"a\\u0000b"}', b'{"url":"\\ud800"}', b"[" * 100_000,
     b'{"url":"x","n":' + b"1" * 5000 + b"}", b'{"url":"x","url":""}', b'{"URL":"x"}'],
)  # fmt: skip
async def test_a_body_that_legacy_refuses_is_declined(fake: Connectra, client: Client, body: bytes) -> None:
    with pytest.raises(Declined):
        await linkedin(client, Asked({}, "http://api.test/", body))
    assert fake.calls == []


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "", "json", "a/application/json", "application/a/b+json"],
)
async def test_a_body_that_is_not_said_to_be_json_is_declined(fake: Connectra, client: Client, kind: str) -> None:
    with pytest.raises(Declined, match="said to be JSON"):
        await linkedin(client, replace(asked(ADA), headers={"Content-Type": kind}))
    assert fake.calls == []


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=latin-1", "application/vnd.api+json"])
async def test_what_legacy_takes_for_json_is_read(fake: Connectra, client: Client, kind: str) -> None:
    fake.contacts = [person()]
    given = await linkedin(client, replace(asked(ADA), headers={"Content-Type": kind}))
    assert given.body["total_contacts"] == 1


@pytest.mark.parametrize(
    "body",
    [b'{"url":"x","url":"%s"}', b'{"n":NaN,"url":" %s\\n"}', b'\xef\xbb\xbf{"url":"%s"}',
     b'{"url":"%s","url2":"\\ud800"}'],
)  # fmt: skip
async def test_a_body_that_legacy_reads_is_read_alike(fake: Connectra, client: Client, body: bytes) -> None:
    fake.contacts = [person()]
    given = await linkedin(client, Asked({}, "http://api.test/", body % ADA.encode()))
    assert given.body["total_contacts"] == 1


@pytest.mark.parametrize("url", ["100%", "a\\b", "https://x/in/a_b", "https://x/company/a_b"])
async def test_a_wildcard_is_declined_where_only_exact_spellings_can_be_asked_for(
    fake: Connectra, client: Client, url: str
) -> None:
    with pytest.raises(Declined, match="wildcard"):
        await linkedin(client, asked(url))


async def test_an_underscore_that_is_not_in_the_name_declines_nothing(fake: Connectra, client: Client) -> None:
    fake.contacts = [person()]
    assert (await linkedin(client, asked(ADA + "?utm_source=x"))).body["total_contacts"] == 1


async def test_as_many_hits_as_a_page_holds_are_declined(fake: Connectra, client: Client) -> None:
    fake.contacts = [person(f"p{number}") for number in range(100)]
    with pytest.raises(Declined, match="more hits"):
        await linkedin(client, asked(ADA))


async def test_a_company_with_more_contacts_than_one_page_has_them_all(fake: Connectra, client: Client) -> None:
    fake.companies, fake.contacts = [firm()], [person(f"p{number}") for number in range(250)]
    given = await linkedin(client, asked(SAMPLE))
    assert len(given.body["companies"][0]["contacts"]) == 250


async def test_more_contacts_of_a_company_than_can_be_paged_are_declined(fake: Connectra, client: Client) -> None:
    fake.companies = [firm()]
    fake.behave["/contacts/count"] = fakes.gives({"count": 1001, "success": True})
    with pytest.raises(TooMany):
        await linkedin(client, asked(SAMPLE))


async def test_more_contacts_of_all_companies_than_one_answer_takes_are_declined(
    fake: Connectra, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CONTACTS", 5)
    fake.companies = [firm(), firm(uuid="d")]
    fake.contacts = [person(f"p{number}", company_id="cd"[number % 2], linkedin_url="") for number in range(6)]
    with pytest.raises(TooMany):
        await linkedin(client, asked(SAMPLE))


async def test_contacts_are_read_for_a_few_companies_at_a_time(fake: Connectra, client: Client) -> None:
    fake.companies = [firm(uuid=f"c{number}") for number in range(9)]
    open_now, most = set[str](), 0

    async def counted(request: web.Request) -> web.StreamResponse:
        nonlocal most
        company = orjson.loads(await request.read())["where"]["keyword_match"]["must"].get("company_id")
        if company is None:
            return fakes.answer({"data": [], "success": True})
        open_now.add(company[0])
        most = max(most, len(open_now))
        for _ in range(20):
            await asyncio.sleep(0)
        open_now.discard(company[0])
        return fakes.answer({"data": [person(f"p of {company[0]}", company_id=company[0])], "success": True})

    fake.behave["/contacts/"] = counted
    fake.behave["/contacts/count"] = fakes.gives({"count": 1, "success": True})
    body = (await linkedin(client, asked(SAMPLE))).body
    assert [one["contacts"][0]["contact"]["uuid"] for one in body["companies"]] == [f"p of c{n}" for n in range(9)]
    assert 1 < most <= 4


async def test_people_of_another_address_are_misread(fake: Connectra, client: Client) -> None:
    fake.behave["/contacts/"] = fakes.gives({"data": [person(linkedin_url="https://x/in/eve")]})
    with pytest.raises(Misread):
        await linkedin(client, asked(ADA))
