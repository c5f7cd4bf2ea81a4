"""A small Connectra on a real socket: it gives what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

KEY = "test-key"
Behave = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    def must(self) -> dict[str, Any]:
        """The conditions of its `where`."""
        found: dict[str, Any] = self.body["where"]["keyword_match"]["must"]
        return found


@dataclass
class Connectra:
    """Answers keyword searches and counts out of `contacts` and `companies`, or as `behave` says, per path or "*"."""

    contacts: list[dict[str, Any]] = field(default_factory=list)
    companies: list[dict[str, Any]] = field(default_factory=list)
    behave: dict[str, Behave] = field(default_factory=dict)
    common: dict[str, Any] = field(default_factory=dict)
    """Data of `/common/…`, by path; without it a service has no filters."""
    calls: list[Call] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def paths(self) -> list[str]:
        """The paths that were asked for, sorted."""
        return sorted(call.path for call in self.calls)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = orjson.loads(raw) if raw else {}
        self.calls.append(Call(request.method, request.path, dict(request.headers), body))
        behave = self.behave.get(request.path) or self.behave.get("*")
        if behave is not None:
            return await behave(request)
        if request.headers.get("X-API-Key") != KEY:
            return answer({"error": "unauthorized", "message": "invalid API key"}, 401)
        if request.path in self.common or request.path.endswith("/filters"):
            return answer({"data": self.common.get(request.path), "success": True})
        if request.path == "/health":
            return answer({"status": "ok"})
        entity, _, action = request.path.strip("/").partition("/")
        found = self._found(entity, body)
        if action == "count":
            return answer({"count": len(found), "success": True})
        limit, page = body.get("limit", 25), body.get("page", 1)
        return answer({"data": found[limit * (page - 1) : limit * page], "success": True})

    def _found(self, entity: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        must = body["where"].get("keyword_match", {}).get("must", {})
        rows = self.contacts if entity == "contacts" else self.companies
        found = [row for row in rows if all(row.get(name) in values for name, values in must.items())]
        if body.get("order_by"):
            found.sort(key=lambda row: str(row["uuid"]))
        if not body.get("company_config", {}).get("populate"):
            return found
        firms = {firm["uuid"]: firm for firm in self.companies}
        of = [firms.get(row.get("company_id", "")) for row in found]
        return [{**row, "company": firm} if firm else row for row, firm in zip(found, of, strict=True)]

    async def hang(self, request: web.Request) -> web.StreamResponse:
        """No answer until the fake ends; `hanging` is set meanwhile, and `left` when the peer gives up."""
        self.hanging.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        return answer({}, 500)


def answer(value: Any, status: int = 200) -> web.Response:
    """A JSON answer as the service writes them."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json", charset="utf-8")


def gives(value: Any, status: int = 200) -> Behave:
    """Always this JSON."""

    async def behave(request: web.Request) -> web.StreamResponse:
        return answer(value, status)

    return behave


def gives_bytes(body: bytes, status: int = 200, **headers: str) -> Behave:
    """Always these bytes; underscores in the names of headers stand for hyphens."""

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return behave


async def drops(request: web.Request) -> web.StreamResponse:
    """Closes the connection without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Promises more than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"data":[')
    assert request.transport is not None
    request.transport.close()
    return response


HTML = gives_bytes(b"<html><body>nginx</body></html>", 200, Content_Type="text/html")
HALF = gives_bytes(b'{"data":[{"uuid":"p1","first_na')
EMPTY = gives_bytes(b"")
LIMITED = gives({"error": "rate limit exceeded", "message": "too many requests, please try again later"}, 429)
UNAUTHORIZED = gives({"error": "unauthorized", "message": "invalid API key"}, 401)
PANIC = gives_bytes(b"", 500)
SICK = gives({"error": "ERR_ELASTICSEARCH_FAILURE: secret table names", "success": False}, 500)


@asynccontextmanager
async def connectra() -> AsyncIterator[Connectra]:
    """A running fake on a random port."""
    fake = Connectra()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        fake.released.set()
        await runner.cleanup()
