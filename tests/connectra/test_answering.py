"""A CSV that is sent while it is made: its head, its end, and readers that do not keep up."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest

from connectra import answering
from tests.support import connectra_fake as fakes
from tests.support.exports import (
    EXPORT,
    World,
    after,
    contacts,
    cut_off,
    exports,
    target,
    unread,
)


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with exports(dsn) as made:
        yield made


async def test_the_head_is_legacys_and_names_what_connectra_does_not_have(world: World) -> None:
    world.fake.contacts = contacts(1)
    await world.export()
    async with world.get(target(), Origin="https://app.example", **{"X-Request-Id": "r1"}) as answer:
        head = answer.headers
    wanted = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{EXPORT}.csv"',
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "X-Request-Id": "r1",
        "Transfer-Encoding": "chunked",
        "X-Crossfade-Missing": "[].contact_text_search,[].company_text_search",
    }
    assert {name: head.get(name) for name in wanted} == wanted
    assert not {"ETag", "Last-Modified", "Accept-Ranges", "Content-Length"} & set(head)


async def test_it_is_compressed_while_it_is_made(world: World) -> None:
    world.fake.contacts = contacts(900)
    await world.export([f"p{at}" for at in range(1, 901)])
    plain = await world.csv()
    async with world.get(target(), **{"Accept-Encoding": "gzip"}) as answer:
        assert (answer.headers["Content-Encoding"], gzip.decompress(await answer.read())) == ("gzip", plain)


async def test_a_client_without_chunks_is_declined(world: World) -> None:
    await world.export()
    url = f"http://127.0.0.1:{world.door.port}{target()}"
    opened = aiohttp.ClientSession(headers=world.session.headers, version=aiohttp.HttpVersion10)
    async with opened as old, old.get(url) as answer:
        assert answer.headers["X-Crossfade-Declined"] == "HTTP/1.0 has no chunks"


@pytest.mark.parametrize("behave", [fakes.PANIC, fakes.HTML, fakes.UNAUTHORIZED, fakes.drops])
async def test_connectra_failing_at_first_is_an_error_and_no_file(world: World, behave: fakes.Behave) -> None:
    world.fake.behave["*"] = behave
    await world.export()
    async with world.get() as answer:
        assert answer.status in (502, 503)
        assert answer.headers["X-Crossfade-Error"] in ("unavailable", "failed", "misread", "refused")


async def test_connectra_failing_in_the_middle_is_never_a_short_file(world: World) -> None:
    world.fake.contacts = contacts(900)
    world.fake.behave["/contacts/"] = after(world.fake, 5, fakes.PANIC)
    await world.export([f"p{at}" for at in range(1, 901)])
    await cut_off(world)


async def test_a_record_of_another_kind_in_the_middle_is_never_a_short_file(world: World) -> None:
    people = contacts(900)
    people[899]["title"] = 7
    world.fake.contacts = people
    await world.export([f"p{at}" for at in range(1, 901)])
    await cut_off(world)


async def test_a_reader_who_stops_reading_is_cut_off_and_connectra_asked_no_further(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(answering, "WRITE_DEADLINE", 0.2)
    world.fake.contacts = [{**person, "title": "x" * 20_000} for person in contacts(3200)]
    await world.export([f"p{at}" for at in range(1, 3201)])
    async with unread(world), asyncio.timeout(10):
        while "is cut off: not read within 0.2 s" not in caplog.text:
            await asyncio.sleep(0)
    assert len(world.fake.calls) < 32


async def test_a_reader_who_leaves_ends_the_asking(world: World) -> None:
    world.fake.contacts = contacts(900)
    world.fake.behave["/contacts/"] = after(world.fake, 5, world.fake.hang)
    await world.export([f"p{at}" for at in range(1, 901)])
    async with unread(world), asyncio.timeout(10):
        await world.fake.hanging.wait()
    async with asyncio.timeout(10):
        await world.fake.left.wait()
