"""Asks one side for a whole answer, within a deadline and a size, and says what was observed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import inf

from proxy.exchange import Failure, Fields, Observed
from proxy.worker.headers import first
from proxy.worker.upstream import Head, Pool, UpstreamError

DECLINED = b"x-crossfade-declined"
MISSING = b"x-crossfade-missing"


@dataclass(frozen=True, slots=True)
class Reply:
    """What was observed, and what whoever passes it on needs besides: all fields and the reason phrase."""

    observed: Observed
    fields: Fields = ()
    reason: str = ""


async def ask(pool: Pool, head: Head, body: bytes, *, deadline: float, limit: int, candidate: bool) -> Reply:
    """One request, one whole answer of at most `limit` bytes within `deadline` seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(deadline):
            answer = await pool.send(head, body)
            began = answer.began
            try:
                whole = await answer.whole(limit)
            finally:
                answer.close()
    except TimeoutError:
        return Reply(Observed(None, seconds=inf, failure=Failure.DEADLINE))
    except UpstreamError as error:
        seconds = inf if error.failure is Failure.DEADLINE else loop.time() - began
        return Reply(Observed(None, seconds=seconds, failure=error.failure))
    seconds = loop.time() - began
    observed = seen(answer.status, answer.fields, whole, seconds, candidate=candidate)
    return Reply(observed, answer.fields, answer.reason)


def seen(status: int, fields: Fields, body: bytes | None, seconds: float, *, candidate: bool) -> Observed:
    """What an answer says: declined, lacking fields, failed (5xx), or simply there."""
    declined = _words(fields, DECLINED) if candidate else None
    missing = _words(fields, MISSING) if candidate else None
    return Observed(
        status=status,
        headers=kept(fields),
        body=body,
        size=0 if body is None else len(body),
        seconds=seconds,
        failure=Failure.STATUS if status >= 500 and declined is None else None,
        declined=declined,
        missing=tuple(part.strip() for part in missing.split(",") if part.strip()) if missing else (),
    )


def kept(fields: Fields) -> Fields:
    """The fields of an answer that may lie in memory and cross to the analyst: no cookies."""
    return tuple((key, value) for key, value in fields if key.lower() not in (b"set-cookie", b"set-cookie2"))


def _words(fields: Fields, name: bytes) -> str | None:
    value = first(fields, name)
    return None if value is None else value.decode("latin-1")[:500]


def usable(observed: Observed, gaps: tuple[str, ...]) -> str | None:
    """None if a candidate's answer may be served, else why not: the reason of the fallback."""
    if observed.failure is not None:
        return observed.failure.value
    uncovered = [path for path in observed.missing if not any(_covers(gap, path) for gap in gaps)]
    return Failure.MISSING.value if uncovered else None


def _covers(gap: str, path: str) -> bool:
    return path == gap or path.startswith((gap + ".", gap + "["))
