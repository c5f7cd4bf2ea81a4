"""SQL of kinds of mismatch and their samples. Text that PostgreSQL can not hold (NUL, lone surrogates) is replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from proxy.store.postgres_schema import Connection
from proxy.store.rows import Kind, Known, Pruned, Sample

SAMPLES = 20
"""Samples kept of one kind of mismatch: the newest. Counts go on without them."""


async def record(connection: Connection, kinds: Sequence[Kind], samples: Sequence[Sample]) -> None:
    """Adds counts and samples."""
    ordered = sorted(kinds, key=lambda kind: (kind.endpoint, kind.fingerprint))  # one order for all: no deadlock
    await connection.executemany(
        """INSERT INTO crossfade.fingerprints AS f
               (endpoint, fingerprint, outcome, paths, suggestion, seen, first_seen, last_seen)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (endpoint, fingerprint) DO UPDATE SET
               seen = f.seen + excluded.seen,
               suggestion = coalesce(excluded.suggestion, f.suggestion),
               first_seen = least(f.first_seen, excluded.first_seen),
               last_seen = greatest(f.last_seen, excluded.last_seen)""",
        [(kind.endpoint, kind.fingerprint, kind.outcome, storable(list(kind.paths)),
          None if kind.suggestion is None else storable(kind.suggestion), kind.seen,
          _moment(kind.first_seen), _moment(kind.last_seen)) for kind in ordered],
    )  # fmt: skip
    rows = []
    for sample_ in samples:
        body = storable(sample_.body)
        size = len(json.dumps(body))
        rows.append((sample_.id, sample_.endpoint, sample_.fingerprint, _moment(sample_.at), size, body))
    await connection.executemany(
        "INSERT INTO crossfade.samples (id, endpoint, fingerprint, at, size, sample)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
        rows,
    )
    touched = sorted({(one.endpoint, one.fingerprint) for one in samples})
    await connection.executemany(
        """DELETE FROM crossfade.samples WHERE id IN (
               SELECT id FROM crossfade.samples WHERE endpoint = $1 AND fingerprint = $2
               ORDER BY at DESC, id OFFSET $3)""",
        [(endpoint, fingerprint, SAMPLES) for endpoint, fingerprint in touched],
    )


async def known(connection: Connection, endpoint: str | None, limit: int) -> list[Known]:
    """Kinds with the id of the newest sample of each."""
    rows = await connection.fetch(
        """SELECT f.*, s.id AS example FROM crossfade.fingerprints f
           LEFT JOIN LATERAL (
               SELECT id FROM crossfade.samples s
               WHERE s.endpoint = f.endpoint AND s.fingerprint = f.fingerprint ORDER BY at DESC LIMIT 1
           ) s ON true
           WHERE $1::text IS NULL OR f.endpoint = $1
           ORDER BY f.seen DESC, f.fingerprint LIMIT $2""",
        endpoint, limit,
    )  # fmt: skip
    return [Known(_kind(row), row["example"]) for row in rows]


def _kind(row: Any) -> Kind:
    return Kind(
        row["endpoint"], row["fingerprint"], row["outcome"], tuple(row["paths"]), row["seen"],
        row["first_seen"].timestamp(), row["last_seen"].timestamp(), row["suggestion"],
    )  # fmt: skip


async def sample(connection: Connection, sample_id: str) -> Sample | None:
    """One sample by its exchange's id."""
    row = await connection.fetchrow("SELECT * FROM crossfade.samples WHERE id = $1", sample_id)
    if row is None:
        return None
    return Sample(row["id"], row["endpoint"], row["fingerprint"], row["at"].timestamp(), row["sample"])


async def prune(connection: Connection, oldest: datetime, size: int) -> Pruned:
    """Removes what is older than `oldest`, then the oldest samples until the rest fits into `size` bytes."""
    aged = await connection.execute("DELETE FROM crossfade.samples WHERE at < $1", oldest)
    over = await connection.execute(
        """DELETE FROM crossfade.samples WHERE id IN (
               SELECT id FROM (
                   SELECT id, sum(size) OVER (ORDER BY at DESC, id) AS running FROM crossfade.samples
               ) AS sized WHERE running > $1)""",
        size,
    )
    kinds = await connection.execute("DELETE FROM crossfade.fingerprints WHERE last_seen < $1", oldest)
    return Pruned(_deleted(aged) + _deleted(over), _deleted(kinds))


def _deleted(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


def storable(value: Any) -> Any:
    """The value with text that PostgreSQL takes: NUL and lone surrogates become U+FFFD, infinities text."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return str(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
