"""The reference legacy API in this process, for tests: a server on a free port, and a client with a user's token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from lab import people
from lab.legacy.app import Running, running
from lab.legacy.state import Options
from lab.legacy.tokens import access_token


@dataclass(frozen=True, slots=True)
class Reference:
    """A running server and a session that asks it as user 1."""

    server: Running
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body."""
        async with self.session.request(method, path, json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def row(self, query: str, *values: Any) -> dict[str, Any]:
        """The one row that the database has for a query."""
        found = await self.server.lab.pool.fetchrow(query, *values)
        assert found is not None
        return dict(found)


@asynccontextmanager
async def reference(dsn: str, **changed: Any) -> AsyncIterator[Reference]:
    """A small generated world by default; `changed` are Options."""
    small = {"companies": 20, "contacts": 60, "users": 3, "connections": 4}
    options = Options(dsn=dsn, **{**small, **changed})
    token = access_token(people.user_uuid(1), options.secret)
    async with (
        running(options) as server,
        aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {token}"}) as session,
    ):
        yield Reference(server, session)
