"""What an answer leaves behind in legacy's database: an activity row and credits, once a key (legacy-api.md §6.11).

The table of keys (deploy/legacy-effects.sql) lies in the same database, so key, row and credits are one transaction:
whoever orders under a key again, at any time and from anywhere, finds the key there and changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

log = logging.getLogger("connectra.effects")
DEADLINE = 2.0
"""Seconds for a call, waiting for a connection and for locks included."""
MOST = 8
"""Connections to legacy's database for effects."""
UNLIMITED_ROLES = ("SuperAdmin", "Admin")
"""Roles that are never charged. A role of NULL pays; who has no profile is not charged (legacy-api.md §6.11)."""
KEYS = "crossfade_effects"

_MADE = """INSERT INTO crossfade_effects (key, endpoint, user_id) VALUES ($1, $2, $3)
           ON CONFLICT (key) DO NOTHING RETURNING true"""
_KNOWN = "SELECT true FROM crossfade_effects WHERE key = $1"
_RECORD = """INSERT INTO user_activities (user_id, service_type, action_type, status, request_params,
                                          result_count, result_summary, ip_address, user_agent)
             VALUES ($1, $2, $3, 'success', $4, $5, $6, $7, $8)"""
_CHARGE = """UPDATE user_profiles SET credits = credits - $2, updated_at = now()
             WHERE user_id = $1 AND coalesce(role, 'FreeUser') <> ALL ($3::text[])"""
_SEQUENCE = "SELECT coalesce(has_sequence_privilege(pg_get_serial_sequence('user_activities', 'id'), 'USAGE'), true)"
_SWALLOWED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)
"""What is wrong with the values themselves, and would be at every further try."""
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)

_REMEDY = "; run deploy/legacy-effects.sql there"
_PROBES: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    (KEYS, _MADE, ("", "", "")),
    (KEYS, _KNOWN, ("",)),
    ("user_activities", _RECORD, ("", "linkedin", "search", "{}", 0, "{}", "", "")),
    ("user_profiles", _CHARGE, ("", 0, [])),
)
"""The very statements of an order, planned and not executed: tables, columns, the unique key and rights are there."""


class BadEffect(ValueError):
    """A description that is none; the text says what is wrong."""


class EffectsAway(Exception):
    """The database gave no word: an order may have been done or not."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of `user_activities` with its cost in credits: what a handler knows of its answer's effect."""

    service: str
    action: str
    request: Mapping[str, Any]
    count: int
    summary: Mapping[str, Any]
    credits: int


