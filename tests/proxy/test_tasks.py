"""Background tasks with an owner."""

from __future__ import annotations

import asyncio
import logging

import pytest

from proxy.tasks import Tasks


async def quits() -> None:
    raise OSError("disk full")


async def test_a_task_is_held_until_it_ends() -> None:
    tasks, go = Tasks(), asyncio.Event()
    tasks.spawn(go.wait(), "waits")
    assert len(tasks) == 1
    go.set()
    await tasks.ended()
    assert len(tasks) == 0


async def test_a_failure_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    tasks = Tasks(told.append)
    with caplog.at_level(logging.ERROR):
        tasks.spawn(quits(), "saver")
        await tasks.ended()
    assert told == ["saver"]
    assert "saver failed: OSError('disk full')" in caplog.text


async def test_a_cancelled_task_is_no_failure() -> None:
    told: list[str] = []
    tasks = Tasks(told.append)
    tasks.spawn(asyncio.Event().wait(), "waits").cancel()
    await tasks.ended()
    assert told == []


async def test_tasks_that_tasks_start_are_waited_for() -> None:
    tasks, done = Tasks(), asyncio.Event()

    async def inner() -> None:
        done.set()

    async def outer() -> None:
        tasks.spawn(inner(), "inner")

    tasks.spawn(outer(), "outer")
    await tasks.ended()
    assert done.is_set()


async def test_cancelling_waits_for_the_end_of_each() -> None:
    tasks, began, cleaned = Tasks(), asyncio.Event(), asyncio.Event()

    async def cleans_up() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    tasks.spawn(cleans_up(), "cleans up")
    await began.wait()
    await tasks.cancel()
    assert cleaned.is_set()
    assert len(tasks) == 0


async def test_what_a_dying_task_starts_is_cancelled_too() -> None:
    tasks, began = Tasks(), asyncio.Event()

    async def starts_another() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            tasks.spawn(asyncio.Event().wait(), "another")

    tasks.spawn(starts_another(), "first")
    await began.wait()
    async with asyncio.timeout(5):
        await tasks.cancel()
    assert len(tasks) == 0
