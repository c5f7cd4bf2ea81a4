"""Exports as legacy's table has them, in a real PostgreSQL."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from connectra import export_records
from tests.support import connectra_fake as fakes
from tests.support.exports import (
    World,
    after,
    contacts,
    cut_off,
    declined,
    exports,
    target,
)
from tests.support.gateway import gateway


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with exports(dsn) as made:
        yield made


async def test_a_long_export_keeps_its_order_over_batches_and_pages_of_ids(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_records, "PAGE", 500)
    world.fake.contacts = contacts(1100)
    ids = [f"p{at}" for at in range(1100, 0, -1)]
    await world.export(ids)
    read = list(csv.reader(io.StringIO((await world.csv()).decode(), newline="")))
    assert [row[0] for row in read[1:]] == ids


async def test_an_export_that_never_expires_is_answered(world: World) -> None:
    await world.export(expires_at=None)
    assert await declined(world) is None


@pytest.mark.parametrize(
    ("dsn_given", "reason"),
    [
        (None, "LEGACY_DATABASE_URL is not set"),
        ("postgresql://nobody@127.0.0.1:9/none", "legacy's database can not be asked"),
    ],
)
async def test_without_legacys_database_nothing_is_given_out(dsn_given: str | None, reason: str) -> None:
    async with fakes.connectra() as fake, gateway(fake, dsn=dsn_given) as door:
        assert (await door.ask(target())).declined == reason


async def test_an_export_that_goes_away_ends_the_download(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_records, "PAGE", 1)
    world.fake.contacts = contacts(2)
    await world.export(["p1", "p2"])

    async def gone(request: web.Request) -> None:
        await world.database.execute("DELETE FROM user_exports")

    world.fake.behave["/contacts/"] = after(world.fake, 1, gone)
    await cut_off(world)