@dataclass(frozen=True, slots=True)
class Effect:
    """All that an effect consists of. `user` is the token's subject, `address` the client's as legacy sees it."""

    endpoint: str
    user: str
    address: str
    agent: str | None
    activity: Activity

    def to_json(self) -> bytes:
        """ASCII, so that it may stand in a header field once encoded."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Effect:
        """The inverse of `to_json`. Raises BadEffect."""
        try:
            value = json.loads(data)
            activity = Activity(**value.pop("activity"))
            effect = cls(**value, activity=activity)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise BadEffect(f"no description of an effect: {error}") from error
        texts = (effect.endpoint, effect.user, effect.address, activity.service, activity.action)
        counts = (activity.count, activity.credits)
        if not all(isinstance(text, str) for text in texts) or not isinstance(effect.agent, str | None):
            raise BadEffect("endpoint, user, address, service, action and agent must be texts")
        if not all(type(count) is int and 0 <= count < 1 << 31 for count in counts):
            raise BadEffect("count and credits must be numbers from 0 on")
        if not all(isinstance(one, dict) for one in (activity.request, activity.summary)):
            raise BadEffect("request and summary must be objects")
        if not storable(effect.user) or not storable(effect.endpoint):
            raise BadEffect("user and endpoint must be texts that PostgreSQL can hold")
        return effect


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold a text: no NUL, and nothing that is no Unicode."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


class Effects:
    """Makes effects in legacy's database. `dsn` None: none can be made. `deadline` is of each call, seconds."""

    def __init__(self, dsn: str | None, deadline: float = DEADLINE) -> None:
        self._dsn = dsn
        self._deadline = deadline
        self._opening = asyncio.Lock()
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def ready(self) -> str | None:
        """None when effects can be made now, else why not. Looks at the database; changes nothing."""
        if self._dsn is None:
            return "LEGACY_DATABASE_URL is not set"
        try:
            async with self._connection() as connection:
                if await connection.fetchval("SHOW transaction_read_only") == "on":
                    return "legacy's database is read-only"
                for table, query, values in _PROBES:
                    try:
                        await connection.execute(f"EXPLAIN {query}", *values)
                    except asyncpg.PostgresError as error:
                        return f"{table} in legacy's database: {error}{_REMEDY if table == KEYS else ''}"
                if not await connection.fetchval(_SEQUENCE):
                    return "user_activities in legacy's database: no right to use the sequence of its id"
        except EffectsAway as error:
            return str(error)
        return None

    async def order(self, key: str, effect: Effect) -> bool:
        """Makes the effect unless it has been made under this key; whether it was made now.

        Raises EffectsAway, after which nobody knows: ask `known`, or order again under the same key.
        """
        async with self._connection() as connection:
            wait = f"SET LOCAL statement_timeout = {self._deadline * 1000:.0f}"
            await connection.execute(f"BEGIN ISOLATION LEVEL READ COMMITTED; {wait}")
            first = await connection.fetchval(_MADE, key, effect.endpoint, effect.user)
            if first:
                await self._made(connection, effect)
            await connection.execute("COMMIT")
            return bool(first)

    async def _made(self, connection: Connection, effect: Effect) -> None:
        done = effect.activity
        request, summary = (json.dumps(dict(one), ensure_ascii=False) for one in (done.request, done.summary))
        try:
            UUID(effect.user)
        except ValueError:
            log.warning("no activity row: the user is no UUID")
        else:
            values = (done.service, done.action, request, done.count, summary, effect.address, effect.agent)
            await _swallowing(connection, "an activity row", _RECORD, effect.user, *values)
        if done.credits:
            await _swallowing(connection, "a charge", _CHARGE, effect.user, done.credits, list(UNLIMITED_ROLES))

    async def known(self, key: str) -> bool:
        """Whether an effect has been made under this key. Raises EffectsAway."""
        async with self._connection() as connection:
            return bool(await connection.fetchval(_KNOWN, key))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """A connection within the deadline, cut when anything failed on it: that rolls back. Raises EffectsAway."""
        try:
            async with asyncio.timeout(self._deadline):
                pool = await self._opened()
                connection = await pool.acquire()
                try:
                    yield connection
                except BaseException:
                    with suppress(asyncpg.InterfaceError):  # it broke by itself, and the pool has taken it back
                        connection.terminate()  # a ROLLBACK could wait for ever behind a database that is stuck
                    raise
                finally:
                    await pool.release(connection, timeout=self._deadline)
        except _AWAY as error:
            text = str(error).partition("\n")[0]  # what follows are details: a row's values
            raise EffectsAway(f"legacy's database: {text or type(error).__name__}") from error

    async def _opened(self) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=MOST, timeout=self._deadline)
            return self._pool

    async def close(self) -> None:
        """Closes the connections."""
        if self._pool is not None:
            self._pool.terminate()


async def _swallowing(connection: Connection, what: str, query: str, *values: Any) -> None:
    """One part of an effect. Values that can not be written are swallowed as legacy does: the other parts stay."""
    await connection.execute("SAVEPOINT part")
    try:
        await connection.execute(query, *values)
    except _SWALLOWED as error:
        log.warning("%s could not be written: %s", what, type(error).__name__)  # its text holds a person's values
        await connection.execute("ROLLBACK TO SAVEPOINT part")
