"""An answer on its way to the client piece by piece, in constant memory, with a copy for comparing beside it.

The candidate's may go this way where its endpoint says `stream: true`: its first byte goes out when status and fields
are there, may be served, and the body has begun. From then on there is no fallback: what breaks off is broken off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from proxy.exchange import Failure
from proxy.spooling import INLINE, Keep
from proxy.telemetry import Event
from proxy.worker.asking import Read, Reply, seen, usable
from proxy.worker.client import Client
from proxy.worker.headers import of_answer
from proxy.worker.upstream import Answer

ABORTED = "aborted"
"""The reason under which an answer that broke off in the client's hands is counted among the fallbacks."""


def onto(client: Client, gaps: tuple[str, ...], keep: Keep | None) -> Read:
    """Reads a candidate's answer onto the client, if it may be served; `client.started` says whether it has begun.

    The deadline of the request ends with the first byte; then only silence is limited, by the pool's time-out.
    """

    async def read(answer: Answer, limit: asyncio.Timeout) -> Reply:
        loop = asyncio.get_running_loop()
        async with aclosing(answer.pieces()) as pieces:
            first = await anext(pieces, b"")
            observed = seen(answer.status, answer.fields, None, loop.time() - answer.began, candidate=True)
            if observed.declined is not None or usable(observed, gaps) is not None:
                await _emptied(pieces)
                return Reply(observed, answer.fields, answer.reason)
            limit.reschedule(None)
            paused_before = client.paused
            client.start(answer.status, answer.reason, of_answer(answer.fields))
            size = await copied(client, pieces, keep, first)
        paused = client.paused - paused_before
        seconds = max(loop.time() - answer.began - paused, 0.0)
        body = None if keep is None else keep.body()
        observed = replace(observed, body=body, size=size, seconds=seconds, paused=paused)
        return Reply(observed, answer.fields, answer.reason, None if keep is None else keep.lost)

    return read


async def copied(client: Client, pieces: AsyncGenerator[bytes, None], keep: Keep | None, first: bytes = b"") -> int:
    """Writes what comes to the client, as fast as it reads, and into `keep`; says how many bytes that was.

    Raises UpstreamError and ClientGone.
    """
    size, piece = 0, first or await anext(pieces, b"")
    while piece:
        size += len(piece)
        if keep is not None:
            keep.add(piece)
        await client.write(piece)
        piece = await anext(pieces, b"")
    return size


def aborted(endpoint: str, failure: Failure, count: int) -> Event:
    """The candidate failed while its answer streamed, `count` times since the last such line."""
    text = f"the candidate's answer broke off while it streamed to the client: {failure}"
    return Event("aborted", text, logging.WARNING, {"endpoint": endpoint, "reason": failure.value, "count": count})


async def _emptied(pieces: AsyncGenerator[bytes, None]) -> None:
    """Reads the rest of a short body, so that its connection can be used again."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > INLINE:
            return
