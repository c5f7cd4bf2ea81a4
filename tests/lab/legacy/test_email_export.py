"""Exports of addresses and of LinkedIn URLs, which no recording holds: as the contract has them (§6.12, §7.2, §7.4)."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from lab import people
from lab.legacy.csv_rows import CONTACT_HEADER
from tests.support.reference import Reference

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMAIL = "/api/v2/email/export"
LINKEDIN = "/api/v2/linkedin/export"
DEADLINE = 20.0
ADA = {"first_name": "ada", "last_name": "findable", "domain": "https://www.Finders.test/about"}
NOBODY = {"first_name": "No", "last_name": "Body", "website": "finders.test"}


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def rows(lab: Reference) -> None:
    """Ada of Finders: her address can be found by the company's domain, and both have a LinkedIn address."""
    pool = lab.server.lab.pool
    await pool.execute("INSERT INTO companies (uuid, name) VALUES ('finders', 'Finders')")
    await pool.execute(
        """INSERT INTO companies_metadata (uuid, normalized_domain, linkedin_url)
           VALUES ('finders', 'finders.test', 'https://www.linkedin.com/company/finders')"""
    )
    await pool.execute(
        """INSERT INTO contacts (uuid, first_name, last_name, email, company_id)
           VALUES ('ada', 'Ada', 'Findable', 'Ada@Finders.test', 'finders')"""
    )
    await pool.execute(
        "INSERT INTO contacts_metadata (uuid, linkedin_url) VALUES ('ada', 'https://www.linkedin.com/in/ada-findable')"
    )


async def ended(lab: Reference, export_id: str) -> dict[str, Any]:
    """The export's row, once its task is over."""
    async with asyncio.timeout(DEADLINE):
        while True:
            row = await lab.row("SELECT * FROM user_exports WHERE export_id = $1", export_id)
            if row["status"] not in ("pending", "processing"):
                return row
            await asyncio.sleep(0)


async def ordered(lab: Reference, path: str, body: Any) -> tuple[dict[str, Any], list[list[str]], str]:
    """The row of an export that has ended, its CSV's rows, and its text, by the address that the order answered."""
    status, receipt = await lab.ask("POST", path, body)
    assert status == 201, receipt
    row = await ended(lab, receipt["export_id"])
    link = urlsplit(receipt["download_url"])
    async with lab.session.get(f"{link.path}?{link.query}") as answer:
        text = await answer.text()
    return row, list(csv.reader(io.StringIO(text, newline=""))), text


async def test_an_address_is_found_by_domain_and_parts_of_both_names(lab: Reference) -> None:
    _, lines, _ = await ordered(lab, EMAIL, {"contacts": [ADA, NOBODY]})
    assert lines == [
        ["first_name", "last_name", "domain", "email"],
        ["", "", "finders.test", "Ada@Finders.test"],
        ["", "", "finders.test", ""],
    ]


async def test_rows_of_a_csv_keep_their_columns_and_gain_the_address(lab: Reference) -> None:
    body = {"contacts": [ADA], "raw_headers": ["Name", "Town"], "rows": [{"Name": "Ada F.", "Town": "Rome, IT"}]}
    _, _, text = await ordered(lab, EMAIL, body)
    assert text == 'Name,Town,email\r\nAda F.,"Rome, IT",Ada@Finders.test\r\n'


async def test_a_hit_is_written_as_a_valid_contact_of_the_company(lab: Reference) -> None:
    row, _, _ = await ordered(lab, EMAIL, {"contacts": [ADA, NOBODY]})
    assert (row["contact_count"], row["company_count"], row["company_uuids"]) == (2, 1, ["finders"])
    kept = await lab.row("SELECT * FROM contacts WHERE uuid = $1", row["contact_uuids"][0])
    assert (kept["email"], kept["email_status"], kept["company_id"]) == ("ada@finders.test", "valid", "finders")


@pytest.mark.parametrize("path", [EMAIL, LINKEDIN])
async def test_an_order_takes_a_credit_for_each_that_is_asked_for(lab: Reference, path: str) -> None:
    bodies = {EMAIL: {"contacts": [NOBODY, NOBODY]}, LINKEDIN: {"urls": ["x", "y"]}}
    query = "SELECT credits, role FROM user_profiles WHERE user_id = $1"
    user = people.user_uuid(1)
    await lab.server.lab.pool.execute("UPDATE user_profiles SET role = 'FreeUser' WHERE user_id = $1", user)
    before = await lab.row(query, user)
    await ordered(lab, path, bodies[path])
    after = await lab.row(query, user)
    assert before["credits"] - after["credits"] == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"contacts": []}, "List should have at least 1 item after validation, not 0"),
        ({"contacts": [{**ADA, "domain": ""}]}, "Value error, Either domain or website must be provided"),
        ({"contacts": [{**ADA, "first_name": ""}]}, "Value error, Name fields must be non-empty strings"),
        ({"contacts": [ADA], "rows": []}, "Value error, rows length must match contacts length when provided"),
    ],
    ids=["nobody", "no domain", "no name", "rows for others"],
)
async def test_an_order_that_says_too_little_is_refused(lab: Reference, body: Any, message: str) -> None:
    status, answer = await lab.ask("POST", EMAIL, body)
    assert (status, answer["detail"][0]["msg"]) == (422, message)


async def test_linkedin_urls_give_contacts_companies_and_what_was_not_found(lab: Reference) -> None:
    urls = ["https://linkedin.com/in/ada-findable?x=1", "https://www.linkedin.com/company/finders/", "in/nobody-at-all"]
    row, (header, *lines), _ = await ordered(lab, LINKEDIN, {"urls": urls})
    assert header == ["record_type", "linkedin_url", *CONTACT_HEADER]
    assert [(line[0], line[1]) for line in lines] == [
        ("contact", "https://www.linkedin.com/in/ada-findable"),
        ("company", "https://www.linkedin.com/company/finders"),
        ("not_found", "in/nobody-at-all"),
    ]
    assert (row["export_type"], row["contact_count"], row["company_count"]) == ("contacts", 1, 1)


async def test_blank_linkedin_urls_are_refused(lab: Reference) -> None:
    answer = await lab.ask("POST", LINKEDIN, {"urls": [" ", ""]})
    assert answer == (400, {"detail": "At least one valid LinkedIn URL is required"})


async def test_chunks_are_merged_under_one_header(lab: Reference) -> None:
    body = {"chunks": [["ada"], [], [people.contact_uuid(1)]], "merge": True}
    _, receipt = await lab.ask("POST", "/api/v2/exports/contacts/export/chunked", body)
    assert (len(receipt["chunk_ids"]), receipt["total_count"], receipt["status"]) == (2, 2, "pending")
    row = await ended(lab, receipt["export_id"])
    link = urlsplit(str(row["download_url"]))
    async with lab.session.get(f"{link.path}?{link.query}") as answer:
        lines = list(csv.reader(io.StringIO(await answer.text(), newline="")))
    assert [line[0] for line in lines] == ["contact_uuid", "ada", people.contact_uuid(1)]


async def test_without_merge_the_main_record_waits_for_ever(lab: Reference) -> None:
    body = {"chunks": [["ada"]], "merge": False}
    _, receipt = await lab.ask("POST", "/api/v2/exports/contacts/export/chunked", body)
    await ended(lab, receipt["chunk_ids"][0])
    _, main = await lab.ask("GET", f"/api/v2/exports/{receipt['export_id']}/status")
    assert (main["status"], main["progress_percentage"]) == ("pending", 0.0)
