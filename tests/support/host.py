"""A whole `crossfade serve` on random ports, over a database of the test's own, with both sides given by URL."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from loadtests.demo.stage import accepts, free_port
from proxy.cli.client import Control, Refused, Unreachable
from proxy.settings import Paths

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
FILE = """\
version: 1
legacy: {{url: "{legacy}", timeout: 5s}}
blind_after: {blind_after}
defaults:
  ladder: [5, 50, 100]
  recheck: [500ms]
  block: 1s
phases:
  - name: items
    bake: 1h
    endpoints:
      item:
        match: GET /item/{{key}}
        candidate: "{candidate}"
        sticky: [client_ip]
        serve_deadline: 2s
        percent: {percent}
"""


class Host:
    """The running processes. `file` is its rollout.yaml."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, metrics: int, file: Path, log: Path) -> None:
        self.process = process
        self.port = port
        self.metrics = metrics
        self.file = file
        self.log = log
        self.control = Control(str(Paths(file.parent / "state").control))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str) -> tuple[int, str]:
        """One request on a connection of its own."""
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def status(self) -> dict[str, Any] | None:
        """What the analyst says; None while nobody answers."""
        try:
            return dict(await asyncio.to_thread(self.control.get, "/status"))
        except (Unreachable, Refused):
            return None

    async def until(self, true: Callable[[dict[str, Any]], bool], why: str) -> dict[str, Any]:
        """Waits for a status of which `true` holds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        status = None
        while loop.time() < end:
            status = await self.status()
            if status is not None and true(status):
                return status
            await asyncio.sleep(0.05)
        raise AssertionError(f"{why}: {status}\n{self.log.read_text()[-3000:]}")

    async def percent(self, wanted: float) -> None:
        """Waits until the endpoint is at this percent."""
        await self.until(lambda status: status["endpoints"][0]["percent"] == wanted, f"never at {wanted} %")

    def pids(self, name: str) -> list[int]:
        """The pids with which programs of this name were started, oldest first."""
        return [int(pid) for pid in re.findall(rf"{name} started, pid (\d+)", self.log.read_text())]

    async def started_again(self, name: str, times: int) -> int:
        """Waits until the program has been started `times` times; its latest pid."""
        async with asyncio.timeout(PATIENCE):
            while len(self.pids(name)) < times:
                await asyncio.sleep(0.05)
        return self.pids(name)[-1]


@asynccontextmanager
async def host(
    folder: Path,
    dsn: str,
    legacy: str,
    candidate: str,
    *,
    percent: str = "0",
    blind_after: str = "60s",
    workers: int = 1,
    text: str | None = None,
    env: dict[str, str] | None = None,
) -> AsyncIterator[Host]:
    """Serves until the block ends; then SIGTERM, and everything must end by itself with 0."""
    port, metrics = free_port(), free_port()
    file, log = folder / "rollout.yaml", folder / "serve.log"
    given = FILE.format(legacy=legacy, candidate=candidate, percent=percent, blind_after=blind_after)
    file.write_text(text or given)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "proxy.cli", "serve", "--config", str(file), "--listen", f"127.0.0.1:{port}",
            "--metrics", f"127.0.0.1:{metrics}", "--state", str(folder / "state"), "--workers", str(workers),
            "--round", "0.1", "--log", "plain",
            cwd=ROOT, env=os.environ | {"DATABASE_URL": dsn} | (env or {}), stdout=output, stderr=output,
        )  # fmt: skip
    made = Host(process, port, metrics, file, log)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await accepts(port) and process.returncode is None:
                await asyncio.sleep(0.05)
        yield made
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == 0, log.read_text()[-3000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
