"""A fake Connectra and a client of it, for all handlers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectra.client import Client
from tests.support.connectra_fake import KEY, Connectra, connectra


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        yield running


@pytest.fixture
async def client(fake: Connectra) -> AsyncIterator[Client]:
    opened = Client(fake.url, KEY, 5.0)
    yield opened
    await opened.close()
