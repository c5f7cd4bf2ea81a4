"""Which analyst of the fleet judges: the one whose session holds an advisory lock. Its epoch fences its writes."""

from __future__ import annotations

import logging
from typing import Any

import asyncpg

FAREWELL = 1.0
_logger = logging.getLogger("crossfade.store")

LOCK = 0x63726F7373_02
"""The advisory lock of the judging analyst ("cross", 2)."""


class Leadership:
    """One session of its own: the lock lives exactly as long as it does."""

    def __init__(self, dsn: str, holder: str, deadline: float) -> None:
        self._dsn = dsn
        self._holder = holder
        self._deadline = deadline
        self._session: asyncpg.Connection[Any] | None = None
        self._epoch: int | None = None

    async def epoch(self) -> int | None:
        """Our epoch while we lead, else None. Raises the driver's errors; leadership is gone then."""
        try:
            if self._session is None:
                self._session = await asyncpg.connect(
                    self._dsn, timeout=self._deadline, command_timeout=self._deadline,
                    server_settings={"application_name": "crossfade judge"},
                )  # fmt: skip
            if self._epoch is not None:
                await self._session.execute("SELECT 1")
            elif await self._session.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                self._epoch = await self._session.fetchval(
                    "UPDATE crossfade.judge SET epoch = epoch + 1, holder = $1 RETURNING epoch", self._holder
                )
        except BaseException:
            self._drop()
            raise
        return self._epoch

    async def close(self) -> None:
        """Gives up the lock, so that another analyst can take over at once. Ends even if the server is gone."""
        session, leads = self._session, self._epoch is not None
        try:
            if session is not None and leads and not session.is_closed():
                await session.execute("SELECT pg_advisory_unlock($1)", LOCK, timeout=FAREWELL)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            _logger.info("the judge's lock was not given up by hand, it ends with its session: %s", error)
        finally:
            self._drop()

    def _drop(self) -> None:
        session, self._session, self._epoch = self._session, None, None
        if session is not None:
            session.terminate()
