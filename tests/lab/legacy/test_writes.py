from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lab import people
from tests.support.reference import Reference

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT, DOOMED, COMPANY = people.contact_uuid(20), people.contact_uuid(21), people.company_uuid(3)


async def updated_at(lab: Reference, uuid: str = CONTACT) -> datetime | None:
    row = await lab.row("SELECT updated_at FROM contacts WHERE uuid = $1", uuid)
    moment: datetime | None = row["updated_at"]
    return moment


async def counted(lab: Reference, company: str = COMPANY) -> int:
    _, body = await lab.ask("GET", f"/api/v1/companies/company/{company}/contacts/count/")
    return int(body["count"])


async def test_a_contact_made_in_a_company_is_counted_there(lab: Reference) -> None:
    before = await counted(lab)
    status, made = await lab.ask("POST", f"/lab/companies/{COMPANY}/contacts/", {"first_name": "New"})
    assert (status, made["company_id"], await counted(lab)) == (201, COMPANY, before + 1)


async def test_a_new_contact_can_be_read_through_the_api(lab: Reference) -> None:
    person = {"first_name": "New", "metadata": {"city": "Berlin"}}
    _, made = await lab.ask("POST", "/lab/contacts/", person)
    status, body = await lab.ask("GET", f"/api/v1/contacts/{made['uuid']}/")
    assert (status, body["first_name"], body["city"]) == (200, "New", "Berlin")


async def test_a_uuid_that_exists_is_refused(lab: Reference) -> None:
    status, body = await lab.ask("POST", "/lab/contacts/", {"uuid": CONTACT})
    assert (status, body["detail"].split(";")[0]) == (409, f"There is a contact {CONTACT} already")


async def test_a_change_writes_what_it_names_and_nothing_else(lab: Reference) -> None:
    columns = "SELECT first_name, last_name, title FROM contacts WHERE uuid = $1"
    before = await lab.row(columns, CONTACT)
    await lab.ask("PATCH", f"/lab/contacts/{CONTACT}/", {"title": "Chief Tester"})
    assert await lab.row(columns, CONTACT) == {**before, "title": "Chief Tester"}


async def test_a_change_makes_the_metadata_row_that_is_missing(lab: Reference) -> None:
    await lab.server.lab.pool.execute("DELETE FROM contacts_metadata WHERE uuid = $1", CONTACT)
    await lab.ask("PATCH", f"/lab/contacts/{CONTACT}/", {"metadata": {"city": "Rome"}})
    row = await lab.row("SELECT city FROM contacts_metadata WHERE uuid = $1", CONTACT)
    assert row["city"] == "Rome"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"/lab/contacts/{CONTACT}/", {"title": "x"}),
        ("PATCH", f"/lab/contacts/{CONTACT}/", {"metadata": {"city": "x"}}),
        ("PUT", f"/lab/contacts/{CONTACT}/company/", {"company_uuid": COMPANY}),
    ],
)
async def test_every_write_says_when_the_contact_was_updated(lab: Reference, method: str, path: str, body: Any) -> None:
    await lab.server.lab.pool.execute("UPDATE contacts SET updated_at = NULL WHERE uuid = $1", CONTACT)
    _, said = await lab.ask(method, path, body)
    moment = await updated_at(lab)
    assert moment is not None
    assert said["updated_at"] == moment.isoformat()


async def test_a_moved_contact_is_counted_in_its_new_company(lab: Reference) -> None:
    await lab.ask("PUT", f"/lab/contacts/{CONTACT}/company/", {"company_uuid": None})
    before = await counted(lab)
    await lab.ask("PUT", f"/lab/contacts/{CONTACT}/company/", {"company_uuid": COMPANY})
    assert await counted(lab) == before + 1


async def test_a_deleted_contact_is_gone(lab: Reference) -> None:
    await lab.ask("DELETE", f"/lab/contacts/{DOOMED}/")
    status, _ = await lab.ask("GET", f"/api/v1/contacts/{DOOMED}/")
    assert status == 404


async def test_a_changed_company_shows_in_its_answer(lab: Reference) -> None:
    await lab.ask("PATCH", f"/lab/companies/{COMPANY}/", {"employees_count": 77})
    _, body = await lab.ask("GET", f"/api/v1/companies/{COMPANY}/")
    assert body["employees_count"] == 77


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/lab/contacts/nope/", {"title": "x"}),
        ("PUT", "/lab/contacts/nope/company/", {"company_uuid": None}),
        ("DELETE", "/lab/contacts/nope/", None),
        ("PATCH", "/lab/companies/nope/", {"name": "x"}),
        ("POST", "/lab/companies/nope/contacts/", {}),
    ],
)
async def test_what_does_not_exist_can_not_be_written(lab: Reference, method: str, path: str, body: Any) -> None:
    status, _ = await lab.ask(method, path, body)
    assert status == 404


async def test_an_unknown_column_is_refused(lab: Reference) -> None:
    status, body = await lab.ask("PATCH", f"/lab/contacts/{CONTACT}/", {"shoe_size": 42})
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "shoe_size"])


async def test_a_write_without_a_token_is_refused(lab: Reference) -> None:
    path = f"/lab/contacts/{CONTACT}/"
    async with lab.session.patch(path, json={"title": "x"}, headers={"Authorization": ""}) as answer:
        assert answer.status == 401
