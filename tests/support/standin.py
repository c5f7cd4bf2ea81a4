"""The Connectra stand-in in this process, on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from lab.connectra import bodies, upserts
from lab.connectra.controls import Controls
from lab.connectra.edge import Bucket, Edge
from lab.connectra.engine import Engine
from lab.connectra.server import Service, listen
from lab.connectra.switches import Switches

API_KEY = "test-key"
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "recordings"


def filled(service: str, records: Iterable[dict[str, Any]], engine: Engine | None = None) -> Engine:
    """An engine with these records, written through the batch upsert."""
    engine = engine or Engine()
    spec = bodies.records_spec(engine.table(service).schema)
    upserts.upsert(engine, service, bodies.read(orjson.dumps(list(records)), spec))
    return engine


def search(engine: Engine, service: str, **query: Any) -> list[dict[str, Any]]:
    """The records that a query gives."""
    return engine.search(service, bodies.read_search(orjson.dumps(query)))


def uuids(engine: Engine, service: str, **query: Any) -> list[str]:
    """The uuids that a query gives, in order."""
    return [record["uuid"] for record in search(engine, service, **query)]


@asynccontextmanager
async def serving(
    engine: Engine, switches: Switches | None = None, *, api_key: str = API_KEY, capacity: int | None = None
) -> AsyncIterator[str]:
    """The base URL of a stand-in over this engine."""
    switches = switches or Switches()
    controls = Controls(switches, lambda: {"feed": None}, lambda: None)
    runner, url = await listen(Service(Edge(engine, api_key, Bucket(capacity)), switches, controls), "127.0.0.1", 0)
    try:
        yield url
    finally:
        await runner.cleanup()
