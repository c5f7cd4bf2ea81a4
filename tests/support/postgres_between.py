"""A door between a client and PostgreSQL's unix socket that can be shut: replies held after a word, connections cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PORT = 5432


class Between:
    """`hold(word)` lets everything through to the server, and from that word on nothing back, until `release`."""

    def __init__(self, dsn: str, folder: Path) -> None:
        parts = urlsplit(dsn)
        query = parse_qs(parts.query)
        self._server = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}"
        self._folder = folder
        self.dsn = f"postgresql://{parts.username}@{parts.path}?host={folder}&port={PORT}"
        self.held = asyncio.Event()
        """Set when the word has come."""
        self._open = asyncio.Event()
        self._open.set()
        self._word: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def hold(self, word: bytes) -> None:
        """From the next message that has this word in it, replies are held."""
        self._word = word
        self.held.clear()

    def release(self) -> None:
        """Replies go through again."""
        self._word = None
        self._open.set()

    def cut(self) -> None:
        """Breaks every connection."""
        for writer in self._writers:
            writer.transport.abort()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Between]:
        server = await asyncio.start_unix_server(self._serve, str(self._folder / f".s.PGSQL.{PORT}"))
        try:
            yield self
        finally:
            server.close()
            self.release()
            self.cut()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, back = await asyncio.open_unix_connection(self._server)
        both = {writer, back}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._there(reader, back))
                pumps.create_task(self._back(upstream, writer))
        finally:
            self._writers -= both
            for one in both:
                one.close()

    async def _there(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if self._word is not None and self._word in data:
                    self._open.clear()
                    self.held.set()
                back.write(data)
        except OSError:
            pass  # cut, or the client is gone: the server hears of it next
        finally:
            back.close()

    async def _back(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await upstream.read(1 << 16):
                await self._open.wait()
                writer.write(data)
        except OSError:
            pass  # cut
        finally:
            writer.close()
