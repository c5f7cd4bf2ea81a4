"""Tunnels: constant memory, whoever is slow."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from proxy.worker.client import Client
from proxy.worker.sides import Setting, Sides
from proxy.worker.tunnel import tunnel
from rollout.model import Upstream

PATIENCE = 10.0


class Stub:
    """A client in a tunnel."""

    method, target, peer = "GET", "/", "192.0.2.1"
    fields = ((b"Connection", b"upgrade"), (b"Upgrade", b"websocket"))
    started = False

    def __init__(self) -> None:
        self.held, self.going, self.handed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.parser: Any = None

    def hand_on(self, parser: Any) -> None:
        self.parser = parser
        self.handed.set()

    def hold(self) -> None:
        self.held.set()

    def go_on(self) -> None:
        self.going.set()

    def abort(self) -> None:
        """Nothing has been answered."""


async def test_a_client_is_not_read_faster_than_legacy_reads() -> None:
    may_read, ended = asyncio.Event(), asyncio.Event()

    async def legacy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_read.wait()
        while await reader.read(1 << 20):
            pass
        writer.close()
        await writer.wait_closed()
        ended.set()

    client = Stub()
    server = await asyncio.start_server(legacy, "127.0.0.1", 0, limit=1 << 10)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sides = Sides(Setting(0, 1, b"t", b"s"), lambda _: None, lambda: 0.0)
    async with server, asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(tunnel(cast(Client, client), Upstream(url), sides))
        await client.handed.wait()
        for _ in range(1_000):
            client.parser.feed_data(bytes(1 << 16))
            await asyncio.sleep(0)
            if client.held.is_set():
                break
        assert client.held.is_set()
        may_read.set()
        await client.going.wait()
        client.parser.feed_eof()
        await ended.wait()
