"""GET /api/v2/exports/{export_id}/download: what is given out, and what is left to legacy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from connectra.export_rows import (
    COMPANY_COLUMNS,
    CONTACT_COLUMNS,
    company_lines,
    company_row,
    contact_lines,
    contact_row,
)
from connectra.handlers import downloads
from tests.support.exports import (
    FIRM,
    MINUTE,
    OTHER,
    Row,
    World,
    after,
    contacts,
    declined,
    exports,
    target,
    token,
)


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with exports(dsn) as made:
        yield made


async def test_contacts_come_with_their_companies_in_the_order_asked_for(world: World) -> None:
    people = contacts(3)
    world.fake.contacts, world.fake.companies = people, [FIRM]
    await world.export(["p3", "p1", "p3", "nobody", "p2"])
    rows = [contact_row({**people[at], "company": FIRM}) for at in (2, 0, 2, 1)]
    assert await world.csv() == contact_lines([CONTACT_COLUMNS, *rows])


async def test_companies_come_as_the_csv_module_writes_them(world: World) -> None:
    firms: list[Row] = [{"uuid": "c2", "name": 'A "quoted" one'}, FIRM]
    world.fake.companies = firms
    await world.export(["c1", "c2", "c1"], "companies")
    rows = [company_row(firms[at]) for at in (1, 0, 1)]
    assert await world.csv() == company_lines([COMPANY_COLUMNS, *rows])


async def test_an_export_of_unknown_ids_is_a_header_alone(world: World) -> None:
    await world.export(["nobody"])
    assert await world.csv() == contact_lines([CONTACT_COLUMNS])


async def test_connectra_is_asked_for_a_hundred_at_a_time_and_told_the_endpoint(world: World) -> None:
    world.fake.contacts = contacts(250)
    await world.export([f"p{at}" for at in range(1, 251)])
    await world.csv()
    assert sorted(len(call.must()["uuid"]) for call in world.fake.calls) == [50, 100, 100]
    assert {call.headers["X-Crossfade-Endpoint"] for call in world.fake.calls} == {"export-download"}


async def test_a_company_export_lacks_one_column(world: World) -> None:
    await world.export(["c1"], "companies")
    async with world.get() as answer:
        assert answer.headers["X-Crossfade-Missing"] == "[].company_text_search"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (target(""), "no download token"),
        (target().partition("?")[0], "no download token"),
        (target("x.y.z"), "download token: DecodeError"),
        (target(token() + "x"), "download token: InvalidSignatureError"),
        (target(token(exp=datetime.now(UTC) - MINUTE)), "download token: ExpiredSignatureError"),
        (target(token(secret="another-secret-that-is-long-enough-for-hs256")), "download token: InvalidSignatureError"),
        (target(token(type="access")), "download token: of another type"),
        (target(token(export_id="other")), "download token: of another export or user"),
        (target(token(user_id=OTHER)), "download token: of another export or user"),
        (target(token()) + "&token=x", "download token: DecodeError"),
        (target(token(export_id="other"), "other"), "no such export of this user"),
        *((f"{target()}&{name}=1", f"parameter {name}") for name in downloads.FILTERS),
        (target().replace("/download", "/download/"), "no handler for this operation"),
    ],
)
async def test_what_legacy_refuses_is_declined_to_it(world: World, path: str, reason: str) -> None:
    await world.export()
    assert await declined(world, path) == reason


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"user_id": OTHER}, "no such export of this user"),
        ({"expires_at": datetime.now(UTC) - MINUTE}, "the export has expired"),
        *(({"status": status}, "the export is not ready") for status in ("pending", "processing", "failed")),
        ({"status": "cancelled"}, "the export is not ready"),
        ({"file_path": None}, "the export is not ready"),
        ({"export_type": "emails"}, "e-mail export: its addresses are found by legacy's own search"),
        ({"email_contacts_json": "[]"}, "e-mail export: its addresses are found by legacy's own search"),
        ({"linkedin_urls": ["x"]}, "LinkedIn export: its 50 columns are found by legacy's own search"),
        ({"linkedin_urls_json": "[]"}, "LinkedIn export: its 50 columns are found by legacy's own search"),
        ({"file_name": "other.csv"}, "the file has a name of its own"),
        ({"contact_uuids": None}, "the export has no ids, or more than 200,000"),
    ],
)
async def test_an_export_that_is_not_made_here_is_declined(world: World, columns: Row, reason: str) -> None:
    await world.export(**columns)
    assert (await declined(world), world.fake.calls) == (reason, [])


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"created_at": -2, "expires_at": 24 - 0.1}, None),
        ({"created_at": -2, "expires_at": 24 - 0.3}, "the export is older than 900 s"),
        ({"created_at": -2, "expires_at": 48}, "the export is older than 900 s"),
        ({"created_at": -2, "expires_at": 1}, "the export is older than 900 s"),
        ({"created_at": -0.1, "expires_at": None}, None),
        ({"created_at": -2, "expires_at": None}, "the export is older than 900 s"),
    ],
    ids=["completed now", "completed before", "lives longer", "lives shorter", "ordered now", "ordered before"],
)
async def test_an_old_export_is_left_to_legacy_whose_file_is_as_old(
    world: World, columns: dict[str, float | None], reason: str | None
) -> None:
    world.fake.contacts = contacts(1)
    now = datetime.now(UTC)
    times: Row = {name: None if hours is None else now + timedelta(hours=hours) for name, hours in columns.items()}
    await world.export(**times)
    assert await declined(world) == reason


async def test_too_many_ids_are_declined(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_IDS", 2)
    await world.export(["p1", "p2", "p3"])
    assert await declined(world) == "the export has no ids, or more than 2"


@pytest.mark.parametrize("name", ["Range", "If-None-Match", "If-Modified-Since"])
async def test_what_speaks_of_legacys_file_is_declined(world: World, name: str) -> None:
    await world.export()
    assert await declined(world, **{name: "x"}) == f"{name}: only legacy has the file"


async def test_the_caller_must_be_known(world: World) -> None:
    await world.export()
    assert await declined(world, Authorization="Bearer x") == "token: DecodeError"


async def test_at_most_four_batches_are_asked_for_at_once(world: World) -> None:
    world.fake.contacts = contacts(1200)
    now, most = 0, 0

    async def counted(request: web.Request) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    world.fake.behave["/contacts/"] = after(world.fake, 0, counted)
    await world.export([f"p{at}" for at in range(1, 1201)])
    await world.csv()
    assert most <= downloads.AHEAD
