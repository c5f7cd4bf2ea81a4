"""Keeps states where they are durable: in the store while it answers, in the journal while it is away.

Without the store nothing climbs: only moves down and holds are made, each on disk before it takes effect, and they
become audit rows, in their order, when the store is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from proxy.store import Change, Fenced, NotNow, SavedWindow, SchemaMismatch, Store, StoreLost
from proxy.store.journal import Journal
from rollout.facts import Unreadable
from rollout.states import EndpointState, EventKind

log = logging.getLogger("crossfade.store")
LOOK = 1.0
"""Seconds between two looks at the store."""
LONGEST_WAIT = 5.0
REMIND = 30.0
"""Seconds after which an outage that goes on is said again."""

NEEDS_STORE = frozenset({EventKind.PROMOTE, EventKind.RETRY_DUE, EventKind.ORDER_RESUME, EventKind.ACKNOWLEDGE})

Returned = Callable[[Mapping[str, EndpointState], Mapping[str, SavedWindow]], Awaitable[None]]


class Keeper:
    """The store with its absences. `epoch` is not None while this analyst leads the fleet."""

    def __init__(self, store: Store, journal: Journal, now: Callable[[], float]) -> None:
        self._store = store
        self._journal = journal
        self._now = now
        self._spoken_at = 0.0
        self.ok = False
        self.error: str | None = "not connected yet"
        self.epoch: int | None = None

    @property
    def leads(self) -> bool:
        """Whether this analyst may let its judge write."""
        return self.ok and self.epoch is not None

    async def run(self, returned: Returned) -> None:
        """Looks after the store until cancelled. `returned` is called with what it holds when it can be used
        (again), after the journal has been replayed."""
        wait = LOOK
        while True:
            fine = await self.look(returned)
            wait = LOOK if fine else min(wait * 1.5, LONGEST_WAIT)
            await asyncio.sleep(wait)

    async def look(self, returned: Returned) -> bool:
        """One look: connect if need be, replay, take or keep the lead. Says whether the store is there."""
        try:
            if not self.ok:
                await self._store.open()
                await self._replay()
                self.epoch = await self._store.lead()
                states, windows = await self._store.states(), await self._store.load_windows()
                self._found()
                await returned(states, windows)
            else:
                self.epoch = await self._store.lead()
        except (StoreLost, SchemaMismatch, Unreadable, Fenced) as error:
            self.lost(error)
        return self.ok

    async def apply(self, change: Change, *, by_judge: bool) -> None:
        """Makes a change durable; when this returns it is. Raises `NotNow` or `Fenced`: it is not made then.

        Raises OSError when not even the journal can be written.
        """
        if self.ok:
            if by_judge and self.epoch is None:
                raise NotNow("another analyst judges")
            try:
                await self._store.apply(change, self.epoch if by_judge else None)
                return
            except StoreLost as error:
                self.lost(error)
        if not _downward(change):
            raise NotNow("PostgreSQL is away: until it is back only moves down are made")
        if change.transition is not None:
            self._journal.append(replace(change, journalled=True, write_back=None))

    async def followed(self) -> dict[str, EndpointState] | None:
        """The states as the leader wrote them; None while the store is away."""
        try:
            return await self._store.states() if self.ok else None
        except StoreLost as error:
            self.lost(error)
            return None

    async def save(self, windows: Mapping[str, SavedWindow]) -> None:
        """Saves evidence, if the store is there and we lead; else it stays in memory until the next time."""
        if not self.leads:
            return
        try:
            await self._store.save_windows(windows)
        except StoreLost as error:
            self.lost(error)

    def lost(self, error: Exception) -> None:
        """The store has just failed: from now on moves are journalled."""
        now = self._now()
        if self.ok or now - self._spoken_at >= REMIND or self._spoken_at == 0.0:
            self._spoken_at = now
            log.error("the store is away: %s; nothing is promoted until it is back, moves down are journalled", error)
        self.ok, self.error, self.epoch = False, str(error), None

    def _found(self) -> None:
        log.info("the store is there%s", "; this analyst judges" if self.epoch is not None else "; another one judges")
        self.ok, self.error, self._spoken_at = True, None, 0.0

    async def _replay(self) -> None:
        changes = self._journal.read()
        for change in changes:
            await self._store.apply(change, None)
            self._journal.drop(1)
        if changes:
            log.info("%d moves made while the store was away are in the audit now", len(changes))


def _downward(change: Change) -> bool:
    transition = change.transition
    if transition is None:
        return True
    return transition.kind not in NEEDS_STORE and transition.percent_to <= transition.percent_from
