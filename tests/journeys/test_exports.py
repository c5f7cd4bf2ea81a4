"""Exports through the whole program: ordered on legacy, downloaded from either side, compared cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from proxy.store.embedded import Server
from tests.support.exports_whole import COMPANIES, CONTACTS, OTHER, USER, Whole, whole

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    async with whole(postgres, tmp_path_factory.mktemp("exports")) as made:
        yield made


def table(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


async def test_an_order_stays_with_legacy_and_its_download_is_compared(world: Whole) -> None:
    await world.at(0)
    line, made = await world.line(), await world.made()
    path = await world.completed(await world.ordered())
    assert await world.made() == (made[0] + 1, made[1] - CONTACTS)
    got = await world.get(path)
    assert got.body == (await world.from_legacy(path)).body
    assert len(table(got.body)) == CONTACTS
    now = await world.until(lambda now: now["compared"] > line["compared"], "not compared")
    assert (now["accepted"] - line["accepted"], now["mismatches"]) == (1, line["mismatches"])
    assert await world.made() == (made[0] + 1, made[1] - CONTACTS)


async def test_a_company_export_is_compared_under_the_same_rules(world: Whole) -> None:
    await world.at(0)
    before = await world.line()
    path = await world.completed(await world.ordered("companies", COMPANIES))
    got = await world.get(path)
    line = await world.until(lambda line: line["compared"] > before["compared"], "not compared")
    assert len(table(got.body)) == COMPANIES
    assert (line["accepted"] - before["accepted"], line["mismatches"]) == (1, before["mismatches"])


async def test_a_wrong_cell_is_a_mismatch_with_its_row_and_column_and_without_its_value(world: Whole) -> None:
    await world.at(0)
    world.wrong("title", 0.01)
    path = await world.completed(await world.ordered())
    got = await world.get(path)
    changes = await world.mismatch()
    assert {one["path"] for one in changes} == {"[].contact_title"}
    hashed = {"type", "hashes", "length"}
    assert all({*one["legacy"], *one["candidate"]} <= hashed for one in changes)
    assert (len(table(got.body)), "(wrong)" in str(changes)) == (CONTACTS, False)


async def test_at_100_percent_the_candidates_file_is_served_in_chunks(world: Whole) -> None:
    await world.at(100)
    before = await world.line()
    world.wrong("title", 0.01)
    path = await world.completed(await world.ordered())
    got, legacys = await world.get(path), await world.from_legacy(path)
    assert (got.headers["Transfer-Encoding"], "Content-Length" in got.headers) == ("chunked", False)
    assert got.headers["Content-Disposition"] == legacys.headers["Content-Disposition"]
    wrong = sum(row["contact_title"].endswith("(wrong)") for row in table(got.body))
    assert (wrong > 0, len(table(got.body))) == (True, CONTACTS)
    assert not [name for name in got.headers if name.lower().startswith("x-crossfade")]
    await world.until(lambda line: line["mismatches"] > before["mismatches"], "not compared")


async def test_a_packed_download_is_whole_and_compared_as_well(world: Whole) -> None:
    await world.at(100)
    before = await world.line()
    path = await world.completed(await world.ordered())
    async with world.session.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(table(await answer.read())) == CONTACTS
    line = await world.until(lambda line: line["compared"] > before["compared"], "not compared")
    assert (line["accepted"] - before["accepted"], line["mismatches"]) == (1, before["mismatches"])


def refusals(path: str, tokens: dict[str, str]) -> dict[str, tuple[str, str, int, str]]:
    """By name: path, user, legacy's status, and the reason that is counted."""
    bare = path.partition("?")[0]
    away = "download token: of another export or user"
    return {
        "a foreign user": (path, OTHER, 403, away),
        "an expired token": (f"{bare}?token={tokens['expired']}", USER, 401, "download token: ExpiredSignatureError"),
        "no token": (bare, USER, 422, "no download token"),
        "pending": (tokens["pending"], USER, 400, "the export is not ready"),
        "cancelled": (tokens["cancelled"], USER, 400, "the export is not ready"),
    }


@pytest.mark.parametrize("name", list(refusals("", {"expired": "", "pending": "", "cancelled": ""})))
async def test_what_legacy_refuses_is_refused_in_its_own_words_and_counted(world: Whole, name: str) -> None:
    await world.at(100)
    path = await world.completed(await world.ordered(number=1))
    tokens = {
        "expired": world.token(path, expired=True),
        "pending": await world.left_at("pending"),
        "cancelled": await world.left_at("cancelled"),
    }
    asked, user, status, reason = refusals(path, tokens)[name]
    before = await world.figure("crossfade_declined_total", reason=reason)
    got, legacys = await world.get(asked, user), await world.from_legacy(asked, user)
    assert (got.status, got.body) == (status, legacys.body)
    await world.until_figure(before, "crossfade_declined_total", reason=reason)


