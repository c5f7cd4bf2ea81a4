"""The whole program with an endpoint that streams: large answers are compared through files, and nothing is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from tests.support.backends import FailingBackend
from tests.support.host import FILE, Host, host
from tests.support.streams import MIB, flood


def file(legacy: FailingBackend, candidate: FailingBackend) -> str:
    text = FILE.format(legacy=legacy.url, candidate=candidate.url, percent="100", blind_after="60s")
    return text + "        stream: true\n"


async def size_of(serve: Host, path: str) -> int:
    """Bytes of an answer that is not held."""
    async with aiohttp.ClientSession() as session, session.get(serve.url + path) as answer:
        return sum([len(piece) async for piece in answer.content.iter_any()])


async def test_a_difference_in_a_large_answer_is_found_and_its_files_are_deleted(tmp_path: Path, dsn: str) -> None:
    async with FailingBackend() as legacy, FailingBackend() as candidate:
        spool = tmp_path / "state" / "spool"
        spool.mkdir(parents=True)
        (spool / "worker0-left.body").write_bytes(b"by a run before this one")
        legacy.behave, candidate.behave = flood(20 * MIB, last=b"a"), flood(20 * MIB, last=b"b")
        async with host(tmp_path, dsn, "", "", text=file(legacy, candidate)) as serve:
            await serve.until(lambda status: bool(status["workers"]), "no worker")
            await serve.percent(100)
            assert await size_of(serve, "/item/1") == 20 * MIB
            status = await serve.until(lambda status: status["endpoints"][0]["mismatches"] == 1, "no mismatch")
            async with asyncio.timeout(20):
                while list(spool.iterdir()):
                    await asyncio.sleep(0.02)
    assert status["endpoints"][0]["percent"] == 100
