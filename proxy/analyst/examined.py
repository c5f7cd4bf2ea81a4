"""What an exchange is to the evidence: its key, its query's shape, its two sides, and whether they can be compared."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

from proxy.exchange import Exchange, Failure, Observed, Spool
from proxy.spooling import drop
from rollout.model import Endpoint
from rollout.observations import Sides

RECHECK = 10.0, 8
"""Seconds for a side to answer when it is asked again, and how often more where one was away. All of it ends before the
window's own patience with a suspicion does."""
STREAM_RECHECK = 60.0, 1
"""The same where answers of any size stream: the whole of a large one takes long, and costs much."""


def turned_down(side: Observed) -> bool:
    return any(name.lower() == b"x-crossfade-declined" for name, _ in side.headers)


def status_of(side: Observed | None) -> int:
    return 0 if side is None or side.status is None else side.status


def seconds_of(side: Observed | None) -> float | None:
    return None if side is None or side.failure is not None else round(side.seconds, 6)


def key_hash(exchange: Exchange) -> int:
    """The first eight bytes of the request key."""
    return int.from_bytes(exchange.key[:8], "big")


def patience_of(endpoint: Endpoint) -> tuple[float, int]:
    """RECHECK or STREAM_RECHECK."""
    return STREAM_RECHECK if endpoint.stream else RECHECK


def day_of(exchange: Exchange) -> date:
    """The day of the request (UTC): which known gaps still held."""
    return datetime.fromtimestamp(exchange.at, UTC).date()


def shape_of(exchange: Exchange) -> str:
    """The set of the query's parameter names, sorted."""
    _, _, query = exchange.request.target.partition("?")
    return ",".join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))


def comparable(exchange: Exchange) -> bool:
    """Whether both sides answered; what one side could not do is told by `Sides`."""
    legacy, candidate = exchange.legacy, exchange.candidate
    if legacy is None or candidate is None or candidate.declined is not None:
        return False
    if legacy.failure is not None or candidate.failure is not None:
        return False
    return legacy.body is not None and candidate.body is not None


def sides_of(exchange: Exchange) -> Sides:
    """What the window hears of an exchange when it arrives."""
    legacy, candidate = exchange.legacy, exchange.candidate
    return Sides(
        at=exchange.at,
        primary=exchange.primary,
        served=exchange.served,
        legacy_seconds=_heard(legacy),
        candidate_seconds=_heard(candidate),
        legacy_failed=legacy is not None and legacy.failure is not None,
        candidate_failed=None if candidate is None else candidate.trouble,
        fallback=exchange.fallback,
        declined=None if candidate is None else candidate.declined,
        skipped=exchange.skipped,
        legacy_size=0 if legacy is None else legacy.size,
        candidate_size=0 if candidate is None else candidate.size,
        paused=max(0.0 if side is None else side.paused for side in (legacy, candidate)),
        shape=shape_of(exchange),
        cached=candidate is not None and candidate.cache == "hit",
    )


def _heard(side: Observed | None) -> float | None:
    if side is None or side.declined is not None:
        return None
    return side.seconds if side.failure in (None, Failure.DEADLINE) else None


def files_of(exchange: Exchange) -> set[str]:
    """The paths of bodies that are files."""
    sides = (exchange.legacy, exchange.candidate)
    return {side.body.path for side in sides if side is not None and isinstance(side.body, Spool)}


def drop_again(again: Exchange, before: Exchange) -> None:
    """Deletes the files of a recheck's answers; with effects legacy's is the first one's, and stays."""
    for now, then in ((again.legacy, before.legacy), (again.candidate, before.candidate)):
        if now is not then:
            drop(now)
