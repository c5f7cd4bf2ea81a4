"""Keeps the processes of one host running: start, restart with back-off and jitter, forward signals, drain.

The supervisor opens the listening socket once and hands it to every worker by descriptor, so it outlives any of
them: while a worker is being replaced the others accept, and with a single worker new connections wait in the
kernel's queue instead of being refused. It stands in no request's way and holds no state but its children.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from proxy.parent import die_with_parent

log = logging.getLogger("crossfade.supervisor")

FIRST_DELAY = 0.1
LONGEST_DELAY = 15.0
STEADY_AFTER = 20.0
"""A process that ran this long (seconds) starts its back-off anew."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running. `stage` orders the stop: the highest first (workers before their analyst).

    `patience` is how long after SIGTERM it may take (seconds) before it is killed.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    fds: tuple[int, ...] = ()
    stage: int = 0
    patience: float = 10.0


class AddressError(Exception):
    """A listening address that can not be had; its text says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Opens the clients' listening socket, inheritable. Raises `AddressError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(2048)
        opened.setblocking(False)
        opened.set_inheritable(True)
    except OSError as error:
        opened.close()
        raise AddressError(
            f"can not listen on {host}:{port}: {error.strerror}; "
            f"choose another address with --listen, or find who holds it: ss -ltnp 'sport = :{port}'"
        ) from error
    return opened


def delay_before(attempt: int, draw: float) -> float:
    """Seconds to wait before the `attempt`-th restart in a row (1, 2, …): doubled each time, within ±50 % by `draw`.

    Full synchrony of restarts after a shared cause is what jitter prevents; `draw` is uniform in [0, 1).
    """
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1)) * (0.5 + draw))


class Keeper:
    """Runs one program until told to stop; restarts it when it ends by itself."""

    def __init__(self, program: Program, draw: Callable[[], float] = random.random) -> None:
        self.program = program
        self.process: asyncio.subprocess.Process | None = None
        self.restarts = 0
        self._draw = draw
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Keeps the program running until `stop`."""
        loop = asyncio.get_running_loop()
        failures = 0
        while not self._stopping.is_set():
            started = loop.time()
            code = await self._once()
            if self._stopping.is_set():
                return
            failures = 1 if loop.time() - started > STEADY_AFTER else failures + 1
            self.restarts += 1
            pause = delay_before(failures, self._draw())
            log.warning("%s ended with %s; starting it again in %.1f s", self.program.name, _ending(code), pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _once(self) -> int:
        self.process = await asyncio.create_subprocess_exec(
            *self.program.argv,
            env=self.program.env,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=self.program.fds,
            start_new_session=True,  # a terminal's Ctrl-C reaches the supervisor alone, which then drains
            preexec_fn=die_with_parent(),
        )
        log.info("%s started, pid %d", self.program.name, self.process.pid)
        try:
            return await self.process.wait()
        except asyncio.CancelledError:
            if self.process.returncode is None:
                self.process.kill()
                await asyncio.shield(self.process.wait())
            raise

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL when the program's patience is over."""
        self._stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.program.patience)
        except TimeoutError:
            log.warning("%s did not end within %.0f s; killing it", self.program.name, self.program.patience)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def supervise(programs: Sequence[Program], stop: asyncio.Event) -> None:
    """Runs all programs until `stop` is set, then stops them stage by stage, workers (the highest) first."""
    keepers = [Keeper(program) for program in programs]
    async with asyncio.TaskGroup() as group:
        for keeper in keepers:
            group.create_task(keeper.run(), name=f"keep {keeper.program.name}")
        await stop.wait()
        for stage in sorted({keeper.program.stage for keeper in keepers}, reverse=True):
            await asyncio.gather(*(keeper.stop() for keeper in keepers if keeper.program.stage == stage))
