"""Comparing processes: no comparison runs on the analyst's loop. A process that dies or hangs costs its jobs only."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.redact import redact
from comparators.rules import Rules
from comparators.suggest import Suggestion, suggest
from comparators.verdict import Outcome, Verdict
from proxy.exchange import Observed, Spool

log = logging.getLogger("crossfade.pool")
DEADLINE = 10.0
"""Seconds for one comparison, and as many for its turn."""
FILES_DEADLINE = 60.0
"""The same where bodies are files: they have a process of their own, so that small answers need not wait for it."""
WAITING = 2_000
"""Comparisons that may wait; beyond it exchanges are counted as not compared."""
A = TypeVar("A")
B = TypeVar("B")


class NotCompared(Exception):
    """No verdict, for a reason of ours: full, deadline or a process that died."""


@dataclass(frozen=True, slots=True)
class Job:
    """One comparison. `today` decides which known gaps still hold; `key` keys the hashes of what is kept."""

    endpoint: str
    legacy: Answer
    candidate: Answer
    rules: Rules
    today: date
    key: bytes
    clear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A verdict; `redacted` is what of its changes may be kept, `suggestion` the rule that would accept them."""

    verdict: Verdict
    redacted: tuple[dict[str, Any], ...] = ()
    suggestion: Suggestion | None = None


def answer_of(side: Observed) -> Answer:
    """One side of an exchange as the comparators take it."""
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in side.headers)
    body = Path(side.body.path) if isinstance(side.body, Spool) else side.body or b""
    return Answer(side.status or 0, fields, body)


def work(job: Job) -> Done:
    """Runs in a comparing process."""
    verdict = compare(job.legacy, job.candidate, job.rules, endpoint=job.endpoint, today=job.today)
    if verdict.outcome is not Outcome.MISMATCH:
        return Done(Verdict(verdict.outcome, reason=verdict.reason, counts=verdict.counts))
    kept = tuple(redact(verdict.changes, job.key, job.clear))
    return Done(verdict, kept, suggest(verdict.changes, job.rules))


def _begin() -> None:
    """A terminal's Ctrl-C is the parent's to handle; a process whose parent was killed must not stay behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent's end", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Comparers:
    """`processes` comparing processes, started when they are first needed; `deadline` in place of DEADLINE."""

    def __init__(self, processes: int = 1, deadline: float | None = None) -> None:
        self._processes = processes
        self._deadline = deadline
        self._executor: ProcessPoolExecutor | None = None
        self._waiting = 0
        self._turns = asyncio.Semaphore(2 * processes)  # one at work and one at hand: a hung one costs few others

    async def compare(self, job: Job) -> Done:
        """The verdict. Raises NotCompared."""
        return await self.ask(work, job)

    async def ask(self, function: Callable[[A], B], value: A) -> B:
        """What `function(value)` returns in a comparing process. Raises NotCompared."""
        if self._waiting >= WAITING:
            raise NotCompared("comparers full")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._deadline or DEADLINE):
                await self._turns.acquire()
        except TimeoutError:
            raise NotCompared("comparers busy") from None
        finally:
            self._waiting -= 1
        try:
            return await self._asked(function, value)
        finally:
            self._turns.release()

    async def _asked(self, function: Callable[[A], B], value: A) -> B:
        executor = self._ready()
        try:
            async with asyncio.timeout(self._deadline or DEADLINE):
                future = executor.submit(function, value)
                return await asyncio.wrap_future(future)
        except TimeoutError:
            self._replace(executor)
            raise NotCompared("comparing took too long") from None
        except BrokenExecutor:
            self._replace(executor)
            raise NotCompared("a comparing process died") from None
        except asyncio.CancelledError:
            if not future.cancelled() or _cancelled_ourselves():
                raise
            raise NotCompared("a comparing process was replaced") from None

    def _ready(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("forkserver")
            self._executor = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_begin)
        return self._executor

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._executor is broken:
            log.error("the comparing processes are replaced")
            self._executor = None
            _end(broken, wait=False)

    def close(self) -> None:
        """Ends the processes, whatever they are at."""
        if self._executor is not None:
            _end(self._executor, wait=True)
            self._executor = None


def _cancelled_ourselves() -> bool:
    """Whether our own task is being cancelled, and not only the job that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _end(executor: ProcessPoolExecutor, *, wait: bool) -> None:
    """Shutting down alone would let a process that hangs run for ever."""
    processes = list((executor._processes or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    if wait:
        executor.shutdown(wait=True)
