"""Who calls: Bearer tokens and the users they name (contract §2.3)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from lab.legacy.http import Call, Crash, Failure
from lab.legacy.tokens import BadToken, in_time, verified

TTL = 300.0
"""Seconds for which a user, once read, is not read again: a deleted one keeps working so long."""
MAX_USERS = 10_000
MAX_TOKENS = 10_000
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_GIVE_ONE = Failure(401, "Authentication credentials were not provided.", _CHALLENGE)
_INVALID = "Given token not valid for any token type"


@dataclass(frozen=True, slots=True)
class User:
    """A user as the endpoints see it.

    `cached`: it was known before this request (LQ-15). `broken`: the request that read it failed, so reading its
    uuid fails for as long as it is known (LQ-19).
    """

    known_as: str
    cached: bool = False
    broken: bool = False

    @property
    def uuid(self) -> str:
        """Raises `Crash` for a broken one."""
        if self.broken:
            raise Crash("the user's row has expired with the rolled-back session (LQ-19)")
        return self.known_as


class Users:
    """Checks tokens and remembers users."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock
        self._users: OrderedDict[str, tuple[float, User]] = OrderedDict()
        self._tokens: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def authenticate(self, call: Call, pool: asyncpg.Pool[asyncpg.Record]) -> User:
        """The user of a request. Raises `Failure` 401."""
        uuid = self._subject(call)
        now = self._clock()
        until, user = self._users.get(uuid, (0.0, None))
        if user is not None and now < until:
            return user
        if await pool.fetchval("SELECT 1 FROM users WHERE uuid = $1", uuid) is None:
            raise Failure(401, _INVALID, _CHALLENGE)
        found = User(uuid)
        _remember(self._users, uuid, (now + TTL, replace(found, cached=True)), MAX_USERS)
        call.loaded_user = uuid
        return found

    def spoil(self, uuid: str) -> None:
        """LQ-19: the request that read this user ended in an error."""
        until, user = self._users[uuid]
        self._users[uuid] = until, replace(user, broken=True)

    def download(self, token: str) -> dict[str, Any] | None:
        """The claims of a download token; None when it is none, or its time is over."""
        try:
            claims = verified(token, self._secret)
        except BadToken:
            return None
        return claims if claims.get("type") == "export_download" and in_time(claims, self._clock()) else None

    def _subject(self, call: Call) -> str:
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _GIVE_ONE
        claims = self._tokens.get(token)
        if claims is None:
            try:
                claims = verified(token, self._secret)
            except BadToken:
                raise Failure(401, _INVALID, _CHALLENGE) from None
            _remember(self._tokens, token, claims, MAX_TOKENS)
        subject = claims.get("sub")
        if claims.get("type") != "access" or not subject or not in_time(claims, self._clock()):
            raise Failure(401, _INVALID, _CHALLENGE)
        return str(subject)


def _remember(cache: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
    cache[key] = value
    if len(cache) > most:
        cache.popitem(last=False)
