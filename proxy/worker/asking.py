"""Asks one side for a whole answer, within a deadline and a size, and says what was observed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from math import inf

from proxy.exchange import Failure, Fields, Observed, Spool, told
from proxy.spooling import Keep
from proxy.worker.headers import first
from proxy.worker.upstream import Answer, Head, Pool, UpstreamError

DECLINED = b"x-crossfade-declined"
MISSING = b"x-crossfade-missing"
UNKEPT = frozenset({b"set-cookie", b"set-cookie2", b"x-crossfade-effect"})
LONGEST_STREAM = 600.0
"""Seconds that a shadow's answer may stream, once it has begun."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was observed, and what whoever passes it on needs besides: all fields and the reason phrase.

    `lost` says why the body could not be kept for comparing.
    """

    observed: Observed
    fields: Fields = ()
    reason: str = ""
    lost: str | None = None


Read = Callable[[Answer, asyncio.Timeout], Awaitable[Reply]]
"""What is done with an answer that has begun; it may end the deadline by rescheduling it. Raises UpstreamError."""


async def ask(pool: Pool, head: Head, body: bytes, *, deadline: float, read: Read) -> Reply:
    """One request, and of its answer what `read` makes of it within `deadline` seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(deadline) as limit:
            answer = await pool.send(head, body)
            began = answer.began
            try:
                return await read(answer, limit)
            finally:
                answer.close()
    except TimeoutError:
        return Reply(Observed(None, seconds=inf, failure=Failure.DEADLINE))
    except UpstreamError as error:
        seconds = inf if error.failure is Failure.DEADLINE else loop.time() - began
        return Reply(Observed(None, seconds=seconds, failure=error.failure))


def into(keep: Keep, *, candidate: bool, streams: bool = False) -> Read:
    """Reads the whole answer into `keep`; what can not be kept is not read to its end.

    Where it `streams` the deadline ends with the first byte: then only silence is limited, by the pool's time-out,
    and the whole by LONGEST_STREAM.
    """

    async def read(answer: Answer, limit: asyncio.Timeout) -> Reply:
        loop = asyncio.get_running_loop()
        async with aclosing(answer.pieces()) as pieces:
            async for piece in pieces:
                if streams and keep.size == 0:
                    limit.reschedule(loop.time() + LONGEST_STREAM)
                if not keep.add(piece):
                    failed = Observed(None, seconds=loop.time() - answer.began, failure=Failure.TOO_LARGE)
                    return Reply(failed, lost=keep.lost)
        seconds = loop.time() - answer.began
        observed = seen(answer.status, answer.fields, keep.body(), seconds, candidate=candidate)
        if keep.lost is not None:
            observed = replace(observed, size=keep.size)
        return Reply(observed, answer.fields, answer.reason, keep.lost)

    return read


def seen(status: int, fields: Fields, body: bytes | Spool | None, seconds: float, *, candidate: bool) -> Observed:
    """What an answer says: declined, lacking fields, failed (5xx, or by the gateway's word), or simply there."""
    declined = _words(fields, DECLINED) if candidate else None
    missing = _words(fields, MISSING) if candidate else None
    failed = status >= 500 or (candidate and told(fields) is not None)
    return Observed(
        status=status,
        headers=kept(fields),
        body=body,
        size=0 if body is None else body.size if isinstance(body, Spool) else len(body),
        seconds=seconds,
        failure=Failure.STATUS if failed and declined is None else None,
        declined=declined,
        missing=tuple(part.strip() for part in missing.split(",") if part.strip()) if missing else (),
    )


def kept(fields: Fields) -> Fields:
    """The fields of an answer that may lie in memory and cross to the analyst: no cookies, no effect."""
    return tuple((key, value) for key, value in fields if key.lower() not in UNKEPT)


def _words(fields: Fields, name: bytes) -> str | None:
    value = first(fields, name)
    return None if value is None else value.decode("latin-1")[:500]


def usable(observed: Observed, gaps: tuple[str, ...]) -> str | None:
    """None if a candidate's answer may be served, else why not: the reason of the fallback."""
    if observed.failure is not None:
        return observed.trouble
    uncovered = [path for path in observed.missing if not any(_covers(gap, path) for gap in gaps)]
    return Failure.MISSING.value if uncovered else None


def _covers(gap: str, path: str) -> bool:
    return path == gap or path.startswith((gap + ".", gap + "["))
