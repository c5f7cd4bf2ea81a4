"""The program: started, killed, started again."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lab.connectra", *arguments, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("listening on http://"), line
    return line.removeprefix("listening on ").strip()


async def state(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/lab/state") as answer:
        return await answer.json()


async def test_it_says_where_it_listens_and_ends_on_sigterm() -> None:
    async with program("--port", "0", "--api-key", "k") as process:
        url = await url_of(process)
        assert (await state(url))["stores"]["contact"] == {"rows": 0, "documents": 0}
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_switches_from_a_file_outlive_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "switches.json"
    faults = [{"kind": "error", "share": 0.5}]
    file.write_text(json.dumps({"lag": 1.5, "faults": faults, "outages": {"engine": "down"}}))
    for _ in range(2):
        async with program("--port", "0", "--switches", str(file)) as process:
            switches = (await state(await url_of(process)))["switches"]
            process.kill()
        assert (switches["lag"], switches["faults"][0]["kind"]) == (1.5, "error")
        assert switches["outages"]["engine"] == "down"


async def test_what_can_not_be_started_is_said_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "switches.json"
    bad.write_text('{"faults": [{"kind": "explode"}]}')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases = {
            "address already in use": ("--port", str(taken.getsockname()[1])),
            "no such file": ("--data", str(tmp_path / "nowhere")),
            "must be one of error": ("--switches", str(bad)),
        }
        for words, arguments in cases.items():
            async with program(*arguments) as process:
                _, said = await process.communicate()
            assert process.returncode == 1
            assert words in said.decode().lower()
            assert len(said.decode().splitlines()) == 1