async def test_an_email_export_is_declined(world: Whole) -> None:
    await world.at(100)
    person = {"first_name": "Ann", "last_name": "Roe", "domain": "acme.example"}
    async with world.session.post("/api/v2/email/export", json={"contacts": [person]}) as answer:
        export = (await answer.json())["export_id"]
    path = await world.completed(export)
    reason = "e-mail export: its addresses are found by legacy's own search"
    before = await world.figure("crossfade_declined_total", reason=reason)
    got, legacys = await world.get(path), await world.from_legacy(path)
    assert (got.status, got.body) == (200, legacys.body)
    await world.until_figure(before, "crossfade_declined_total", reason=reason)


async def test_a_connectra_that_dies_before_the_first_byte_costs_no_download(world: Whole) -> None:
    await world.at(100)
    path = await world.completed(await world.ordered())
    before = await world.figure("crossfade_fallbacks_total", reason="unavailable")
    world.switches.searches = 2
    got, legacys = await world.get(path), await world.from_legacy(path)
    assert (got.status, got.body) == (200, legacys.body)
    await world.until_figure(before, "crossfade_fallbacks_total", reason="unavailable")


async def test_a_connectra_that_dies_in_the_middle_cuts_the_download_off_visibly(world: Whole) -> None:
    await world.at(100)
    path = await world.completed(await world.ordered())
    before = await world.figure("crossfade_fallbacks_total", reason="aborted")
    world.switches.searches = 12
    begun: list[bytes] = []
    with pytest.raises(aiohttp.ClientPayloadError):
        async with world.session.get(path) as answer:
            begun += [piece async for piece in answer.content.iter_any()]
    await world.until_figure(before, "crossfade_fallbacks_total", reason="aborted")
    assert answer.status == 200


async def test_a_connectra_that_dies_under_a_mirrored_download_costs_the_client_nothing(world: Whole) -> None:
    await world.at(0)
    before = await world.line()
    path = await world.completed(await world.ordered())
    world.switches.searches = 12
    got, legacys = await world.get(path), await world.from_legacy(path)
    assert (got.status, got.body) == (200, legacys.body)
    line = await world.until(lambda line: line["errors"] > before["errors"], "not counted")
    assert line["mismatches"] == before["mismatches"]


async def test_a_write_that_connectra_had_not_seen_yet_is_lag_by_the_time_in_legacys_file(world: Whole) -> None:
    await world.at(0)
    before = await world.line()
    await world.lag(1.0)
    try:
        await world.retitled(5, "Keeper of Lag")
        path = await world.completed(await world.ordered(number=20))
        assert b"Keeper of Lag" in (await world.get(path)).body
        line = await world.until(lambda line: line["compared"] > before["compared"], "not compared")
    finally:
        await world.lag(0)
    assert (line["lagging"] - before["lagging"], line["mismatches"]) == (1, before["mismatches"])


async def test_a_write_after_the_order_is_a_difference_that_is_reported(world: Whole) -> None:
    await world.at(0)
    before = await world.line()
    path = await world.completed(await world.ordered(number=20))
    await world.retitled(6, "Keeper of Time")
    await world.searched(6, "Keeper of Time")
    assert b"Keeper of Time" not in (await world.get(path)).body
    await world.until(lambda line: line["mismatches"] > before["mismatches"], "not told")


async def test_an_old_export_is_legacys_picture_of_its_day(world: Whole) -> None:
    await world.at(100)
    path = await world.completed(await world.ordered(number=20))
    await world.retitled(7, "Keeper of Days")
    await world.searched(7, "Keeper of Days")
    young = await world.get(path)
    await world.aged(path, 2)
    old, legacys = await world.get(path), await world.from_legacy(path)
    assert (b"Keeper of Days" in young.body, old.body) == (True, legacys.body)
    await world.until_figure(0, "crossfade_declined_total", reason="the export is older than 900 s")


async def test_explain_says_that_the_time_of_a_file_is_no_gate(world: Whole) -> None:
    code, text = await world.told("explain", "export-download")
    gates = [line.split()[0] for line in text.splitlines() if " latency p" in line]
    assert (code, gates) == (1, ["removed", "removed"])
