"""The store in PostgreSQL: states, audit, windows and settings. Plain SQL; works with PostgreSQL 15 to 18."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from proxy.store import AuditRow, Change, Fenced, Kind, Known, Pruned, Sample, SavedWindow, StoreLost, WriteBack
from proxy.store import postgres_findings as findings
from proxy.store.postgres_leader import Leadership
from proxy.store.postgres_schema import Connection, migrate, migrations
from rollout.facts import from_json, to_json
from rollout.states import EndpointState, Transition

DEADLINE = 10.0
"""Seconds for one statement, and for one connection attempt: past it the store counts as lost."""
CONNECTIONS = 4

_LOST = (OSError, TimeoutError, asyncpg.InterfaceError,
         asyncpg.InternalClientError,  # what a connection says that died in the middle of an operation
         asyncpg.PostgresConnectionError,
         asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError, asyncpg.InvalidCatalogNameError,
         asyncpg.InvalidAuthorizationSpecificationError)  # fmt: skip


class PostgresStore:
    """`Store` in a PostgreSQL database. `holder` names this analyst to the others of the fleet."""

    def __init__(self, dsn: str, holder: str, *, deadline: float = DEADLINE) -> None:
        self._dsn = dsn
        self._deadline = deadline
        self._pool: asyncpg.Pool[Any] | None = None
        self._leadership = Leadership(dsn, holder, deadline)

    async def open(self) -> None:
        if self._pool is not None:
            return
        with border("connect"):
            pool = await asyncpg.create_pool(
                self._dsn, min_size=1, max_size=CONNECTIONS, timeout=self._deadline,
                command_timeout=self._deadline, init=_codecs, server_settings={"application_name": "crossfade"},
            )  # fmt: skip
        try:
            with border("migrate the schema"):
                async with pool.acquire(timeout=self._deadline) as connection:
                    await migrate(connection, migrations())
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool

    async def close(self) -> None:
        await self._leadership.close()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.terminate()

    async def lead(self) -> int | None:
        with border("ask who judges"):
            return await self._leadership.epoch()

    async def states(self) -> dict[str, EndpointState]:
        async with self._connection("read the states") as connection:
            rows = await connection.fetch("SELECT endpoint, state FROM crossfade.states")
        return {row["endpoint"]: EndpointState.from_json(row["state"]) for row in rows}

    async def apply(self, change: Change, epoch: int | None) -> int | None:
        async with self._transaction(f"write a change of {change.endpoint}") as connection:
            if epoch is not None:
                await _fence(connection, epoch)
            if change.journalled and await _replayed(connection, change):
                return None
            await _put_state(connection, change)
            if change.transition is None:
                return None
            audit_id = await _put_audit(connection, change, change.transition)
            if change.write_back is not None:
                await _put_write_back(connection, audit_id, change.write_back)
            await connection.execute("SELECT pg_notify('crossfade', $1)", change.endpoint)
            return audit_id

    async def audit(self, endpoint: str | None, limit: int) -> list[AuditRow]:
        async with self._connection("read the audit") as connection:
            rows = await connection.fetch(
                "SELECT * FROM crossfade.audit WHERE $1::text IS NULL OR endpoint = $1 ORDER BY id DESC LIMIT $2",
                endpoint, limit,
            )  # fmt: skip
        return [_audit_row(row) for row in rows]

    async def load_windows(self) -> dict[str, SavedWindow]:
        async with self._connection("read the windows") as connection:
            rows = await connection.fetch("SELECT endpoint, number, saved_at, evidence FROM crossfade.windows")
        return {
            row["endpoint"]: SavedWindow(row["number"], row["saved_at"].timestamp(), json.loads(row["evidence"]))
            for row in rows
        }

    async def save_windows(self, windows: Mapping[str, SavedWindow]) -> None:
        rows = [(name, one.number, moment(one.saved_at), json.dumps(one.evidence)) for name, one in windows.items()]
        async with self._transaction("save the windows") as connection:
            await connection.executemany(
                """INSERT INTO crossfade.windows AS w (endpoint, number, saved_at, evidence) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (endpoint) DO UPDATE
                   SET number = excluded.number, saved_at = excluded.saved_at, evidence = excluded.evidence
                   WHERE w.number <= excluded.number""",
                rows,
            )

    async def record(self, kinds: Sequence[Kind], samples: Sequence[Sample]) -> None:
        async with self._transaction("record findings") as connection:
            await findings.record(connection, kinds, samples)

    async def known(self, endpoint: str | None, limit: int) -> list[Known]:
        async with self._connection("read the findings") as connection:
            return await findings.known(connection, endpoint, limit)

    async def sample(self, sample_id: str) -> Sample | None:
        async with self._connection("read a sample") as connection:
            return await findings.sample(connection, sample_id)

    async def prune(self, now: float, age: float, size: int) -> Pruned:
        async with self._transaction("apply retention") as connection:
            return await findings.prune(connection, moment(now - age), size)

    async def setting(self, name: str, initial: str) -> str:
        async with self._transaction(f"read the setting {name}") as connection:
            await connection.execute(
                "INSERT INTO crossfade.settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, initial
            )
            return str(await connection.fetchval("SELECT value FROM crossfade.settings WHERE name = $1", name))

    async def write_backs(self, done: WriteBack | None = None) -> list[WriteBack]:
        async with self._transaction("complete a write-back") as connection:
            if done is not None:
                await connection.execute(
                    "UPDATE crossfade.write_backs SET outcome = $2 WHERE id = $1", done.id, done.outcome
                )
            rows = await connection.fetch(
                "SELECT id, endpoint, percent, old_hash, new_hash FROM crossfade.write_backs"
                " WHERE outcome IS NULL ORDER BY id"
            )
        return [WriteBack(r["endpoint"], r["percent"], r["old_hash"], r["new_hash"], r["id"]) for r in rows]

    @asynccontextmanager
    async def _connection(self, what: str) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise StoreLost(f"could not {what}: not connected")
        with border(what):
            async with self._pool.acquire(timeout=self._deadline) as connection:
                yield connection

    @asynccontextmanager
    async def _transaction(self, what: str) -> AsyncIterator[Connection]:
        async with self._connection(what) as connection, connection.transaction():
            yield connection


class border:  # noqa: N801 - reads as a statement: `with border("…"):`
    """Turns the driver's ways of saying that the server is away into `StoreLost`; what else it says is a bug."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _LOST):
            raise StoreLost(f"could not {self._what}: {type(error).__name__}: {error}") from error


