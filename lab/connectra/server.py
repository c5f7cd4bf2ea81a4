"""The HTTP server: the service itself, its faults and service times, and the lab's switches under /lab/."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from lab.connectra import defects
from lab.connectra.controls import Controls
from lab.connectra.edge import RATE_LIMITED, UNAUTHORIZED, Asked, Edge, Reply, json_reply
from lab.connectra.errors import Ended, EngineRefused
from lab.connectra.switches import FieldDefect, Switches

ENDPOINT_HEADER = "X-Crossfade-Endpoint"
_SEARCHES = {"/contacts/": "contact", "/companies/": "company"}
_COUNTS = ("/contacts/count", "/companies/count")
_HTML = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>"
_HANG = 3600.0
_SHUTDOWN = 1.0


class Service:
    """Answers requests of one listening socket."""

    def __init__(self, edge: Edge, switches: Switches, controls: Controls) -> None:
        self._edge = edge
        self._engine = edge.engine
        self._switches = switches
        self._controls = controls
        self._served: set[asyncio.Transport] = set()
        edge.obey(switches)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request; /lab/ needs no key, and answers when the service itself has ended."""
        arrived = asyncio.get_running_loop().time()
        raw, _, query = request.raw_path.partition("?")
        asked = Asked(request.method, unquote(raw), query, request.headers, await request.content.read())
        if asked.path.startswith("/lab/"):
            return _sent(self._controls.answer(asked))
        connection = request.transport
        if connection is None or self._switches.outages.ended:
            return _dropped(request)
        self._served.add(connection)
        try:
            return await self._serve(request, asked, arrived)
        except Ended:
            for transport in self._served:
                transport.abort()
            return _dropped(request)
        finally:
            self._served.discard(connection)

    async def _serve(self, request: web.BaseRequest, asked: Asked, arrived: float) -> web.StreamResponse:
        """The answer with its faults and in its time. Raises Ended."""
        endpoint = request.headers.get(ENDPOINT_HEADER, "")
        fault = self._switches.fault(asked.path, endpoint)
        if fault == "hang":
            await asyncio.sleep(_HANG)
        reply = self._reply(asked, endpoint, fault, arrived)
        rest = arrived + self._switches.service_time(asked.path, endpoint) - asyncio.get_running_loop().time()
        if rest > 0:
            await asyncio.sleep(rest)
        if fault == "drop":
            return _dropped(request)
        if fault == "half":
            return await _half(request, reply)
        return _sent(reply)

    def _reply(self, asked: Asked, endpoint: str, fault: str, now: float) -> Reply:
        ended = _ended(fault)
        if ended is not None:
            return ended
        wrong = self._switches.defects(asked.path, endpoint)
        if not wrong and fault not in ("wrong_record", "empty"):
            return self._edge.answer(asked, now)
        return self._edge.answer(asked, now, lambda value: self._spoil(value, asked.path, fault, wrong))

    def _spoil(self, value: dict[str, Any], path: str, fault: str, wrong: list[FieldDefect]) -> None:
        if path in _COUNTS and fault == "empty":
            value["count"] = 0
        service = _SEARCHES.get(path)
        if service is None:
            return
        if fault == "empty":
            value["data"] = []
        elif fault == "wrong_record":
            value["data"] = defects.exchanged(self._engine, service, value["data"])
        defects.spoil(value["data"], service, wrong)


def _ended(fault: str) -> Reply | None:
    """The answer of a fault that has nothing to do with what was asked."""
    if fault == "error":
        return json_reply(500, {"error": EngineRefused("all shards failed").text, "success": False})
    if fault == "panic":
        return Reply(500)
    if fault == "html":
        return Reply(200, _HTML, {"Content-Type": "text/html; charset=utf-8"})
    if fault == "unauthorized":
        return json_reply(401, UNAUTHORIZED)
    if fault == "rate_limited":
        return json_reply(429, RATE_LIMITED)
    return None


def _sent(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _dropped(request: web.BaseRequest) -> web.Response:
    """The connection is closed without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """The head and half of the body, then the connection is closed."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def listen(service: Service, host: str, port: int) -> tuple[web.ServerRunner, str]:
    """Starts the server; the runner to clean up, and the URL. Raises OSError when the port is taken."""
    server = web.Server(service.handle, auto_decompress=False, handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0][1]
    return runner, f"http://{host}:{bound}"
