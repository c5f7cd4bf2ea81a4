"""Fixtures that several packages' tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from proxy.store.embedded import Server
from tests.support.postgres import fresh_database, server_for_tests


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL server, started when the first test asks for it."""
    with server_for_tests() as server:
        yield server


@pytest.fixture
async def dsn(postgres: Server) -> AsyncIterator[str]:
    """The DSN of an empty database of this test's own."""
    async with fresh_database(postgres) as fresh:
        yield fresh
