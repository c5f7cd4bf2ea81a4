"""The analyst's room: steward, store, fleet, recorder, broadcast and metrics together, and what each hears of others.

What decides (judge, compiler, flags, file) comes in as `Decisions`, what carries frames as `Workers`; so all of this
runs in a test without a process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from proxy.analyst.broadcast import Broadcast, Workers
from proxy.analyst.fleet import Fleet
from proxy.analyst.metrics import Metrics
from proxy.analyst.metrics_figures import Figures
from proxy.analyst.recorder import Recorder
from proxy.analyst.state import Ruling, SnapshotFile, Standing
from proxy.analyst.state_keeper import Keeper
from proxy.analyst.steward import Steward
from proxy.config_file import Outcome
from proxy.frames import BreakerMoved, Counts, Hello
from proxy.store import Store, StoreLost, WriteBack
from proxy.store.journal import Journal
from rollout.facts import Unreadable
from rollout.model import Config, Endpoint
from rollout.observations import Compared, Observation, Sides
from rollout.states import Cause, EndpointState, Event
from rollout.table import Table

log = logging.getLogger("crossfade.analyst")
SAVE = 10.0
"""Seconds between two saves of the evidence: what a killed analyst loses at most."""
ENOUGH = 200
"""Latencies of legacy from which its p99 is believed."""


class Decisions(Protocol):
    """What is decided elsewhere, purely or from a file."""

    def judge(self, standing: Standing, others: Mapping[str, Standing], now: float) -> Ruling:
        """The ruling on one endpoint among the others (phases gate their successors)."""

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        """What the ruling can be replayed from."""

    def may_serve(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint's flags are on."""

    def why_no_effects(self) -> str | None:
        """Why the gateway can not make effects on legacy now; None when it can."""

    def table(
        self, config: Config, states: Mapping[str, EndpointState], epoch: int, now: float, p99: Mapping[str, float]
    ) -> Table:
        """The routing table; `p99` is legacy's, by endpoint, seconds."""

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        """The file's edit that shows this percent, if there is one to make."""

    def complete(self, pending: WriteBack) -> str:
        """Makes the edit, unless the file is not what it was; says what came of it. Blocking."""

    def draw(self) -> float:
        """A number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Files of the analyst."""

    table: Path
    journal: Path
    snapshot: Path


