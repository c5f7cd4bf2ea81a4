"""The store with its absences: what may be made while it is away, and what it hears when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.analyst.state_keeper import LOOK, REMIND, Keeper
from proxy.store import NotNow, StoreLost
from proxy.store.journal import Journal
from proxy.store.postgres import PostgresStore
from rollout.machine import EventKind
from tests.proxy.analyst.test_steward import Away
from tests.support.changes import NOW, changed

UP = changed()
DOWN = changed(UP.state, EventKind.ROLL_BACK)


class Bench:
    """A keeper over a store that can be taken away, and what it handed back."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.now = NOW
        self.store = Away(dsn, "host-1")
        self.journal = Journal(folder / "journal.jsonl")
        self.keeper = Keeper(self.store, self.journal, lambda: self.now)
        self.returned = 0

    async def look(self) -> bool:
        async def back(states: object, windows: object) -> None:
            self.returned += 1

        return await self.keeper.look(back)

    async def audited(self) -> list[EventKind]:
        return [row.transition.kind for row in reversed(await self.store.audit(None, 100))]


@pytest.fixture
async def bench(dsn: str, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(dsn, tmp_path)
    yield made
    await made.store.close()


async def test_before_the_first_look_it_neither_leads_nor_climbs(bench: Bench) -> None:
    assert not bench.keeper.leads
    with pytest.raises(NotNow, match="PostgreSQL is away"):
        await bench.keeper.apply(UP, by_judge=True)


async def test_the_only_analyst_leads_once_it_has_looked(bench: Bench) -> None:
    assert (await bench.look(), bench.keeper.leads, bench.keeper.error) == (True, True, None)


async def test_what_the_store_holds_is_handed_back_once_for_each_return(bench: Bench) -> None:
    await bench.look()
    await bench.look()
    bench.keeper.lost(StoreLost("gone"))
    await bench.look()
    assert bench.returned == 2


async def test_a_second_analyst_may_not_judge_but_takes_orders(bench: Bench, dsn: str, tmp_path: Path) -> None:
    await bench.look()
    other = Bench(dsn, tmp_path / "other")
    await other.look()
    with pytest.raises(NotNow, match="another analyst judges"):
        await other.keeper.apply(UP, by_judge=True)
    await other.keeper.apply(UP, by_judge=False)
    await other.store.close()
    assert await bench.audited() == [EventKind.PROMOTE]


async def test_a_move_down_without_the_store_is_on_disk_and_then_in_the_audit(bench: Bench) -> None:
    await bench.look()
    await bench.keeper.apply(UP, by_judge=True)
    bench.store.away = True
    await bench.keeper.apply(DOWN, by_judge=True)
    waiting = [one.journalled for one in bench.journal.read()]
    bench.store.away = False
    await bench.look()
    assert (waiting, bench.journal.read()) == ([True], [])
    assert await bench.audited() == [EventKind.PROMOTE, EventKind.ROLL_BACK]


async def test_a_move_up_without_the_store_is_not_made(bench: Bench) -> None:
    await bench.look()
    bench.store.away = True
    with pytest.raises(NotNow):
        await bench.keeper.apply(UP, by_judge=False)
    assert bench.journal.read() == []


@pytest.mark.parametrize("kind", [EventKind.ORDER_RESUME, EventKind.RETRY_DUE])
async def test_a_latch_is_not_lifted_without_the_store(bench: Bench, kind: EventKind) -> None:
    with pytest.raises(NotNow):
        await bench.keeper.apply(changed(DOWN.state, kind, at=NOW + 10_000), by_judge=False)


async def test_evidence_is_saved_only_by_the_one_who_leads(dsn: str, tmp_path: Path) -> None:
    class Counting(PostgresStore):
        saved = 0

        async def save_windows(self, windows: object) -> None:
            self.saved += 1

    store = Counting(dsn, "host-1")
    keeper = Keeper(store, Journal(tmp_path / "journal.jsonl"), lambda: NOW)
    await keeper.save({})
    assert store.saved == 0


async def test_an_outage_that_goes_on_is_said_again_and_not_every_time(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for after in (0.0, LOOK, 2 * LOOK, REMIND + LOOK):
        bench.now = NOW + after
        bench.keeper.lost(StoreLost("gone"))
    assert len([one for one in caplog.records if "the store is away" in one.message]) == 2
