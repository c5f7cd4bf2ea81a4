"""Each defect of the register (contract §11), as built and as intended: one request that shows the difference."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from yarl import URL

from lab import people
from lab.legacy.quirks import DEFAULT, Quirk, quirk_named
from lab.legacy.tokens import access_token
from tests.support.reference import Reference

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRM = "firm-of-quirks"
OF_FIRM = f"/api/v1/companies/company/{FIRM}/contacts"
DEADLINE = 20.0

Seen = Callable[[int, Any], object]


def status(code: int, _: Any) -> object:
    return code


def counted(_: int, body: Any) -> object:
    return body["count"]


def returned(_: int, body: Any) -> object:
    return len(body["results"])


def of_meta(key: str) -> Seen:
    return lambda _, body: body["meta"][key]


def limit_of(link: str) -> Seen:
    return lambda _, body: parse_qs(urlsplit(body[link]).query).get("limit")


MANY = ",".join([*(f"zq{number}" for number in range(10)), "quirk+wardenn"])
GETS: list[tuple[str, str, Seen, object, object]] = [
    ("LQ-01", "/api/v1/contacts", status, 405, 404),
    ("LQ-02", "/api/v1/contacts/?include_domain_list=a.test", status, 400, 200),
    ("LQ-03", "/api/v1/contacts/", of_meta("page_size"), None, 100),
    ("LQ-04", "/api/v1/contacts/?offset=1", limit_of("previous"), ["None"], None),
    ("LQ-05", "/api/v1/contacts/?cursor=bz0x&limit=2", limit_of("next"), None, ["2"]),
    ("LQ-06", f"{OF_FIRM}/count/uuids/", status, 500, 200),
    ("LQ-07", f"{OF_FIRM}/count/?exclude_titles=Quirk%20Warden", counted, 2, 1),
    ("LQ-08", f"{OF_FIRM}/count/?city=", counted, 1, 2),
    ("LQ-09", f"/api/v1/contacts/count/?company_city=quirktown&email={FIRM}.test", counted, 3, 2),
    ("LQ-10", f"{OF_FIRM}/count/?search=quirks%20unlimited", counted, 0, 2),
    ("LQ-11", f"{OF_FIRM}/?departments=nobody", returned, 2, 0),
    ("LQ-12", "/api/v1/contacts/?limit=1", of_meta("filters_applied"), True, False),
    ("LQ-13", "/api/v1/contacts/?ordering=company_city&limit=1", status, 500, 200),
    ("LQ-14", "/api/v1/contacts/?view=simple&limit=1", status, 500, 200),
    ("LQ-20", "/api/v1/contacts/a%00b/", status, 500, 400),
    ("LQ-21", f"{OF_FIRM}/?ordering=nonsense", status, 500, 400),
    ("LQ-22", f"{OF_FIRM}/title/?limit=-1", status, 500, 400),
    ("LQ-23", "/api/v1/companies/?limit=10001", status, 500, 200),
    ("trigram", f"{OF_FIRM}/count/?title={MANY}", counted, 1, 0),
]
ELSEWHERE = {"LQ-15", "LQ-16", "LQ-17", "LQ-18", "LQ-19"}
"""Those that need more than one request, below."""
RECORDED = {"ties"}
"""Only the order that PostgreSQL happens to give shows it: test_recordings.py."""


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def rows(lab: Reference) -> None:
    """A company of two people, one without metadata, and a third person without a company."""
    pool = lab.server.lab.pool
    await pool.execute("INSERT INTO companies (uuid, name) VALUES ($1, 'Quirks Unlimited')", FIRM)
    await pool.execute("INSERT INTO companies_metadata (uuid, city) VALUES ($1, 'Quirktown')", FIRM)
    made = [("quirk-1", FIRM, "Quirk Warden"), ("quirk-2", FIRM, None), ("quirk-3", None, None)]
    for uuid, company, title in made:
        await pool.execute(
            "INSERT INTO contacts (uuid, company_id, title, email, first_name) VALUES ($1, $2, $3, $4, 'Quirky')",
            uuid, company, title, f"{uuid}@{FIRM}.test",
        )  # fmt: skip
    await pool.execute("INSERT INTO contacts_metadata (uuid, city) VALUES ('quirk-1', 'Rome')")


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def defaults(lab: Reference) -> AsyncIterator[None]:
    yield
    lab.server.lab.quirks = DEFAULT


def switch(lab: Reference, name: str, *, on: bool) -> None:
    """One defect as built or as intended, and all others by default."""
    quirk = {quirk_named(name)}
    lab.server.lab.quirks = DEFAULT | quirk if on else DEFAULT - quirk


@pytest.mark.parametrize(("name", "path", "seen", "as_built", "intended"), GETS, ids=[case[0] for case in GETS])
async def test_a_defect_shows_only_while_it_is_switched_on(
    lab: Reference, name: str, path: str, seen: Seen, as_built: object, intended: object
) -> None:
    answers = []
    for on in (True, False):
        switch(lab, name, on=on)
        async with lab.session.get(URL(path, encoded=True)) as answer:
            body = await answer.json() if answer.content_type == "application/json" else None
            answers.append(seen(answer.status, body))
    assert answers == [as_built, intended]


async def search(lab: Reference, **headers: str) -> int:
    """The status of a LinkedIn search."""
    body = {"url": "https://www.linkedin.com/in/nobody-here"}
    async with lab.session.post("/api/v2/linkedin/", json=body, headers=headers) as answer:
        return answer.status


async def test_lq_15_a_search_of_a_known_user_fails(lab: Reference) -> None:
    await lab.ask("GET", "/api/v1/contacts/count/")
    statuses = []
    for on in (True, False):
        switch(lab, "LQ-15", on=on)
        statuses.append(await search(lab))
    assert statuses == [500, 200]


async def test_lq_19_a_user_whose_first_request_fails_is_broken(lab: Reference) -> None:
    statuses = []
    for on, number in ((True, 2), (False, 3)):
        switch(lab, "LQ-19", on=on)
        bearer = {"Authorization": f"Bearer {access_token(people.user_uuid(number), 'lab-secret')}"}
        async with lab.session.get("/api/v1/contacts/nobody/", headers=bearer) as missing:
            assert missing.status == 404
        statuses.append(await search(lab, **bearer))
    assert statuses == [500, 200]


async def downloaded(lab: Reference, path: str, body: Any) -> tuple[int, list[list[str]]]:
    """Status and rows of an export's file, once its task has ended."""
    _, receipt = await lab.ask("POST", path, body)
    async with asyncio.timeout(DEADLINE):
        while (await lab.ask("GET", f"/api/v2/exports/{receipt['export_id']}/status"))[1]["status"] != "completed":
            await asyncio.sleep(0)
    link = urlsplit((await lab.ask("GET", f"/api/v2/exports/{receipt['export_id']}/status"))[1]["download_url"])
    async with lab.session.get(f"{link.path}?{link.query}") as answer:
        return answer.status, list(csv.reader(io.StringIO(await answer.text(), newline="")))


