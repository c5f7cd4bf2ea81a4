"""A PostgreSQL server that belongs to this process: started on demand, reached by a unix socket, gone with us.

Works as an ordinary user and as root (PostgreSQL refuses to run as root, so it is started as `postgres` or
`nobody`), with data that last (`data=` a folder) or data that vanish (`data=None`). It listens on no network
address; its socket lies in a folder that only its user (and root) can enter, therefore it trusts who connects.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import asyncpg

from proxy.store.installations import Installation, installations
from proxy.store.launch import START_DEADLINE, PostgresUnavailable, prepare

__all__ = [
    "Installation",
    "PostgresUnavailable",
    "Server",
    "embedded_postgres",
    "embedded_postgres_sync",
    "installations",
]

POLL = 0.005
_T = TypeVar("_T")
_logger = logging.getLogger("crossfade.postgres")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `pid` is its postmaster's; `version` its major version."""

    socket_folder: Path
    pid: int
    version: int

    @property
    def dsn(self) -> str:
        """Of the database `postgres`, as its superuser."""
        return self.dsn_for("postgres")

    def dsn_for(self, database: str) -> str:
        """Of a database of this server; it need not exist yet."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.socket_folder), safe='')}"

    async def create(self, database: str, template: str = "template0") -> str:
        """Creates a database as a copy of `template` and returns its DSN. Raises asyncpg's error if it exists."""
        await self._order(f"CREATE DATABASE {_quoted(database)} TEMPLATE {_quoted(template)}")
        return self.dsn_for(database)

    async def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""
        await self._order(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")

    async def _order(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tell(message: str) -> None:
    _logger.info("%s", message)


@asynccontextmanager
async def embedded_postgres(
    data: Path | None = None, *, log: Callable[[str], None] = _tell, installation: Installation | None = None
) -> AsyncIterator[Server]:
    """Runs a server for as long as the context lasts.

    `data` is its data folder (made if absent, kept); None means a temporary one without fsync. `log` gets one
    line a step. `installation` overrides the choice of programs. Raises `PostgresUnavailable`.
    """
    with ExitStack() as undo:
        launch = await _to_its_end(lambda: prepare(data, log, installation, undo))
        process = launch.start()  # in the loop's thread: the kernel's "parent" of a process is a thread
        try:
            deadline = time.monotonic() + START_DEADLINE
            while not launch.ready(process, deadline):  # noqa: ASYNC110 - a file tells it, and files have no events
                await asyncio.sleep(POLL)
            yield Server(launch.socket_folder, process.pid, launch.installation.major)
        finally:
            await _to_its_end(lambda: launch.stop(process))


@contextmanager
def embedded_postgres_sync(
    data: Path | None = None, *, log: Callable[[str], None] = _tell, installation: Installation | None = None
) -> Iterator[Server]:
    """`embedded_postgres` for callers without a loop; it must be left by the thread that entered it."""
    with ExitStack() as undo:
        launch = prepare(data, log, installation, undo)
        process = launch.start()
        try:
            deadline = time.monotonic() + START_DEADLINE
            while not launch.ready(process, deadline):
                time.sleep(POLL)
            yield Server(launch.socket_folder, process.pid, launch.installation.major)
        finally:
            launch.stop(process)


async def _to_its_end(work: Callable[[], _T]) -> _T:
    """Runs blocking work in a thread, to its end even when cancelled, so that what it made can be undone."""
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
