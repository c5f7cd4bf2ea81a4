"""The routing table goes out: at once when something changed, and every few seconds to renew its lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from proxy.frames import Kind, pack
from proxy.store.journal import write_atomically
from rollout.facts import Unreadable
from rollout.table import Table, from_bytes, to_bytes

log = logging.getLogger("crossfade.broadcast")
RENEW = 5.0
"""Seconds between two renewals; the lease (`blind_after`) is a multiple of it."""


class Workers(Protocol):
    """Where frames for all workers go (`analyst.intake`)."""

    def broadcast(self, frame: bytes) -> None:
        """Hands the frame to every connected worker; never waits."""


def last_epoch(path: Path) -> int:
    """The epoch of the last-known-good table, 0 without one. An unreadable file is said and counts as none."""
    try:
        return from_bytes(path.read_bytes()).epoch
    except FileNotFoundError:
        return 0
    except (Unreadable, OSError) as error:
        log.warning("the last-known-good table can not be read, a new one is made: %s", error)
        return 0


class Broadcast:
    """Compiles with `compile_(epoch, now)`, writes the last-known-good file, and hands the frame to the workers."""

    def __init__(
        self, compile_: Callable[[int, float], Table], workers: Workers, path: Path, now: Callable[[], float]
    ) -> None:
        self._compile = compile_
        self._workers = workers
        self._path = path
        self._now = now
        self._changed = asyncio.Event()
        self._saved: Table | None = None
        self.epoch = last_epoch(path)
        self.ready = False
        """Nothing is sent before the states are known: a table of zeros would throw everybody back to legacy."""

    def changed(self) -> None:
        """Something that the table is made of is different: send the next one at once."""
        self._changed.set()

    def above(self, epoch: int) -> None:
        """A worker has a table of this epoch: ours must be newer."""
        if epoch > self.epoch:
            self.epoch = epoch
            self.changed()

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), RENEW)
            except TimeoutError:
                log.debug("renewing the lease")
            self._changed.clear()
            self.send()

    def send(self) -> None:
        """Sends now: under the next epoch if it differs from the last one, else as a renewal."""
        if not self.ready:
            return
        now = self._now()
        table = self._compile(self.epoch, now)
        if self._saved is None or _content(table) != _content(self._saved) or self._saved.epoch != self.epoch:
            self.epoch += 1
            table = self._compile(self.epoch, now)
        self._workers.broadcast(pack(Kind.TABLE, to_bytes(table)))
        self._saved = table
        try:
            write_atomically(self._path, to_bytes(table))
        except OSError as error:
            log.error("%s can not be written (%s): workers that start now get an older table", self._path, error)


def _content(table: Table) -> tuple[object, ...]:
    return (table.legacy, table.candidates, table.routes, table.digest, table.lease, table.trusted_proxies)
