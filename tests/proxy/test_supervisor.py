"""The supervisor keeps processes running, backs off, and stops them in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.supervisor import LONGEST_DELAY, AddressError, Keeper, Program, delay_before, listen, supervise

APPEND_AND_WAIT = """
import os, signal, sys
from pathlib import Path
def note(word):
    with open(sys.argv[1], 'a') as f: f.write(f'{word} {sys.argv[2]} {os.getpid()}\\n')
signal.signal(signal.SIGTERM, lambda *_: (note('stopped'), os._exit(0)))
note('started')
while True: signal.pause()
"""


def program(name: str, diary: Path, stage: int = 0, patience: float = 5.0, script: str = APPEND_AND_WAIT) -> Program:
    argv = (sys.executable, "-c", script, str(diary), name)
    return Program(name, argv, dict(os.environ), stage=stage, patience=patience)


async def lines(diary: Path, wanted: int) -> list[list[str]]:
    """The diary, once it has that many lines."""
    async with asyncio.timeout(20):
        while True:
            found = [line.split() for line in diary.read_text().splitlines()] if diary.exists() else []
            if len(found) >= wanted:
                return found
            await asyncio.sleep(0)


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    diary, stop = tmp_path / "diary", asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(supervise([program("a", diary)], stop))
        first = (await lines(diary, 1))[0]
        os.kill(int(first[2]), signal.SIGKILL)
        second = (await lines(diary, 2))[1]
        stop.set()
    assert second[:2] == ["started", "a"]
    assert second[2] != first[2]


async def test_stages_stop_from_the_highest_down(tmp_path: Path) -> None:
    diary, stop = tmp_path / "diary", asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(supervise([program("analyst", diary, 1), program("worker", diary, 3)], stop))
        await lines(diary, 2)
        stop.set()
    stopped = [line[1] for line in await lines(diary, 4) if line[0] == "stopped"]
    assert stopped == ["worker", "analyst"]


async def test_a_process_that_ignores_sigterm_is_killed_after_its_patience(tmp_path: Path) -> None:
    deaf = APPEND_AND_WAIT.replace("(note('stopped'), os._exit(0))", "note('deaf')")
    diary, stop = tmp_path / "diary", asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(supervise([program("a", diary, patience=0.2, script=deaf)], stop))
        pid = int((await lines(diary, 1))[0][2])
        stop.set()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_cancelling_the_keeper_leaves_no_process(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    keeper = Keeper(program("a", diary))
    task = asyncio.get_running_loop().create_task(keeper.run())
    pid = int((await lines(diary, 1))[0][2])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_occupied_port_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        advice = f"can not listen on 127.0.0.1:{port}: .* choose another address with --listen"
        with pytest.raises(AddressError, match=advice):
            listen("127.0.0.1", port)


def test_the_listening_socket_can_be_handed_down() -> None:
    with listen("127.0.0.1", 0) as opened:
        assert opened.get_inheritable()


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_restarts_back_off_within_bounds(attempt: int, draw: float) -> None:
    assert 0 < delay_before(attempt, draw) <= LONGEST_DELAY * 1.5
    assert delay_before(attempt + 1, draw) >= delay_before(attempt, draw)
