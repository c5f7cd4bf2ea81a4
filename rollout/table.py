"""The routing table: immutable, loaded once a request, swapped whole; and its bytes on the wire and on disk.

A table is a lease (see `lease`): workers that have not heard of a renewal for that long serve legacy only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from rollout.facts import Unreadable, from_json, to_json
from rollout.model import Budget, Upstream

TABLE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint as a worker needs it. Percents in hundredths; the percent is the *effective* one:
    zero when a flag is off, the endpoint is latched, or nothing may be served."""

    endpoint: str
    phase: str
    method: str
    template: str
    candidate: str
    """A name in `Table.candidates`."""
    percent: int
    shadow: int
    window: int
    salt: str
    """Hex of the phase's bucketing salt, derived from CROSSFADE_SECRET."""
    sticky: tuple[str, ...]
    budget: Budget
    serve_deadline: float
    hedge_after: float | None = None
    read_your_writes: float = 10.0
    effects: bool = False
    effects_deadline: float = 2.0
    reads: bool = False
    stream: bool = False
    gaps: tuple[str, ...] = ()
    """Paths of unexpired known gaps: fields that the candidate may leave out and still be served."""
    cache: float = 0.0
    """Greatest age, seconds, of a single record out of the bundled gateway's cache; 0 is off."""
    writes: tuple[str, ...] = ()
    """`METHOD /template` patterns of writes that the worker reports for this endpoint (see `written_by`)."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is in force. `epoch` only grows; a worker refuses a lower one. `issued_at` is Unix time in seconds."""

    epoch: int
    issued_at: float
    lease: float
    legacy: Upstream
    candidates: dict[str, Upstream]
    routes: tuple[Route, ...]
    digest: str
    trusted_proxies: tuple[str, ...] = ()
    health: dict[str, bool] | None = None
    """Flags and whether they are on, for `/api/v1/health/vql`; None: legacy answers it."""
    version: int = TABLE_VERSION


def to_bytes(table: Table) -> bytes:
    """The table as JSON: the payload of a TABLE frame, and the last-known-good file."""
    return json.dumps(to_json(table), separators=(",", ":"), ensure_ascii=False).encode()


def from_bytes(data: bytes) -> Table:
    """The inverse of `to_bytes`; raises facts.Unreadable. Fields of a newer release are skipped."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Unreadable(f"routing table: not JSON: {error}") from error
    return from_json(Table, value)


def blind(table: Table, now: float) -> bool:
    """Whether the lease has run out at `now` (Unix seconds): nobody watches, so no candidate may serve."""
    return now > table.issued_at + table.lease


def closed(table: Table) -> Table:
    """The same table with every percent at 0: what an old one loads as. Mirroring goes on."""
    return replace(table, routes=tuple(replace(route, percent=0) for route in table.routes))
