"""POST /api/v2/linkedin/ where Connectra has the filters `linkedin_url`: the addresses in its table decide."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined, Unavailable
from connectra.handlers.linkedin import linkedin
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra

ADA = "https://www.linkedin.com/in/ada"


@pytest.fixture
def rows(fake: Connectra) -> dict[str, Any]:
    """What the fake's `/common/…` gives: the filters of both services, and no value that contains anything."""
    for service in ("contact", "company"):
        row = {"key": "linkedin_url", "service": service, "direct_derived": True, "active": True, "deleted_at": None}
        fake.common[f"/common/{service}/filters"] = [row]
        fake.common[f"/common/{service}/filters/data"] = []
    return fake.common


def contain(rows: dict[str, Any], service: str, *values: str) -> None:
    """The rows of a service whose address contains what is asked for."""
    rows[f"/common/{service}/filters/data"] = [{"value": value, "display_value": value} for value in values]


def asked(url: str) -> Asked:
    return Asked({}, "http://api.test/api/v2/linkedin/", orjson.dumps({"url": url}), "linkedin")


def person(uuid: str, url: str) -> dict[str, Any]:
    return {"uuid": uuid, "company_id": "c", "linkedin_url": url}


def looked_up(fake: Connectra, service: str) -> list[str]:
    path = f"/common/{service}/filters/data"
    return [call.body["search_text"] for call in fake.calls if call.path == path]


async def test_every_spelling_in_the_table_is_found(fake: Connectra, client: Client, rows: dict[str, Any]) -> None:
    urls = ["LinkedIn.com/in/ADA/?x", "in.linkedin.com/in/ada-1", "nonsense ada"]
    fake.contacts = [person(f"p{at}", url) for at, url in enumerate(urls)]
    contain(rows, "contact", *urls)
    body = (await linkedin(client, asked(ADA))).body
    assert [one["contact"]["uuid"] for one in body["contacts"]] == ["p0", "p1", "p2"]


@pytest.mark.parametrize(
    ("url", "person_text", "company_text"),
    [
        (ADA + "/?x=1", "ada", ADA + "/?x=1"),
        ("https://x/company/acme?y", "https://x/company/acme?y", "acme"),
        (" acme ", "acme", "acme"),
        ("https://x/in/", "https://x/in/", "https://x/in/"),
        ("https://x/in/a_%\\d", "a_%\\d", "https://x/in/a_%\\d"),
        ("https://x/IN/Ada", "https://x/IN/Ada", "https://x/IN/Ada"),
    ],
)
async def test_legacys_patterns_are_looked_up(
    fake: Connectra, client: Client, rows: dict[str, Any], url: str, person_text: str, company_text: str
) -> None:
    await linkedin(client, asked(url))
    assert (looked_up(fake, "contact"), looked_up(fake, "company")) == ([person_text], [company_text])


async def test_where_no_address_contains_it_nothing_is_searched_for(
    fake: Connectra, client: Client, rows: dict[str, Any]
) -> None:
    body = (await linkedin(client, asked(ADA))).body
    assert body == {"contacts": [], "companies": [], "total_contacts": 0, "total_companies": 0}
    assert not any(path.startswith(("/contacts", "/companies")) for path in fake.paths())


async def test_the_placeholder_is_no_address_of_a_person(
    fake: Connectra, client: Client, rows: dict[str, Any]
) -> None:
    fake.contacts = [person("p", "_"), person("q", "a_")]
    contain(rows, "contact", "_", "a_")
    body = (await linkedin(client, asked("_"))).body
    assert [one["contact"]["uuid"] for one in body["contacts"]] == ["q"]


async def test_the_placeholder_is_an_address_of_a_company(
    fake: Connectra, client: Client, rows: dict[str, Any]
) -> None:
    fake.companies = [{"uuid": "c", "name": "x", "linkedin_url": "_"}]
    contain(rows, "company", "_")
    assert (await linkedin(client, asked("_"))).body["total_companies"] == 1


async def test_rows_that_share_an_address_are_asked_for_once_and_all_found(
    fake: Connectra, client: Client, rows: dict[str, Any]
) -> None:
    fake.contacts = [person("p", ADA), person("q", ADA)]
    contain(rows, "contact", ADA, ADA)
    assert (await linkedin(client, asked(ADA))).body["total_contacts"] == 2
    assert [call.must()["linkedin_url"] for call in fake.calls if call.path == "/contacts/"] == [[ADA]]


@pytest.mark.parametrize("found", [1, 3])
async def test_an_index_that_is_not_what_the_table_is_declines(
    fake: Connectra, client: Client, rows: dict[str, Any], found: int
) -> None:
    fake.contacts = [person(f"p{number}", ADA) for number in range(found)]
    contain(rows, "contact", ADA, ADA)
    with pytest.raises(Declined, match="index"):
        await linkedin(client, asked(ADA))


@pytest.mark.parametrize("service", ["contact", "company"])
async def test_too_many_addresses_are_declined(
    fake: Connectra, client: Client, rows: dict[str, Any], service: str
) -> None:
    contain(rows, service, *[ADA] * 100)
    with pytest.raises(Declined, match="too many addresses"):
        await linkedin(client, asked(ADA))


async def test_a_look_up_that_fails_is_no_empty_answer(fake: Connectra, client: Client, rows: dict[str, Any]) -> None:
    fake.behave["/common/company/filters/data"] = fakes.SICK
    with pytest.raises(Unavailable):
        await linkedin(client, asked(ADA))


async def test_a_service_without_the_filter_is_asked_by_exact_spellings(
    fake: Connectra, client: Client, rows: dict[str, Any]
) -> None:
    rows["/common/contact/filters"] = None
    fake.contacts = [person("p", "http://linkedin.com/in/ada/")]
    assert (await linkedin(client, asked(ADA))).body["total_contacts"] == 1
    assert looked_up(fake, "contact") == []


async def test_definitions_are_asked_for_once(fake: Connectra, client: Client, rows: dict[str, Any]) -> None:
    for _ in range(3):
        await linkedin(client, asked(ADA))
    assert fake.paths().count("/common/contact/filters") == 1
