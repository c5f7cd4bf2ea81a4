"""Comparing processes: real ones, that are killed and that hang."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from comparators.rules import Rules, parse_rules
from comparators.verdict import Outcome
from proxy.analyst import pool
from proxy.analyst.pool import Comparers, Job, NotCompared, answer_of, work
from proxy.exchange import Spool
from tests.support.answers import TODAY, answer
from tests.support.exchanges import observed

DEADLINE = 30.0


def job(legacy: Any = 1, candidate: Any = 1, rules: Rules | None = None, **given: Any) -> Job:
    return Job("contact", answer(legacy), answer(candidate), rules or Rules(), TODAY, b"key", **given)


def hanging(path: Path) -> Job:
    """A job that never ends: its body is a pipe that nobody writes to."""
    os.mkfifo(path)
    return Job("contact", replace(answer(1), body=path), answer(1), Rules(), TODAY, b"key")


async def writing(path: Path) -> int:
    """A descriptor of the pipe's other end, once somebody reads there: then the job runs."""
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # ENXIO: nobody reads yet
            await asyncio.sleep(0.005)


@pytest.fixture
async def comparers() -> AsyncIterator[Comparers]:
    made = Comparers()
    yield made
    made.close()


def pids() -> set[int]:
    return {child.pid for child in multiprocessing.active_children() if child.pid is not None}


async def test_a_verdict_comes_from_another_process(comparers: Comparers) -> None:
    async with asyncio.timeout(DEADLINE):
        done = await comparers.compare(job({"a": " x"}, {"a": "x"}))
    assert done.verdict.outcome is Outcome.MISMATCH
    assert done.suggestion is not None
    assert [one["path"] for one in done.redacted] == ["a"]


async def test_a_process_that_is_killed_costs_its_job_alone(comparers: Comparers, tmp_path: Path) -> None:
    before = pids()
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        await comparers.compare(job())
        [pid] = pids() - before
        lost = group.create_task(refusal(comparers, hanging(tmp_path / "pipe")))
        end = await writing(tmp_path / "pipe")
        os.kill(pid, signal.SIGKILL)
        assert "died" in await lost
        os.close(end)
        assert (await comparers.compare(job())).verdict.outcome is Outcome.MATCH
    assert pids() - before != {pid}


async def test_a_process_that_hangs_is_killed_and_replaced(
    comparers: Comparers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pids()
    async with asyncio.timeout(DEADLINE):
        await comparers.compare(job())
        [pid] = pids() - before
        monkeypatch.setattr(pool, "DEADLINE", 0.2)
        assert "too long" in await refusal(comparers, hanging(tmp_path / "pipe"))
        monkeypatch.setattr(pool, "DEADLINE", DEADLINE)
        assert (await comparers.compare(job())).verdict.outcome is Outcome.MATCH
    assert pid not in pids()


async def test_jobs_beside_one_that_hangs_are_told_as_lost(
    comparers: Comparers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose process is replaced must not look like our own cancellation: nobody would count it."""
    async with asyncio.timeout(DEADLINE):
        await comparers.compare(job())
        monkeypatch.setattr(pool, "DEADLINE", 0.2)
        jobs = [hanging(tmp_path / "pipe"), *(job() for _ in range(6))]
        found = await asyncio.gather(*(comparers.compare(one) for one in jobs), return_exceptions=True)
    assert isinstance(found[0], NotCompared)
    assert not [one for one in found if isinstance(one, asyncio.CancelledError)]


async def test_a_caller_that_is_cancelled_gives_its_turn_back(comparers: Comparers, tmp_path: Path) -> None:
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        await comparers.compare(job())
        waiting = [group.create_task(comparers.compare(job())) for _ in range(8)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert (await comparers.compare(job())).verdict.outcome is Outcome.MATCH


async def test_over_its_bound_a_job_is_refused_at_once(comparers: Comparers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAITING", 0)
    assert await refusal(comparers, job()) == "comparers full"


async def test_closing_ends_a_process_that_hangs(tmp_path: Path) -> None:
    before, comparers = pids(), Comparers()
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        await comparers.compare(job())
        lost = group.create_task(refusal(comparers, hanging(tmp_path / "pipe")))
        end = await writing(tmp_path / "pipe")
        comparers.close()
        assert await lost
        os.close(end)
    assert pids() <= before


def test_closing_what_never_started_is_nothing() -> None:
    Comparers().close()


@pytest.mark.parametrize(
    ("legacy", "candidate", "rules", "outcome"),
    [
        ({"a": 1}, {"a": 1.0}, {}, Outcome.MATCH),
        (b"{", {}, {}, Outcome.NOT_COMPARABLE),
        ({"a": 1}, {"a": 2},
         {"known_gaps": [{"path": "a", "reason": "r", "owner": "o", "until": "2030-01-01"}]}, Outcome.ACCEPTED),
    ],
    ids=["match", "not comparable", "accepted"],
)  # fmt: skip
def test_only_a_mismatch_brings_its_changes_along(
    legacy: Any, candidate: Any, rules: dict[str, Any], outcome: Outcome
) -> None:
    done = work(job(legacy, candidate, parse_rules(rules)))
    assert done.verdict.outcome is outcome
    assert (done.redacted, done.suggestion, done.verdict.changes, done.verdict.accepted) == ((), None, (), ())


def test_clear_paths_are_kept_clear() -> None:
    [change] = work(job({"a": "x"}, {"a": "y"}, clear=("a",))).redacted
    assert change["legacy"]["value"] == "x"


def test_a_side_becomes_an_answer(tmp_path: Path) -> None:
    side = observed(headers=((b"X", b"\xe9"),), body=Spool(str(tmp_path), 1))
    found = answer_of(side)
    assert (found.status, found.headers, found.body) == (200, (("X", "é"),), tmp_path)


async def refusal(comparers: Comparers, given: Job) -> str:
    with pytest.raises(NotCompared) as caught:
        await comparers.compare(given)
    return str(caught.value)


ANALYST = """
import asyncio
from proxy.analyst.pool import Comparers

async def main():
    print(await Comparers().ask(eval, "__import__('os').getpid()"), flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux to be told of the end of somebody's child")
async def test_a_killed_analyst_leaves_no_comparing_process(tmp_path: Path) -> None:
    script = tmp_path / "analyst.py"
    script.write_text(ANALYST)
    root = Path(__file__).resolve().parents[3]
    analyst = await asyncio.create_subprocess_exec(
        sys.executable, str(script), env=os.environ | {"PYTHONPATH": str(root)}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert analyst.stdout is not None
    comparing = os.pidfd_open(int(await analyst.stdout.readline()))
    try:
        analyst.kill()
        await analyst.wait()
        ended, _, _ = await asyncio.to_thread(select.select, [comparing], [], [], 20)
        assert ended == [comparing]
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(comparing, signal.SIGKILL)
        os.close(comparing)
