"""Starts and stops the demo's processes: each in a session of its own, dying with us, its output in a file."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from proxy.parent import die_with_parent

START_DEADLINE = 90.0
STOP_DEADLINE = 20.0


class StageError(Exception):
    """A process did not come up or ended early; the text holds the end of its output."""


class Actor:
    """One process of the demo."""

    def __init__(self, name: str, argv: list[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.argv = argv
        self.log = folder / f"{name}.log"
        self._env = {**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise StageError(f"{self.name} was not started")
        return self._process.pid

    async def start(self) -> None:
        """Starts the process; returns at once."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.argv,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    async def until(self, ready: Callable[[], Awaitable[bool]], deadline: float = START_DEADLINE) -> None:
        """Waits until `ready` says so. Raises `StageError` when the process ends first or the deadline passes."""
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        while not await ready():
            if self._process is not None and self._process.returncode is not None:
                raise StageError(f"{self.name} ended with code {self._process.returncode}:\n{self.tail()}")
            if loop.time() > end:
                raise StageError(f"{self.name} was not ready within {deadline:.0f} s:\n{self.tail()}")
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL after a deadline."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_DEADLINE)
        except TimeoutError:
            await self.kill()

    def tail(self, size: int = 2000) -> str:
        """The end of the process's output."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""


def free_port() -> int:
    """A TCP port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def accepts(port: int) -> bool:
    """Whether somebody listens on the port of loopback."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def python(module: str, *arguments: str) -> list[str]:
    """A command line of this interpreter."""
    return [sys.executable, "-m", module, *arguments]