class Room:
    """One analyst. Frames and findings come in by its methods; `run` does the rest."""

    def __init__(
        self, config: Config, decisions: Decisions, store: Store, workers: Workers, places: Places,
        now: Callable[[], float], every: float = 1.0,
    ) -> None:  # fmt: skip
        self._decisions, self._store, self._now, self._every = decisions, store, now, every
        self._snapshot = SnapshotFile(places.snapshot)
        self.fleet, self.metrics, self.figures = Fleet(), Metrics(), Figures()
        self.keeper = Keeper(store, Journal(places.journal), now)
        self.steward = Steward(config, self.keeper, self.fleet, self, now)
        self.recorder = Recorder(store, now)
        self.broadcast = Broadcast(self._table, workers, places.table, now)
        self.config_error: str | None = None
        self.loaded_at = now()
        self.late = 0
        """Observations that came for a window that was not open any more."""

    # -- what the steward asks -----------------------------------------------------------------------------------

    def judge(self, standing: Standing, now: float) -> Ruling:
        return self._decisions.judge(standing, self.steward.standings, now)

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        return self._decisions.evidence(standing, now)

    def may_serve(self, endpoint: Endpoint) -> bool:
        return self._decisions.may_serve(endpoint)

    def why_no_effects(self) -> str | None:
        return self._decisions.why_no_effects()

    def changed(self) -> None:
        self.broadcast.changed()

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        return self._decisions.write_back(endpoint, percent)

    def draw(self) -> float:
        return self._decisions.draw()

    def _table(self, epoch: int, now: float) -> Table:
        states = {name: one.state for name, one in self.steward.standings.items()}
        return self._decisions.table(self.steward.config, states, epoch, now, self.p99())

    def p99(self) -> dict[str, float]:
        """Legacy's recent p99 by endpoint, where enough of it was seen; seconds."""
        found = {}
        for name, standing in self.steward.standings.items():
            reference = standing.window.reference
            value = reference.quantiles({"p99": 0.99}).get("p99")
            if value is None and reference.current.size >= ENOUGH:
                value = reference.current.quantile(0.99)
            if value is not None:
                found[name] = value
        return found

    # -- what the desk asks ----------------------------------------------------------------------------------------

    @property
    def config(self) -> Config:
        return self.steward.config

    @property
    def shown(self) -> Mapping[str, Standing]:
        return self.steward.standings

    async def order(self, endpoint: str, event: Event, who: str) -> str:
        return await self.steward.order(endpoint, event, who)

    def general(self) -> dict[str, Any]:
        """What /status says beside the endpoints."""
        return {
            "breakers": {name: "open" if one.until is None else "closed" for name, one in self.fleet.outages.items()},
            "workers": [
                {"index": one.index, "pid": one.pid, "epoch": one.epoch, "blind": one.blind, "in_flight": one.in_flight}
                for _, one in sorted(self.fleet.workers.items())
            ],
            "epoch": self.broadcast.epoch,
            "config": {"ok": self.config_error is None, "error": self.config_error, "loaded_at": self.loaded_at},
            "blind": self.fleet.blind,
            "store": {"ok": self.keeper.ok, "error": self.keeper.error, "leads": self.keeper.leads},
        }

    def health(self) -> dict[str, Any]:
        """`ok`, `degraded` (clients are served, something waits) or `failing` (nobody forwards as configured)."""
        general = self.general()
        failing = not general["workers"] or general["blind"]
        fine = general["config"]["ok"] and general["store"]["ok"] and not general["breakers"]
        status = "failing" if failing else "ok" if fine else "degraded"
        return {"status": status, **self.figures.five(self._now()).to_json(), **general}

    # -- what workers and comparers say -----------------------------------------------------------------------------

    def hello(self, hello: Hello) -> None:
        """A worker connected: it needs a table above the one that it has."""
        self.fleet.hello(hello)
        self.broadcast.above(hello.epoch)
        self.broadcast.changed()

    def gone(self, worker: int) -> None:
        """A worker disconnected."""
        self.fleet.gone(worker, self._now())

    def counts(self, counts: Counts) -> None:
        """A worker's counts."""
        self.fleet.counts(counts)
        self.steward.counted(counts)
        self.metrics.counted(counts)

    def breaker(self, moved: BreakerMoved) -> None:
        """A worker's breaker moved."""
        self.fleet.breaker(moved)

    def observe(self, endpoint: str, window: int, observation: Observation) -> None:
        """An exchange, a suspicion or a final verdict of a window."""
        if not self.steward.observe(endpoint, window, observation):
            self.late += 1
        if isinstance(observation, Sides):
            self.figures.seen(observation)
        elif isinstance(observation, Compared):
            self.metrics.add("crossfade_verdicts_total", 1, endpoint, observation.outcome.value)

    def lost(self, endpoint: str, window: int, reason: str, times: int = 1) -> None:
        """Exchanges that were lost on this side of the socket."""
        self.metrics.add("crossfade_lost_total", times, endpoint, reason)
        standing = self.steward.standings.get(endpoint)
        if standing is not None and standing.window.number == window:
            standing.window.lost(reason, times)

    async def configure(self, config: Config) -> None:
        """A new rollout.yaml is in force."""
        self.config_error, self.loaded_at = None, self._now()
        await self.steward.configure(config)

    # -- running ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Works until cancelled; then saves what is in memory."""
        try:
            snapshot = self._snapshot.read()
            self.steward.begin(snapshot.states, snapshot.windows)
        except Unreadable as error:
            log.warning("%s", error)
            self.steward.begin({}, {})
        await self.keeper.look(self.steward.returned)
        self.broadcast.ready = True
        self.broadcast.changed()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.keeper.run(self.steward.returned), name="store")
                tasks.create_task(self.broadcast.run(), name="broadcast")
                tasks.create_task(self.recorder.run(self._retention), name="recorder")
                tasks.create_task(self._rounds(), name="rounds")
        finally:
            await asyncio.shield(self.save())

    async def save(self) -> None:
        """Saves evidence and findings, in the store and locally."""
        windows = self.steward.saved_windows()
        await self.keeper.save(windows)
        await self.recorder.flush()
        try:
            self._snapshot.write({name: one.state for name, one in self.steward.standings.items()}, windows)
        except OSError as error:
            log.error("the local copy of the evidence can not be written: %s", error)

    async def _rounds(self) -> None:
        saved_at = self._now()
        while True:
            await self.steward.round()
            self.show()
            await self._write_backs()
            if self._now() - saved_at >= SAVE:
                saved_at = self._now()
                await self.save()
            await asyncio.sleep(self._every)

    async def _write_backs(self) -> None:
        if not self.keeper.leads:
            return
        try:
            for pending in await self._store.write_backs():
                outcome = await asyncio.to_thread(self._decisions.complete, pending)
                log.info("write-back of %s: %s", pending.endpoint, outcome)
                if outcome == Outcome.DISK_FULL:  # it stays pending, and is tried again in the next round
                    return
                done = WriteBack(pending.endpoint, pending.percent, "", "", pending.id, outcome)
                await self._store.write_backs(done)
        except StoreLost as error:
            self.keeper.lost(error)

    def _retention(self) -> tuple[float, int]:
        return self.config.retention_age, self.config.retention_bytes

    def show(self) -> None:
        """Brings the gauges up to date."""
        metrics = self.metrics
        for name in ("crossfade_percent", "crossfade_window", "crossfade_held", "crossfade_breaker_open"):
            metrics.clear(name)
        for name, standing in self.steward.standings.items():
            metrics.set("crossfade_percent", standing.state.percent / 100, name)
            metrics.set("crossfade_window", standing.state.window, name)
            metrics.set("crossfade_lag_seconds", standing.window.lags.quantile(0.99), name)
            for cause in Cause:
                metrics.set("crossfade_held", cause in standing.state.held_by, name, cause.value)
        for endpoint in self.config.endpoints:
            is_out = endpoint.candidate in self.fleet.open_breakers()
            metrics.set("crossfade_breaker_open", is_out, endpoint.candidate)
        metrics.set("crossfade_table_epoch", self.broadcast.epoch)
        metrics.set("crossfade_blind", self.fleet.blind)
        metrics.set("crossfade_workers", len(self.fleet.workers))
        metrics.set("crossfade_config_ok", self.config_error is None)
        metrics.set("crossfade_store_ok", self.keeper.ok)
        metrics.set("crossfade_leader", self.keeper.leads)
        self.figures.five(self._now()).show(metrics)
