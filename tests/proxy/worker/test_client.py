"""Clients that ask for another protocol, that send too little, or that take nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectra import answering
from proxy.worker import client
from tests.support.bad_input import MIRRORED, OWN_WORDS, PATIENCE, Stage, read, stage
from tests.support.streams import MIB, flood

H2C = b"Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(MIRRORED, tmp_path) as made:
        yield made


@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_a_client_that_asks_for_http_2_is_answered_as_others_are(ready: Stage, method: bytes) -> None:
    head = method + b" /other HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + H2C + b"\r\n"
    assert read(await ready.send(head + b"hello")).told == read(OWN_WORDS).told
    assert (ready.legacy.seen[0].body, ready.legacy.seen[0].field("Upgrade")) == (b"hello", None)


async def test_a_body_for_another_protocol_is_not_lost(ready: Stage) -> None:
    head = b"POST /other HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close, Upgrade\r\nUpgrade: x\r\n\r\n"
    assert read(await ready.send(head + b"hello")).told == read(OWN_WORDS).told


async def test_a_body_of_which_nothing_comes_ends_in_a_408(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENT", 0.05)
    answer = await ready.send(b"POST /api/v2/linkedin/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
    assert (read(answer).status, ready.legacy.seen) == (408, [])


async def test_a_client_that_takes_nothing_is_left(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENT", 0.05)
    ready.legacy.behave = flood(64 * MIB)
    _, writer = await asyncio.open_connection("127.0.0.1", ready.port, limit=1)
    writer.write(b"GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        await ready.legacy.arrived.wait()
        await ready.settled()
    writer.close()


def test_a_client_is_left_long_before_the_gateway_leaves_its_worker() -> None:
    """Else a slow client looks like a gateway that breaks off, and the breaker opens for everybody."""
    assert answering.WRITE_DEADLINE >= 3 * client.SILENT
