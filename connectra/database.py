"""Legacy's own database, if its address is known: read only, a few connections, every call under a deadline."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg

from connectra.errors import Declined

log = logging.getLogger("connectra.database")
DEADLINE = 2.0
"""Seconds of one question, the wait for a connection included."""
CONNECTIONS = 4
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class NotAsked(Declined):
    """The database's address is not known, or it does not answer."""


class Database:
    """One small pool, opened by the first question. Without a DSN every question raises NotAsked."""

    def __init__(self, dsn: str | None) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def row(self, query: str, *values: Any, deadline: float = DEADLINE) -> asyncpg.Record | None:
        """The first row, or None. Raises NotAsked; what went wrong is in the log, not in its text."""
        if not self._dsn:
            raise NotAsked("LEGACY_DATABASE_URL is not set")
        try:
            async with asyncio.timeout(deadline):
                pool = await self._opened(self._dsn)
                return await pool.fetchrow(query, *values)
        except FAILURES as error:
            log.warning("legacy's database can not be asked: %s", str(error) or type(error).__name__)
            raise NotAsked("legacy's database can not be asked") from error

    async def close(self) -> None:
        """Closes the connections; those that do not end within the deadline are cut."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(DEADLINE):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _opened(self, dsn: str) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(dsn, min_size=0, max_size=CONNECTIONS, timeout=DEADLINE)
            return self._pool
