"""A real worker process on a random port, with tables given by the test and a listener in the analyst's place."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proxy.exchange import Exchange
from proxy.frames import Counts, FrameReader, Kind, decode_exchanges, pack, read_counts
from proxy.settings import Paths
from rollout.table import Table, to_bytes

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 15.0


class Worker:
    """The process and the address of its clients."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, paths: Paths) -> None:
        self.process = process
        self.port = port
        self.paths = paths

    async def ask(self, request: bytes) -> bytes:
        """Sends raw bytes and reads until the worker closes: requests say `Connection: close`."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(request)
                return await reader.read()
            finally:
                writer.close()

    async def get(self, target: str = "/", *fields: str, method: str = "GET") -> bytes:
        """A request without a body."""
        lines = [f"{method} {target} HTTP/1.1", "Host: api.test", *fields, "Connection: close", "", ""]
        return await self.ask("\r\n".join(lines).encode("latin-1"))


@asynccontextmanager
async def worker(state: Path, table: Table) -> AsyncIterator[Worker]:
    """`python -m proxy.worker.process` until the block ends; then SIGTERM, and it must end by itself."""
    paths = Paths(state)
    paths.prepare()
    paths.table.write_bytes(to_bytes(table))
    opened = socket.create_server(("127.0.0.1", 0))
    opened.setblocking(False)
    command = ["-m", "proxy.worker.process", "--listen-fd", str(opened.fileno()), "--state", str(state)]
    env = os.environ | {"CROSSFADE_SECRET": "11" * 32, "CROSSFADE_GATEWAY_SECRET": "22" * 32, "CROSSFADE_LOG": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--index", "0", "--workers", "1", cwd=ROOT, env=env, pass_fds=(opened.fileno(),)
    )
    try:
        yield Worker(process, opened.getsockname()[1], paths)
    finally:
        opened.close()
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class Analyst:
    """Listens in the analyst's place: keeps what arrives, sends tables."""

    def __init__(self) -> None:
        self.exchanges: asyncio.Queue[Exchange] = asyncio.Queue()
        self.counts: asyncio.Queue[Counts] = asyncio.Queue()
        self.connected = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    async def exchange(self) -> Exchange:
        """The next exchange."""
        async with asyncio.timeout(PATIENCE):
            return await self.exchanges.get()

    async def send(self, table: Table) -> None:
        """Broadcasts a table."""
        async with asyncio.timeout(PATIENCE):
            await self.connected.wait()
        assert self._writer is not None
        self._writer.write(pack(Kind.TABLE, to_bytes(table)))
        await self._writer.drain()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One worker's connection."""
        self._writer = writer
        self.connected.set()
        frames = FrameReader()
        try:
            while data := await reader.read(1 << 16):
                for frame in frames.feed(data):
                    if frame.kind == Kind.EXCHANGES:
                        for one in decode_exchanges(frame.payload):
                            self.exchanges.put_nowait(one)
                    elif frame.kind == Kind.COUNTS:
                        self.counts.put_nowait(read_counts(frame.payload))
        finally:
            writer.close()


@asynccontextmanager
async def analyst(state: Path) -> AsyncIterator[Analyst]:
    """An Analyst on the state folder's intake socket."""
    paths = Paths(state)
    paths.prepare()
    one = Analyst()
    server = await asyncio.start_unix_server(one.serve, str(paths.intake))
    try:
        yield one
    finally:
        server.close()
        if one._writer is not None:
            one._writer.close()
        await server.wait_closed()
