"""A gateway's stand-in on a unix socket: answers a search, takes orders, and does either as badly as a test says."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import web

EFFECT = b'{"endpoint":"linkedin","user":"u1"}'
Behave = Callable[[str, web.Request], Awaitable[web.StreamResponse]]


def json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


@dataclass
class StandIn:
    """`made` are effects by key, each order of which has come in `orders` and each look in `looks`.

    `on_order` and `on_look` answer in their place; `told` is the search's field, None for none.
    """

    path: Path
    made: Counter[str] = field(default_factory=Counter)
    orders: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    searches: list[dict[str, str]] = field(default_factory=list)
    told: str | None = base64.b64encode(EFFECT).decode()
    status: int = 200
    on_order: Behave | None = None
    on_look: Behave | None = None
    on_search: Callable[[], Awaitable[None]] | None = None
    ordered: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"unix:{self.path}"

    async def up(self) -> None:
        """Listens."""
        app = web.Application()
        app.router.add_post("/-/effects/{key}", self._order)
        app.router.add_get("/-/effects/{key}", self._look)
        app.router.add_route("*", "/{tail:.*}", self._search)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()

    async def gone(self) -> None:
        """Listens no more, and breaks every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def stop_listening(self) -> None:
        """New connections are refused; the open ones live on."""
        self.path.unlink()

    async def _search(self, request: web.Request) -> web.StreamResponse:
        self.searches.append(dict(request.headers))
        if self.on_search is not None:
            await self.on_search()
        answer = json({"from": "candidate"}, self.status)
        if self.told is not None and request.headers.get("X-Crossfade-Shadow") != "1":
            answer.headers["X-Crossfade-Effect"] = self.told
        return answer

    async def _order(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        assert request.headers["X-Crossfade-Secret"] == "22" * 32
        self.orders.append(key)
        self.bodies.append(await request.read())
        self.ordered.set()
        if self.on_order is not None:
            return await self.on_order(key, request)
        return self.make(key)

    def make(self, key: str) -> web.Response:
        """Makes the effect unless it has been made."""
        first = key not in self.made
        self.made[key] += first
        return json({"done": True, "first": first})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        self.looks.append(key)
        if self.on_look is not None:
            return await self.on_look(key, request)
        return json({"known": key in self.made})

    async def makes_and_drops(self, key: str, request: web.Request) -> web.StreamResponse:
        """The commit is done, the reply lost."""
        self.make(key)
        return drops(request)

    async def drops(self, key: str, request: web.Request) -> web.StreamResponse:
        """Nothing is done, and nobody is told."""
        return drops(request)

    async def hangs(self, key: str, request: web.Request) -> web.StreamResponse:
        """No answer until `released`."""
        await self.released.wait()
        return drops(request)


def drops(request: web.Request) -> web.Response:
    """Breaks the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def standin(folder: Path) -> AsyncIterator[StandIn]:
    """Listens until the block ends."""
    one = StandIn(folder / "gateway.sock")
    await one.up()
    try:
        yield one
    finally:
        one.released.set()
        await one.gone()
