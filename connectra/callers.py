"""Who may be answered. Legacy authenticates each call, Connectra has one key for everybody: so nobody is answered here
whom legacy would refuse, and whoever is not positively known is declined to legacy, which says no in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from math import inf
from time import monotonic, time

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


@dataclass(frozen=True, slots=True)
class Accepted:
    """A token that was found good at `since` and ends at `until`, by the clock that tokens go by (seconds).

    Nothing else of it can end: with the time that passes it can only expire. A clock that was set back says nothing.
    """

    subject: str
    since: float
    until: float


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
        self._accepted: dict[bytes, Accepted] = {}

    async def admit(self, authorization: str | None, caller: Caller) -> str:
        """The subject of somebody whom legacy would answer. Raises Declined for everybody else.

        A shadow's answer goes to nobody: there the token's own word is enough.
        """
        if not self._secret:
            raise Declined("LEGACY_JWT_SECRET is not set")
        subject = self._subject(bearer(authorization), self._secret)
        if not (caller.shadow or caller.vouched) and not await self._users.knows(subject):
            raise Declined(UNKNOWN)
        return subject

    def _subject(self, token: str, secret: str) -> str:
        """A token that was accepted is not read again until it ends. Raises Declined."""
        try:
            key = sha256(token.encode()).digest()
        except UnicodeEncodeError as error:
            raise Declined("token: no text") from error
        known = self._accepted.get(key)
        if known is not None and known.since <= time() < known.until:
            return known.subject
        found = accepted(token, secret)
        if len(self._accepted) >= MOST:
            self._accepted.clear()
        self._accepted[key] = found
        return found.subject


def bearer(authorization: str | None) -> str:
    """The token of a header field. Raises Declined."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Declined("no bearer token")
    return token


def accepted(token: str, secret: str) -> Accepted:
    """What an access token says that legacy would accept (legacy-api.md §2.3). Raises Declined."""
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_aud": False, "verify_sub": False})
    except (jwt.PyJWTError, UnicodeEncodeError) as error:  # the latter: a header that is no text
        raise Declined(f"token: {type(error).__name__}") from error
    subject = claims.get("sub")
    if claims.get("type") != "access" or not isinstance(subject, str) or not subject:
        raise Declined("token: no access token with a subject")
    return Accepted(subject, time(), int(claims["exp"]) if "exp" in claims else inf)
