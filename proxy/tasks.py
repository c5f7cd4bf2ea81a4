"""Tasks with an owner: named, kept until they end, cancelled with their owner, their failures told and counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger("crossfade.tasks")


class Tasks:
    """A bag of background tasks. `failed` is told the name of each that raised; nothing is lost silently."""

    def __init__(self, failed: Callable[[str], None] | None = None) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._failed = failed

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Starts `work`; the task is held here until it ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("%s failed: %r", task.get_name(), error, exc_info=error)
        if self._failed is not None:
            self._failed(task.get_name())

    async def ended(self) -> None:
        """Waits until all that run now, and those that they start, have ended."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def cancel(self) -> None:
        """Cancels all, those that they start while they end as well, and waits for their end."""
        while self._running:
            running = set(self._running)
            for task in running:
                task.cancel()
            await asyncio.wait(running)
