"""The judging rounds: evidence → ruling → move → durable → new routing table, endpoint by endpoint.

Moves of judge, persons, file, flags and breakers pass through one place (`_move`) under one lock: a move is first
made durable, then it takes effect. Everything that decides is pure and lives in `rollout`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from proxy.analyst.fleet import Fleet
from proxy.analyst.state import Ruling, Standing, fresh_window
from proxy.analyst.state_keeper import Keeper
from proxy.frames import Counts
from proxy.store import Change, Fenced, NotNow, SavedWindow, WriteBack
from rollout.compile import orders
from rollout.effects import why_not
from rollout.evidence import Window
from rollout.facts import Unreadable
from rollout.machine import Cause, EndpointState, Event, EventKind, IllegalTransition, advance
from rollout.model import Config, Endpoint
from rollout.observations import Observation
from rollout.sides import Side
from rollout.states import Status

log = logging.getLogger("crossfade.steward")
JUDGE = "judge"
FILE = "rollout.yaml"


class Ports(Protocol):
    """What the steward needs of the rest of the analyst."""

    def judge(self, standing: Standing, now: float) -> Ruling:
        """The ruling on an endpoint's evidence (pure)."""

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        """What that ruling can be replayed from, as plain JSON."""

    def may_serve(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint's flags are on."""

    def why_no_effects(self) -> str | None:
        """Why the gateway can not make effects on legacy now; None when it can."""

    def changed(self) -> None:
        """The routing table must be made anew."""

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        """The file's edit that shows this percent; None where the file is read-only or shows it already."""

    def draw(self) -> float:
        """A number in [0, 1) that spreads retries."""


class Steward:
    """All endpoints of one configuration. Times are Unix seconds."""

    def __init__(self, config: Config, keeper: Keeper, fleet: Fleet, ports: Ports, now: Callable[[], float]) -> None:
        self.config = config
        self.standings: dict[str, Standing] = {}
        self._keeper = keeper
        self._fleet = fleet
        self._ports = ports
        self._now = now
        self._lock = asyncio.Lock()

    # -- evidence -----------------------------------------------------------------------------------------------

    def observe(self, endpoint: str, window: int, observation: Observation) -> bool:
        """Takes one observation; False when it belongs to another window than the open one."""
        standing = self.standings.get(endpoint)
        if standing is None or standing.window.number != window:
            return False
        standing.window.observe(observation)
        return True

    def counted(self, counts: Counts) -> None:
        """Takes a worker's tallies: who was served by whom, and what was lost on the way."""
        for name, standing in self.standings.items():
            number = str(standing.window.number)
            for side, times in counts.served.get(name, {}).get(number, {}).items():
                standing.window.served(Side(side), times)
            for reason, times in counts.lost.get(name, {}).get(number, {}).items():
                standing.window.lost(reason, times)

    def saved_windows(self) -> dict[str, SavedWindow]:
        """The evidence of all windows as JSON."""
        now = self._now()
        return {
            name: SavedWindow(one.window.number, now, one.window.to_json()) for name, one in self.standings.items()
        }

    # -- beginning and coming back --------------------------------------------------------------------------------

    def begin(self, states: Mapping[str, EndpointState], windows: Mapping[str, SavedWindow]) -> None:
        """Starts from what was known last; an endpoint that nobody knows begins at 0 %."""
        for endpoint in self.config.endpoints:
            state = states.get(endpoint.name) or EndpointState.initial(0, self._now())
            window = self._window(endpoint, state, windows.get(endpoint.name), None)
            self.standings[endpoint.name] = Standing(endpoint, state, window)

    async def returned(self, states: Mapping[str, EndpointState], windows: Mapping[str, SavedWindow]) -> None:
        """The store is there: its states are in force. Evidence in memory stays if it is of the same window."""
        async with self._lock:
            for name, standing in self.standings.items():
                state = states.get(name)
                if state is not None:
                    self._adopt(standing, state, windows.get(name))
            await self._take_orders(None)
        self._ports.changed()

    async def follow(self) -> None:
        """As one of several analysts that does not judge: takes over what the leader decided."""
        async with self._lock:
            states = await self._keeper.followed()
            for name, standing in self.standings.items():
                state = (states or {}).get(name)
                if state is not None and state != standing.state:
                    self._adopt(standing, state, None)
                    self._ports.changed()

    def _adopt(self, standing: Standing, state: EndpointState, saved: SavedWindow | None) -> None:
        standing.state = state
        standing.window = self._window(standing.config, state, saved, standing.window)

    def _window(
        self, endpoint: Endpoint, state: EndpointState, saved: SavedWindow | None, current: Window | None
    ) -> Window:
        if current is not None and current.number == state.window and current.mismatch.n:
            return current
        if saved is not None and saved.number == state.window:
            try:
                return Window.from_json(saved.evidence)
            except Unreadable as error:
                log.error("%s: the saved evidence can not be read, it is gathered anew: %s", endpoint.name, error)
        if current is not None and current.number == state.window:
            return current
        reference = current.reference if current is not None else None
        return fresh_window(endpoint, state, self._now(), len(self.config.endpoints), reference)

    # -- rounds -------------------------------------------------------------------------------------------------

    async def round(self) -> None:
        """One look at every endpoint."""
        leads = self._keeper.leads or not self._keeper.ok
        if not leads:
            await self.follow()
        async with self._lock:
            for standing in self.standings.values():
                now = self._now()
                standing.window.settle(now)
                standing.ruling = self._ports.judge(standing, now)
                if leads:
                    await self._look(standing, now)
            for candidate in list(self._fleet.outages):
                self._fleet.settle(candidate)

    async def _look(self, standing: Standing, now: float) -> None:
        for event in self._circumstances(standing, now):
            await self._try(standing, event, JUDGE)
        ruling = standing.ruling
        if ruling is None:
            return
        kind = EventKind(ruling.kind.value)
        if kind is EventKind.PROMOTE and not self._may_promote(standing):
            return
        event = Event(kind, reason=ruling.reason, to_zero=ruling.to_zero)
        await self._try(standing, event, JUDGE, ruling)

    def _may_promote(self, standing: Standing) -> bool:
        endpoint = standing.config
        arranged = why_not(endpoint, self._ports.why_no_effects()) is None
        return endpoint.auto and self._keeper.leads and standing.state.climbing and arranged

    def _circumstances(self, standing: Standing, now: float) -> list[Event]:
        """Flags, breakers and retries, by level: a restart or a missed message can lose none of them."""
        state, endpoint, events = standing.state, standing.config, list[Event]()
        may_serve = self._ports.may_serve(endpoint)
        if may_serve == (Cause.FLAG in state.held_by):
            kind = EventKind.FLAG_ON if may_serve else EventKind.FLAG_OFF
            events.append(Event(kind, f"a flag of phase {endpoint.phase} is {'on' if may_serve else 'off'}"))
        outage = self._fleet.outages.get(endpoint.candidate)
        held = Cause.BREAKER in state.held_by
        if outage is not None:
            if not held:
                events.append(Event(EventKind.BREAKER_OPENED, f"the breaker of {endpoint.candidate} is open"))
            standing.window.outage(outage.since, outage.until or now)
        if (held or outage is not None) and (outage is None or outage.until is not None):
            events.append(Event(EventKind.BREAKER_CLOSED, f"the breaker of {endpoint.candidate} is closed"))
        due = state.retry_at is not None and now >= state.retry_at
        if state.status is Status.BACKING_OFF and due and self._keeper.leads:
            events.append(Event(EventKind.RETRY_DUE, f"retry {state.retries + 1} of {endpoint.retries}"))
        return events

    # -- orders -------------------------------------------------------------------------------------------------

    async def order(self, endpoint: str, event: Event, who: str) -> str:
        """A person's order; returns in words what happened. Raises IllegalTransition, NotNow or Fenced."""
        async with self._lock:
            return await self._move(self.standings[endpoint], event, who)

    async def configure(self, config: Config) -> None:
        """A new file is in force: its edits of percents are orders, its other edits restart the evidence."""
        async with self._lock:
            (before, edited), self.config = (self.standings, self.config), config
            stored = await self._keeper.followed() or {}  # an endpoint that was taken out once may come again
            self.standings = {}
            self.begin({**stored, **{name: one.state for name, one in before.items()}}, {})
            for name, standing in self.standings.items():
                old = before.get(name)
                if old is None:
                    continue
                standing.window, standing.ruling, standing.refused = old.window, old.ruling, old.refused
            await self._take_orders(edited)
        self._ports.changed()

    async def effects_changed(self) -> None:
        """Effects can be made now, or can not any more: what the file asks for is looked at again."""
        async with self._lock:
            await self._take_orders(None)
        self._ports.changed()

    async def _take_orders(self, before: Config | None) -> None:
        """Does what the file asks for, and restarts evidence that was gathered against other thresholds."""
        states = {name: standing.state for name, standing in self.standings.items()}
        again = {name for name, standing in self.standings.items() if standing.refused}
        for standing in self.standings.values():
            standing.refused = None
        for name, event in list(orders(self.config, states, before, again)):
            refused = await self._try(self.standings[name], event, FILE)
            if event.kind is EventKind.FILE_ORDER:
                self.standings[name].refused = refused
        for standing in self.standings.values():
            if standing.window.thresholds != standing.config.thresholds:
                edited = Event(EventKind.FILE_EDITED, "its gates were edited while we were away")
                await self._try(standing, edited, FILE)

    async def _try(self, standing: Standing, event: Event, who: str, ruling: Ruling | None = None) -> str | None:
        """A move that may be refused; returns why it was."""
        try:
            await self._move(standing, event, who, ruling)
        except (IllegalTransition, NotNow, Fenced) as error:
            level = logging.DEBUG if who == JUDGE else logging.WARNING
            log.log(level, "%s: `%s` by %s is not made: %s", standing.config.name, event.kind, who, error)
            return str(error)
        except OSError as error:
            why = f"the journal can not be written: {error}"
            log.error("%s: `%s` is not made, %s", standing.config.name, event.kind, why)
            return why
        return None

    async def _move(self, standing: Standing, event: Event, who: str, ruling: Ruling | None = None) -> str:
        endpoint, now, before = standing.config, self._now(), standing.state
        step = advance(before, event, standing.climb, now=now, draw=self._ports.draw())
        why = why_not(endpoint, self._ports.why_no_effects())
        if why is not None and step.state.percent > before.percent:
            raise IllegalTransition(f"{endpoint.name} has effects on legacy and stays in shadow: {why}")
        if step.transition is None and step.state.last_order == before.last_order:
            standing.state = step.state  # only words: they need no disk
            return "nothing to change"
        moved = step.state.percent != before.percent
        back = self._ports.write_back(endpoint.name, step.state.percent) if moved and who != FILE else None
        evidence = self._ports.evidence(standing, now) if ruling is not None else None
        change = Change(
            endpoint.name, now, who, step.state, step.transition, evidence,
            ruling.judge if ruling is not None else None, back,
        )  # fmt: skip
        await self._keeper.apply(change, by_judge=who == JUDGE)
        standing.state = step.state
        if step.state.window != standing.window.number:
            standing.reopen(now, len(self.config.endpoints))
        self._ports.changed()
        return _said(endpoint.name, change)


def _said(name: str, change: Change) -> str:
    transition = change.transition
    if transition is None:
        return "noted"
    text = f"{transition.percent_from / 100:g} % → {transition.percent_to / 100:g} %, {transition.status_to}"
    log.info("%s: %s by %s: %s: %s", name, transition.kind, change.who, text, transition.reason)
    return f"{text}; bypassed evidence: {transition.bypassed}" if transition.bypassed else text

