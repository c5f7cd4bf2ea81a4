"""Findings on their way to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from proxy.analyst.recorder import EXAMPLES, KINDS, Recorder
from proxy.store import Kind, Sample, StoreLost
from proxy.store.postgres import PostgresStore
from tests.support.changes import NOW


@dataclass
class Found:
    id: str = "x1"
    endpoint: str = "contact"
    at: float = NOW
    outcome: str = "mismatch"
    fingerprint: str = "f1"
    paths: tuple[str, ...] = ("email",)
    sample: dict[str, Any] = field(default_factory=lambda: {"changes": []})
    suggestion: dict[str, Any] | None = None


class Flaky(PostgresStore):
    def __init__(self) -> None:
        super().__init__("postgresql://", "host-1")
        self.away = False
        self.got: list[tuple[list[Kind], list[Sample]]] = []

    async def record(self, kinds: Any, samples: Any) -> None:
        if self.away:
            raise StoreLost("gone")
        self.got.append((list(kinds), list(samples)))


async def test_findings_of_one_kind_are_one_row_with_its_count() -> None:
    store = Flaky()
    recorder = Recorder(store, lambda: NOW)
    for number in range(3):
        recorder.add(Found(id=f"x{number}", at=NOW + number))
    await recorder.flush()
    ((kinds, samples),) = store.got
    assert [(one.seen, one.first_seen, one.last_seen) for one in kinds] == [(3, NOW, NOW + 2)]
    assert [one.id for one in samples] == ["x0", "x1", "x2"]


async def test_nothing_new_is_not_written() -> None:
    store = Flaky()
    await Recorder(store, lambda: NOW).flush()
    assert store.got == []


async def test_examples_of_one_kind_are_few_and_that_is_no_loss() -> None:
    store = Flaky()
    recorder = Recorder(store, lambda: NOW)
    for number in range(EXAMPLES + 3):
        recorder.add(Found(id=f"x{number}"))
    await recorder.flush()
    ((kinds, samples),) = store.got
    assert (kinds[0].seen, len(samples), recorder.dropped) == (EXAMPLES + 3, EXAMPLES, {})


async def test_what_waits_while_the_store_is_away_is_written_later_with_what_came_meanwhile() -> None:
    store = Flaky()
    recorder = Recorder(store, lambda: NOW)
    recorder.add(Found("x1"))
    store.away = True
    assert not await recorder.flush()
    recorder.add(Found("x2", at=NOW + 5))
    store.away = False
    assert await recorder.flush()
    ((kinds, samples),) = store.got
    assert (kinds[0].seen, kinds[0].last_seen, len(samples)) == (2, NOW + 5, 2)


async def test_a_flood_of_kinds_is_bounded_and_counted() -> None:
    recorder = Recorder(Flaky(), lambda: NOW)
    for number in range(KINDS + 3):
        recorder.add(Found(id=f"x{number}", fingerprint=f"f{number}"))
    assert recorder.dropped["kinds"] == 3
    assert recorder.dropped["samples"] > 0


async def test_a_batch_reaches_postgresql(dsn: str) -> None:
    store = PostgresStore(dsn, "host-1")
    await store.open()
    recorder = Recorder(store, lambda: NOW)
    suggestion = {"rule": "ignore: [email]", "hides": "every change of email"}
    recorder.add(Found(suggestion=suggestion))
    assert await recorder.flush()
    (known,) = await store.known("contact", 5)
    assert (known.example, known.kind.suggestion) == ("x1", suggestion)
    assert (await recorder.prune(1e6, 0)).samples == 1
    await store.close()
