"""Runs a room with its two HTTP sides until it is told to stop: control on a unix socket, metrics on an address."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from proxy.analyst.process_http import make_app
from proxy.analyst.process_room import Room

log = logging.getLogger("crossfade.analyst")
DRAIN = 3.0
"""Seconds that requests in flight get at the end."""


class BadAddress(Exception):
    """`--metrics` can not be used; the text says why and what to do."""


def read_address(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[V6]:PORT`. Raises `BadAddress`."""
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise BadAddress(f"--metrics {text}: give HOST:PORT, e.g. 127.0.0.1:9180")
    return parts.hostname, port


async def serve(
    room: Room,
    control: web.Application,
    control_path: Path,
    metrics: tuple[str, int],
    stop: asyncio.Event,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
) -> None:
    """Serves until `stop`; `beside` are further tasks that run as long (intake, comparers, the file's watch).

    Raises `BadAddress` when the metrics' address is taken.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_unix_site(control, control_path))
        await stack.enter_async_context(_tcp_site(make_app(room.metrics.text, room.health), metrics))
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(room.run(), name="room")]
            running += [tasks.create_task(_run(one), name=f"beside {number}") for number, one in enumerate(beside)]
            await stop.wait()  # a task that fails by itself cancels this wait, through its group
            log.info("stopping: saving what is in memory")
            for task in running:
                task.cancel()


async def _run(one: Callable[[], Awaitable[None]]) -> None:
    await one()


@asynccontextmanager
async def _unix_site(app: web.Application, path: Path) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN)
    await runner.setup()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(listening, path)
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()
        listening.close()
        _remove(path)


def _bind(listening: socket.socket, path: Path) -> None:
    _remove(path)  # of an analyst that was killed; the supervisor's lock says that none is alive
    mask = os.umask(0o177)  # nobody else may connect, not even for a moment
    try:
        listening.bind(str(path))
    finally:
        os.umask(mask)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


@asynccontextmanager
async def _tcp_site(app: web.Application, address: tuple[str, int]) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        await runner.cleanup()
        raise BadAddress(f"--metrics {address[0]}:{address[1]}: {error.strerror}; choose another address") from error
    try:
        log.info("metrics and health on http://%s:%d", *runner.addresses[0][:2])
        yield
    finally:
        await runner.cleanup()
