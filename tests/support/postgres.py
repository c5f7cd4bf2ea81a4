"""One PostgreSQL server a test process, and a fresh database a test."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from proxy.store.embedded import Server, embedded_postgres_sync

_numbers = itertools.count(1)


@contextmanager
def server_for_tests() -> Iterator[Server]:
    """A temporary server; with pytest-xdist each worker has its own."""
    with embedded_postgres_sync() as server:
        yield server


@asynccontextmanager
async def fresh_database(server: Server, template: str = "template0") -> AsyncIterator[str]:
    """The DSN of a new database, dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    dsn = await server.create(name, template)
    try:
        yield dsn
    finally:
        await server.drop(name)
