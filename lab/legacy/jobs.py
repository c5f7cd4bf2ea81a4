"""Background work, queued in-process as the original does: a few jobs at once, the rest wait their turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

log = logging.getLogger("lab.legacy.jobs")

AT_ONCE = 10
MOST_WAITING = 10_000
Step = Callable[[], Awaitable[None]]


class TooManyJobs(Exception):
    """The queue is full."""


class Jobs:
    """A job is a sequence of steps; a step that raises is logged and the next one runs."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Sequence[Step]] = asyncio.Queue(MOST_WAITING)

    def add(self, steps: Sequence[Step]) -> None:
        """Queues a job. Raises `TooManyJobs`."""
        try:
            self._queue.put_nowait(steps)
        except asyncio.QueueFull:
            raise TooManyJobs(f"{MOST_WAITING} jobs are waiting") from None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Works on the queue for as long as the context lasts; what is not done then is given up."""
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._work(), name=f"export {number}") for number in range(AT_ONCE)]
                try:
                    yield
                finally:
                    for worker in workers:
                        worker.cancel()
        except ExceptionGroup as wrapped:  # the workers raise nothing: it is the one error of the context's own body
            raise wrapped.exceptions[0] from None

    async def _work(self) -> None:
        while True:
            for step in await self._queue.get():
                try:
                    await step()
                except Exception:
                    log.exception("a background job failed")
