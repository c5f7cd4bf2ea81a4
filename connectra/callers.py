"""Who may be answered. Legacy authenticates each call, Connectra has one key for everybody: so nobody is answered here
whom legacy would refuse, and whoever is not positively known is declined to legacy, which says no in its own words.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic

import asyncpg
import jwt

from connectra.errors import Declined

log = logging.getLogger("connectra.callers")
KNOWN_FOR = 60.0
"""Seconds for which the users table's word on a subject holds."""
MOST = 10_000
DEADLINE = 2.0
UNKNOWN = "caller not confirmed by legacy"


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a call's origin, by the worker's own word."""

    shadow: bool = False
    vouched: bool = False


class Users:
    """Legacy's users table, if its address is known."""

    def __init__(self, dsn: str | None) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._known: dict[str, float] = {}

    async def knows(self, subject: str) -> bool:
        """Whether there is such a user. A table that can not be asked knows nobody."""
        now = monotonic()
        if self._known.get(subject, 0.0) > now:
            return True
        if self._dsn is None or not await self._asked(subject):
            return False
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[subject] = now + KNOWN_FOR
        return True

    async def _asked(self, subject: str) -> bool:
        try:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=4, timeout=DEADLINE)
            query = "SELECT true FROM users WHERE uuid = $1"
            return bool(await self._pool.fetchval(query, subject, timeout=DEADLINE))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("legacy's users table can not be asked: %s", error)
            return False

    async def close(self) -> None:
        """Closes the connections."""
        if self._pool is not None:
            await self._pool.close()


class Callers:
    """Checks callers. `secret` is that of legacy's tokens; without one nobody is answered."""

    def __init__(self, secret: str | None, users: Users) -> None:
        self._secret = secret
        self._users = users

    async def admit(self, authorization: str | None, caller: Caller) -> None:
        """Returns for somebody whom legacy would answer. Raises Declined for everybody else.

        A shadow's answer goes to nobody: there the token's own word is enough.
        """
        if not self._secret:
            raise Declined("LEGACY_JWT_SECRET is not set")
        subject = subject_of(authorization, self._secret)
        if caller.shadow or caller.vouched:
            return
        if not await self._users.knows(subject):
            raise Declined(UNKNOWN)


def subject_of(authorization: str | None, secret: str) -> str:
    """The subject of an access token that legacy would accept (legacy-api.md §2.3). Raises Declined."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Declined("no bearer token")
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_aud": False, "verify_sub": False})
    except (jwt.PyJWTError, UnicodeEncodeError) as error:  # the latter: a header that is no text
        raise Declined(f"token: {type(error).__name__}") from error
    subject = claims.get("sub")
    if claims.get("type") != "access" or not isinstance(subject, str) or not subject:
        raise Declined("token: no access token with a subject")
    return subject