async def _codecs(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _fence(connection: Connection, epoch: int) -> None:
    current = await connection.fetchval("SELECT epoch FROM crossfade.judge FOR SHARE")
    if current != epoch:
        raise Fenced(f"another analyst judges: its epoch is {current}, ours was {epoch}")


async def _replayed(connection: Connection, change: Change) -> bool:
    """Whether a replay that was cut off has written this change already."""
    kind = change.transition.kind.value if change.transition else ""
    return bool(await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM crossfade.audit WHERE journalled AND endpoint = $1 AND at = $2 AND kind = $3)",
        change.endpoint, moment(change.at), kind,
    ))  # fmt: skip


async def _put_state(connection: Connection, change: Change) -> None:
    row = await connection.fetchrow(
        "SELECT epoch, percent FROM crossfade.states WHERE endpoint = $1 FOR UPDATE", change.endpoint
    )
    state = change.state
    if row is not None:
        moved_on = row["epoch"] > state.epoch or (row["epoch"] == state.epoch and change.transition is not None)
        if moved_on and not change.journalled:
            raise Fenced(f"{change.endpoint} has been changed meanwhile (epoch {row['epoch']}): look again")
        if moved_on and state.percent >= row["percent"]:
            return  # what came after the journalled move rules; the move is still on record
        if moved_on:
            state = EndpointState.from_json({**state.to_json(), "epoch": row["epoch"] + 1})
    await connection.execute(
        """INSERT INTO crossfade.states (endpoint, percent, status, epoch, state, changed_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (endpoint) DO UPDATE SET percent = excluded.percent, status = excluded.status,
               epoch = excluded.epoch, state = excluded.state, changed_at = excluded.changed_at""",
        change.endpoint, state.percent, state.status.value, state.epoch, state.to_json(), moment(change.at),
    )  # fmt: skip


async def _put_audit(connection: Connection, change: Change, transition: Transition) -> int:
    row_id = await connection.fetchval(
        """INSERT INTO crossfade.audit (at, endpoint, who, kind, percent_from, percent_to, reason, bypassed,
               transition, judge, evidence, journalled)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id""",
        moment(change.at), change.endpoint, change.who, transition.kind.value, transition.percent_from,
        transition.percent_to, transition.reason, transition.bypassed, to_json(transition), change.judge,
        None if change.evidence is None else json.dumps(change.evidence), change.journalled,
    )  # fmt: skip
    return int(row_id)


async def _put_write_back(connection: Connection, audit_id: int, pending: WriteBack) -> None:
    await connection.execute(
        "INSERT INTO crossfade.write_backs (audit_id, endpoint, percent, old_hash, new_hash)"
        " VALUES ($1, $2, $3, $4, $5)",
        audit_id, pending.endpoint, pending.percent, pending.old_hash, pending.new_hash,
    )  # fmt: skip


def _audit_row(row: Any) -> AuditRow:
    evidence = None if row["evidence"] is None else json.loads(row["evidence"])
    transition = from_json(Transition, row["transition"])
    return AuditRow(
        row["id"], row["at"].timestamp(), row["endpoint"], row["who"], transition, evidence, row["judge"],
        row["journalled"],
    )  # fmt: skip


def moment(at: float) -> datetime:
    """Unix seconds as PostgreSQL takes them."""
    return datetime.fromtimestamp(at, UTC)