async def test_lq_16_nothing_becomes_a_word_in_the_csv_of_contacts(lab: Reference) -> None:
    addresses = []
    for on in (True, False):
        switch(lab, "LQ-16", on=on)
        _, (header, row) = await downloaded(lab, "/api/v2/exports/contacts/export", {"contact_uuids": ["quirk-1"]})
        addresses.append(row[header.index("company_address")])
    assert addresses == ["None", ""]


async def test_lq_17_names_are_lost_in_the_csv_of_addresses(lab: Reference) -> None:
    person = {"first_name": "Ada", "last_name": "Quirk", "domain": "nowhere.test"}
    found = []
    for on in (True, False):
        switch(lab, "LQ-17", on=on)
        _, lines = await downloaded(lab, "/api/v2/email/export", {"contacts": [person]})
        found.append(lines[1])
    assert found == [["", "", "nowhere.test", ""], ["Ada", "Quirk", "nowhere.test", ""]]


async def test_lq_18_a_download_is_looked_for_in_a_store_that_is_not_there(lab: Reference) -> None:
    statuses = []
    for on in (True, False):
        switch(lab, "LQ-18", on=on)
        code, _ = await downloaded(lab, "/api/v2/exports/companies/export", {"company_uuids": [FIRM]})
        statuses.append(code)
    assert statuses == [500, 200]


async def test_every_switch_is_shown() -> None:
    assert {quirk.value for quirk in Quirk} == {case[0] for case in GETS} | ELSEWHERE | RECORDED
