"""Who may be answered. Legacy authenticates each call, Connectra has one key for everybody: so nobody is answered here
whom legacy would refuse, and whoever is not positively known is declined to legacy, which says no in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import jwt

from connectra.database import Database, NotAsked
from connectra.errors import Declined

KNOWN_FOR = 60.0
"""Seconds for which the users table's word on a subject holds."""
MOST = 10_000
UNKNOWN = "caller not confirmed by legacy"


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a call's origin, by the worker's own word."""

    shadow: bool = False
    vouched: bool = False


class Users:
    """Legacy's users table, if its address is known; `database` is for whoever else reads legacy's tables."""

    def __init__(self, dsn: str | None) -> None:
        self.database = Database(dsn)
        self._known: dict[str, float] = {}

    async def knows(self, subject: str) -> bool:
        """Whether there is such a user. A table that can not be asked knows nobody."""
        now = monotonic()
        if self._known.get(subject, 0.0) > now:
            return True
        try:
            found = await self.database.row("SELECT true FROM users WHERE uuid = $1", subject)
        except NotAsked:  # said in the log
            return False
        if found is None:
            return False
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[subject] = now + KNOWN_FOR
        return True

    async def close(self) -> None:
        """Closes the connections."""
        await self.database.close()


class Callers:
    """Checks callers. `secret` is that of legacy's tokens; without one nobody is answered."""

    def __init__(self, secret: str | None, users: Users) -> None:
        self._secret = secret
        self._users = users

    async def admit(self, authorization: str | None, caller: Caller) -> str:
        """The subject of somebody whom legacy would answer. Raises Declined for everybody else.

        A shadow's answer goes to nobody: there the token's own word is enough.
        """
        if not self._secret:
            raise Declined("LEGACY_JWT_SECRET is not set")
        subject = subject_of(authorization, self._secret)
        if not (caller.shadow or caller.vouched) and not await self._users.knows(subject):
            raise Declined(UNKNOWN)
        return subject


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
