from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from proxy.store.embedded import Server
from tests.support.postgres import fresh_database
from tests.support.reference import Reference, reference


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def lab(postgres: Server) -> AsyncIterator[Reference]:
    """One small world for all tests of a module, which leave each other's rows and rules alone."""
    async with fresh_database(postgres) as dsn, reference(dsn) as made:
        yield made
