"""How long an upstream may be silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from proxy.worker.upstream import Head, Pool
from tests.support.backends import FailingBackend


async def slowly() -> AsyncIterator[bytes]:
    for _ in range(4):
        await asyncio.sleep(0.4)
        yield b"x"


async def test_a_peer_is_not_silent_while_a_slow_body_still_comes() -> None:
    async with FailingBackend() as backend:
        pool = Pool(backend.url, 1.0)
        answer = await pool.send(Head("POST", "/", [(b"Host", b"h"), (b"Content-Length", b"4")]), slowly())
        answer.close()
        pool.close()
    assert (answer.status, backend.seen[0].body) == (200, b"xxxx")
