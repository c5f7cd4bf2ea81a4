"""Kinds of mismatch and samples in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxy.store import Kind, Sample
from proxy.store.postgres import PostgresStore
from proxy.store.postgres_findings import SAMPLES
from tests.support.changes import NOW


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    one = PostgresStore(dsn, "host-1")
    await one.open()
    yield one
    await one.close()


def kind(fingerprint: str = "f1", seen: int = 1, at: float = NOW, **fields: Any) -> Kind:
    return Kind("contact", fingerprint, "mismatch", ("email",), seen, at, at, **fields)


def sample(number: int, at: float = NOW, fingerprint: str = "f1", **body: Any) -> Sample:
    return Sample(f"x{number}", "contact", fingerprint, at, body or {"path": "email"})


async def test_counts_of_a_kind_add_up_between_its_first_and_last_time(store: PostgresStore) -> None:
    await store.record([kind(seen=3, at=NOW)], [])
    await store.record([kind(seen=4, at=NOW + 9, suggestion={"rule": "ignore"})], [])
    (found,) = await store.known("contact", 10)
    assert (found.kind.seen, found.kind.first_seen, found.kind.last_seen) == (7, NOW, NOW + 9)
    assert found.kind.suggestion == {"rule": "ignore"}


async def test_the_most_frequent_kind_comes_first_with_its_newest_sample(store: PostgresStore) -> None:
    await store.record([kind("rare"), kind("often", seen=9)], [sample(1, NOW, "often"), sample(2, NOW + 1, "often")])
    often, rare = await store.known(None, 10)
    assert (often.kind.fingerprint, often.example, rare.example) == ("often", "x2", None)


async def test_samples_of_a_kind_are_bounded(store: PostgresStore) -> None:
    await store.record([kind()], [sample(number, NOW + number) for number in range(SAMPLES + 5)])
    assert await store.sample("x4") is None
    assert await store.sample("x5") is not None


async def test_a_sample_with_text_that_postgresql_refuses_is_kept(store: PostgresStore) -> None:
    await store.record([kind()], [sample(1, text="a\x00b\ud800", ratio=float("inf"))])
    found = await store.sample("x1")
    assert found is not None
    assert found.body == {"text": "a\ufffdb?", "ratio": "inf"}


async def test_retention_removes_what_is_too_old(store: PostgresStore) -> None:
    await store.record([kind("old", at=NOW - 100), kind("new")], [sample(1, NOW - 100), sample(2, NOW)])
    pruned = await store.prune(NOW, age=50, size=1 << 20)
    assert (pruned.samples, pruned.kinds) == (1, 1)
    assert [one.kind.fingerprint for one in await store.known(None, 10)] == ["new"]


async def test_retention_removes_the_oldest_over_the_bytes(store: PostgresStore) -> None:
    await store.record([kind()], [sample(number, NOW + number, text="x" * 88) for number in range(5)])
    assert (await store.prune(NOW, age=1e6, size=250)).samples == 3
    assert await store.sample("x4") is not None
    assert await store.sample("x2") is None
