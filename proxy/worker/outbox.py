"""Effects of which nobody knows whether they were made: kept on disk, and ordered again by key until they are.

Each worker has the files that it wrote, and takes them up again at its next start; those of workers that are no more
are the first worker's. That an order is sent once too often changes nothing: the key has been used then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import time

from proxy.store.journal import write_atomically
from proxy.worker.orders import NotSent, Order, Orders, Refused, Unsure
from proxy.worker.tally import Tally

log = logging.getLogger("crossfade.worker")
MOST = 1_000
"""Orders of one worker that may wait; beyond it new requests are legacy's."""
OLDEST = 7 * 86_400.0
"""Seconds after which an order is set aside: the row of its key may have been deleted (deploy/legacy-effects.sql)."""
DEADLINE = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
ASIDE = ".aside"


@dataclass(slots=True)
class _Waiting:
    order: Order
    path: Path
    due: float = 0.0
    tries: int = 0


class Outbox:
    """The waiting orders of worker `index` of `workers`, in `folder`. `draw` in [0, 1) spreads the tries."""

    def __init__(
        self, folder: Path, index: int, workers: int, orders: Orders, tally: Tally, draw: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._index = index
        self._workers = workers
        self._orders = orders
        self._tally = tally
        self._draw = draw
        self._waiting: dict[str, _Waiting] = {}
        self._put = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return len(self._waiting) >= MOST

    async def put(self, order: Order) -> None:
        """Returns when the order is on disk for certain. Raises OSError. Also one whose client leaves waits."""
        path = self._folder / f"{self._index}-{order.key}.json"
        self._waiting[order.key] = waiting = _Waiting(order, path)
        waiting.due = self._after(waiting)
        self._put.set()
        try:
            await asyncio.to_thread(write_atomically, path, order.to_bytes())
        except OSError:
            self._waiting.pop(order.key, None)
            raise

    async def run(self) -> None:
        """Orders again until cancelled, beginning with what an earlier process has left."""
        for path, order in await asyncio.to_thread(self._left):
            self._waiting.setdefault(order.key, _Waiting(order, path))
        if self._waiting:
            log.warning("%d effects wait in the outbox", len(self._waiting))
        while True:
            self._put.clear()
            now = asyncio.get_running_loop().time()
            for waiting in [one for one in self._waiting.values() if one.due <= now]:
                await self._try(waiting)
            await self._pause()

    async def _pause(self) -> None:
        """Until the next try is due, or there is something new."""
        now = asyncio.get_running_loop().time()
        next_due = min((one.due for one in self._waiting.values()), default=now + LONGEST_PAUSE)
        try:
            async with asyncio.timeout(max(next_due - now, 0.0)):
                await self._put.wait()
        except TimeoutError:
            log.debug("%d effects wait", len(self._waiting))

    async def _try(self, waiting: _Waiting) -> None:
        order = waiting.order
        if time() - order.at > OLDEST:
            await self._aside(waiting, f"older than {OLDEST / 86_400:g} days")
            return
        try:
            await self._orders.send(order, DEADLINE)
        except (NotSent, Unsure) as error:
            waiting.tries += 1
            waiting.due = self._after(waiting)
            log.warning("the effect %s waits on after %d tries: %s", order.key, waiting.tries, error)
        except Refused as error:
            await self._aside(waiting, str(error))
        else:
            await self._done(waiting)
            self._tally.effect(order.endpoint, "late")
            log.info("the effect %s is made", order.key)

    def _after(self, waiting: _Waiting) -> float:
        pause = min(FIRST_PAUSE * 2.0**waiting.tries, LONGEST_PAUSE)
        return asyncio.get_running_loop().time() + pause * (0.5 + self._draw())

    async def _done(self, waiting: _Waiting) -> None:
        """Forgets an order. A file that can not be deleted is harmless: the key has been used."""
        del self._waiting[waiting.order.key]
        try:
            await asyncio.to_thread(waiting.path.unlink, missing_ok=True)
        except OSError as error:
            log.error("%s can not be deleted: %s", waiting.path, error)
            self._tally.error("outbox")

    async def _aside(self, waiting: _Waiting, why: str) -> None:
        """Keeps an order for a person to look at, and tries it no more."""
        log.error("the effect %s is given up, %s%s has it: %s", waiting.order.key, waiting.path, ASIDE, why)
        del self._waiting[waiting.order.key]
        self._tally.effect(waiting.order.endpoint, "given up")
        try:
            await asyncio.to_thread(waiting.path.rename, waiting.path.with_name(waiting.path.name + ASIDE))
        except OSError as error:
            log.error("%s can not be renamed: %s", waiting.path, error)
            self._tally.error("outbox")

    def _left(self) -> list[tuple[Path, Order]]:
        """This worker's files, and for the first worker those of workers that are no more. Blocking."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            index = path.name.partition("-")[0]
            owner = int(index) if index.isdigit() else 0
            if owner != self._index and not (self._index == 0 and owner >= self._workers):
                continue
            try:
                found.append((path, Order.from_bytes(path.read_bytes())))
            except (OSError, ValueError) as error:
                log.error("%s in the outbox can not be read: %s", path, error)
        return found
