"""Judging rounds over a real PostgreSQL: moves are durable before they are in force, and none climbs without it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from proxy.analyst.fleet import Fleet
from proxy.analyst.state import Standing
from proxy.analyst.state_keeper import Keeper
from proxy.analyst.steward import Steward
from proxy.frames import BreakerMoved, Counts, Hello
from proxy.store import NotNow, StoreLost, WriteBack
from proxy.store.journal import Journal
from proxy.store.postgres import PostgresStore
from rollout.machine import Event, EventKind, IllegalTransition, Status
from rollout.model import Endpoint
from rollout.observations import Suspected
from rollout.thresholds import Thresholds
from tests.support.changes import NOW
from tests.support.endpoints import config, endpoint


@dataclass
class Said:
    kind: EventKind = EventKind.HOLD
    reason: str = "no evidence yet"
    to_zero: bool = False
    judge: str = "test-1"
    gates: tuple[Any, ...] = ()


@dataclass
class Ports:
    said: Said = field(default_factory=Said)
    flag: bool = True
    effects: str | None = "no table"
    changes: int = 0

    def judge(self, standing: Standing, now: float) -> Said:
        return self.said

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        return {"window": standing.window.number}

    def may_serve(self, endpoint: Endpoint) -> bool:
        return self.flag

    def why_no_effects(self) -> str | None:
        return self.effects

    def changed(self) -> None:
        self.changes += 1

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        return WriteBack(endpoint, percent, "old", "new")

    def draw(self) -> float:
        return 0.5


class Away(PostgresStore):
    """A store that can be taken away and given back."""

    away = False

    async def open(self) -> None:
        if self.away:
            raise StoreLost("it was taken away")
        await super().open()

    async def apply(self, *arguments: Any) -> int | None:
        if self.away:
            raise StoreLost("it was taken away")
        return await super().apply(*arguments)


class Bench:
    """A steward with all that it stands on, and a clock that is set by hand."""

    def __init__(self, dsn: str, folder: Path, *endpoints: Endpoint) -> None:
        self.now = NOW
        self.store = Away(dsn, "host-1")
        self.journal = Journal(folder / "journal.jsonl")
        self.keeper = Keeper(self.store, self.journal, lambda: self.now)
        self.fleet, self.ports = Fleet(), Ports()
        self.steward = Steward(config(*endpoints), self.keeper, self.fleet, self.ports, lambda: self.now)
        self.steward.begin({}, {})

    async def look(self) -> None:
        await self.keeper.look(self.steward.returned)

    def at(self, name: str = "contact") -> Standing:
        return self.steward.standings[name]

    async def kinds(self) -> list[str]:
        return [row.transition.kind.value for row in reversed(await self.store.audit(None, 100))]


@pytest.fixture
async def bench(dsn: str, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(dsn, tmp_path)
    await made.look()
    yield made
    await made.store.close()


async def test_a_promotion_is_a_row_with_its_evidence_and_a_new_window(bench: Bench) -> None:
    bench.ports.said = Said(EventKind.PROMOTE, "proven")
    await bench.steward.round()
    (row,) = await bench.store.audit("contact", 5)
    assert (row.transition.percent_to, row.who, row.judge, row.evidence) == (100, "judge", "test-1", {"window": 1})
    assert (bench.at().window.number, bench.at().window.percent) == (2, 100)
    assert bench.ports.changes > 0


async def test_a_promotion_leaves_a_pending_write_back(bench: Bench) -> None:
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    assert [one.percent for one in await bench.store.write_backs()] == [100]


async def test_holding_on_and_on_writes_no_rows(bench: Bench) -> None:
    for number in range(3):
        bench.ports.said = Said(reason=f"needs {number} more")
        await bench.steward.round()
    assert await bench.kinds() == []
    assert bench.at().state.reason == "needs 2 more"


async def test_an_endpoint_that_is_not_auto_is_not_promoted(dsn: str, tmp_path: Path) -> None:
    bench = Bench(dsn, tmp_path, endpoint(auto=False))
    await bench.look()
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    assert bench.at().state.percent == 0
    await bench.store.close()


async def test_a_rollback_latches_and_is_retried_when_it_is_due(bench: Bench) -> None:
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    bench.ports.said = Said(EventKind.ROLL_BACK, "3 % mismatches", to_zero=True)
    await bench.steward.round()
    bench.ports.said = Said()
    assert (bench.at().state.status, bench.at().state.percent) == (Status.BACKING_OFF, 0)
    bench.now += 601
    await bench.steward.round()
    assert await bench.kinds() == ["promote", "roll back", "retry due"]


async def test_the_judge_waits_while_the_store_is_away(bench: Bench) -> None:
    bench.keeper.lost(StoreLost("gone"))
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    assert bench.at().state.percent == 0


async def test_without_the_store_a_rollback_is_journalled_and_becomes_a_row_later(bench: Bench) -> None:
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    bench.store.away, bench.ports.said = True, Said(EventKind.ROLL_BACK, "errors", to_zero=True)
    await bench.steward.round()
    assert bench.at().state.percent == 0
    assert [one.who for one in bench.journal.read()] == ["judge"]
    bench.store.away, bench.ports.said = False, Said()
    await bench.look()
    assert await bench.kinds() == ["promote", "roll back"]
    assert bench.journal.read() == []
    assert bench.at().state.percent == 0


async def test_without_the_store_a_person_may_go_down_and_not_up(bench: Bench) -> None:
    await bench.steward.order("contact", Event(EventKind.ORDER_SET, "try", percent=500), "ann")
    bench.store.away = True
    with pytest.raises(NotNow, match="PostgreSQL is away"):
        await bench.steward.order("contact", Event(EventKind.ORDER_PROMOTE, "up"), "ann")
    assert "0 %" in await bench.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "down"), "ann")
    bench.store.away = False
    await bench.look()
    assert await bench.kinds() == ["order: set", "order: rollback"]


async def test_evidence_in_memory_survives_an_outage_of_the_store(bench: Bench) -> None:
    bench.steward.observe("contact", 1, Suspected(key_hash=7, at=NOW))
    bench.keeper.lost(StoreLost("gone"))
    await bench.look()
    assert bench.at().window.suspects == {7: bench.at().window.suspects[7]}


async def test_saved_evidence_goes_on_after_a_restart(bench: Bench, dsn: str, tmp_path: Path) -> None:
    bench.steward.observe("contact", 1, Suspected(key_hash=7, at=NOW))
    await bench.keeper.save(bench.steward.saved_windows())
    await bench.steward.order("contact", Event(EventKind.ORDER_HOLD, "wait"), "ann")
    await bench.store.close()
    again = Bench(dsn, tmp_path)
    await again.look()
    assert 7 in again.at().window.suspects
    assert again.at().state.status is Status.HELD
    await again.store.close()


async def test_observations_of_another_window_are_ignored(bench: Bench) -> None:
    assert not bench.steward.observe("contact", 2, Suspected(key_hash=7, at=NOW))
    assert not bench.steward.observe("nobody", 1, Suspected(key_hash=7, at=NOW))


async def test_tallies_of_workers_go_to_their_window(bench: Bench) -> None:
    counts = Counts(0, NOW, served={"contact": {"1": {"legacy": 5}, "9": {"legacy": 7}}})
    counts.lost = {"contact": {"1": {"in flight": 2}}}
    bench.steward.counted(counts)
    assert bench.at().window.tallies.reported == {"legacy": 5}
    assert bench.at().window.tallies.missing == {"in flight": 2}


async def test_an_open_breaker_holds_and_lets_go_when_all_have_closed(bench: Bench) -> None:
    for worker in (0, 1):
        bench.fleet.hello(Hello(worker, 1))
        bench.fleet.breaker(BreakerMoved(worker, "connectra", "open", NOW))
    await bench.steward.round()
    assert bench.at().state.status is Status.HELD
    bench.fleet.breaker(BreakerMoved(0, "connectra", "closed", NOW + 1))
    await bench.steward.round()
    assert bench.at().state.status is Status.HELD
    bench.fleet.breaker(BreakerMoved(1, "connectra", "closed", NOW + 2))
    await bench.steward.round()
    assert bench.at().state.status is Status.SHADOWING
    assert bench.fleet.outages == {}


async def test_an_outage_between_two_rounds_is_not_missed(bench: Bench) -> None:
    bench.fleet.hello(Hello(0, 1))
    bench.fleet.breaker(BreakerMoved(0, "connectra", "open", NOW))
    bench.fleet.breaker(BreakerMoved(0, "connectra", "closed", NOW + 0.5))
    await bench.steward.round()
    assert await bench.kinds() == ["breaker opened", "breaker closed"]


async def test_a_flag_that_goes_off_holds_until_it_is_on(bench: Bench) -> None:
    for bench.ports.flag in (False, False, True):
        await bench.steward.round()
    assert await bench.kinds() == ["flag off", "flag on"]


async def test_an_edit_of_percent_is_an_order_once(bench: Bench) -> None:
    await bench.steward.configure(config(endpoint(percent=500)))
    await bench.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "no"), "ann")
    await bench.steward.order("contact", Event(EventKind.ORDER_RESUME, "yes"), "ann")
    await bench.steward.configure(config(endpoint(percent=0)))
    assert await bench.kinds() == ["file order", "order: rollback", "order: resume"]


async def test_an_edit_elsewhere_does_not_undo_an_order_whose_write_back_is_still_to_come(bench: Bench) -> None:
    await bench.steward.order("contact", Event(EventKind.ORDER_SET, "go", percent=500), "ann")
    await bench.steward.configure(config(endpoint(percent=0, read_your_writes=1.0)))
    assert bench.at().state.percent == 500


async def test_a_refused_order_is_tried_again_with_the_next_edit(bench: Bench) -> None:
    await bench.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "no"), "ann")
    await bench.steward.configure(config(endpoint(percent=500)))
    await bench.steward.order("contact", Event(EventKind.ORDER_RESUME, "yes"), "ann")
    await bench.steward.configure(config(endpoint(percent=500, read_your_writes=1.0)))
    assert bench.at().state.percent == 500


async def test_a_file_does_not_raise_what_is_latched_and_says_why(bench: Bench) -> None:
    await bench.steward.order("contact", Event(EventKind.ORDER_SET, "go", percent=500), "ann")
    await bench.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "no"), "ann")
    await bench.steward.configure(config(endpoint(percent=500)))
    assert bench.at().state.percent == 0
    assert "latched" in (bench.at().refused or "")
    latch = bench.at().state.latch
    await bench.steward.configure(config(endpoint(percent=500, acknowledge=latch)))
    assert bench.at().state.percent == 500


async def test_an_edit_of_the_gates_restarts_the_evidence(bench: Bench) -> None:
    await bench.steward.configure(config(endpoint(ladder=(5_000, 10_000))))
    assert await bench.kinds() == ["file edited"]
    assert bench.at().window.number == 2


async def test_gates_that_were_edited_while_we_were_away_restart_the_evidence(
    bench: Bench, dsn: str, tmp_path: Path
) -> None:
    await bench.keeper.save(bench.steward.saved_windows())
    await bench.steward.order("contact", Event(EventKind.ORDER_SET, "go", percent=500), "ann")
    await bench.keeper.save(bench.steward.saved_windows())
    await bench.store.close()
    again = Bench(dsn, tmp_path, endpoint(percent=500, thresholds=Thresholds(block=5.0)))
    await again.look()
    assert (await again.kinds(), again.at().window.number) == (["order: set", "file edited"], 3)
    assert again.at().window.thresholds.block == 5.0
    await again.store.close()


async def test_an_endpoint_with_effects_is_not_raised_while_they_can_not_be_made(dsn: str, tmp_path: Path) -> None:
    bench = Bench(dsn, tmp_path, endpoint(effects=True, percent=100))
    await bench.look()
    assert "stays in shadow: no table" in (bench.at().refused or "")
    with pytest.raises(IllegalTransition, match="no table"):
        await bench.steward.order("contact", Event(EventKind.ORDER_OVERRIDE, "go"), "ann")
    bench.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    assert bench.at().state.percent == 0
    await bench.store.close()


async def test_the_file_s_percent_is_in_force_once_effects_can_be_made(dsn: str, tmp_path: Path) -> None:
    bench = Bench(dsn, tmp_path, endpoint(effects=True, percent=100))
    await bench.look()
    bench.ports.effects = None
    await bench.steward.effects_changed()
    assert (bench.at().state.percent, bench.at().refused) == (100, None)
    await bench.store.close()


async def test_an_endpoint_with_effects_may_always_be_lowered(dsn: str, tmp_path: Path) -> None:
    bench = Bench(dsn, tmp_path, endpoint(effects=True, percent=100))
    bench.ports.effects = None
    await bench.look()
    bench.ports.effects = "no table"
    await bench.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "no", to_zero=True), "ann")
    assert bench.at().state.percent == 0
    await bench.store.close()


async def test_another_analyst_follows_and_does_not_judge(bench: Bench, dsn: str, tmp_path: Path) -> None:
    follower = Bench(dsn, tmp_path)
    await follower.look()
    assert follower.keeper.epoch is None
    bench.ports.said = follower.ports.said = Said(EventKind.PROMOTE)
    await bench.steward.round()
    await follower.steward.round()
    assert follower.at().state == bench.at().state
    await follower.steward.order("contact", Event(EventKind.ORDER_ROLLBACK, "stop"), "ann")
    assert (await bench.store.states())["contact"].percent == 0
    await follower.store.close()


async def test_states_and_evidence_can_be_written_down_locally(bench: Bench, tmp_path: Path) -> None:
    from proxy.analyst.state import SnapshotFile

    file = SnapshotFile(tmp_path / "steward.json")
    states = {name: one.state for name, one in bench.steward.standings.items()}
    file.write(states, bench.steward.saved_windows())
    found = file.read()
    assert found.states == states
    assert json.dumps(found.windows["contact"].evidence) == json.dumps(bench.at().window.to_json())
    assert replace(found.windows["contact"], saved_at=0).number == 1
