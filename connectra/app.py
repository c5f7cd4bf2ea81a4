"""The gateway as an aiohttp app: finds the handler, checks the caller, answers in legacy's conventions.

What the worker says in `X-Crossfade-…` fields is believed only with the secret made at this start. Without it the
gateway runs alone: then every caller must be confirmed by the users table.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from time import perf_counter

from aiohttp import web

from connectra.answering import answer, broken, decline, fail, of_leading
from connectra.asked import Asked, read_query
from connectra.cache import Cache, Use, read_forgets, use_of
from connectra.callers import Caller, Callers
from connectra.client import Client
from connectra.effects import Effects
from connectra.effects_http import PLACE, ordered, told
from connectra.errors import ConnectraError, Declined, leading
from connectra.handlers.base import Given, Single
from connectra.routes import Route, check_named, find
from connectra.server import Runner

log = logging.getLogger("connectra")
LARGEST_BODY = 1 << 20
BODY_DEADLINE = 10.0
"""Seconds for a body to come; the worker has it whole before it asks."""
LONGEST_LINE = (1 << 16) + (1 << 10)
"""Bytes of the request line and of a field: what the worker takes, and what it adds to `X-Forwarded-For`."""
MOST_FIELDS = 512 + 32
"""Of a request: what the worker takes, and what it adds."""
ECHOED = ("X-Request-Id", "Origin")
FORGET = "/-/forget"
"""Where workers say what has been written; without the secret it is no path of ours."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What requests are answered with."""

    client: Client
    callers: Callers
    secret: str
    cache: Cache = field(default_factory=Cache)
    effects: Effects = field(default_factory=lambda: Effects(None))
    more: tuple[Route, ...] = ()
    """Operations whose handlers need more than Connectra."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request. An error of Connectra is an answer of 5xx; nothing is ever guessed."""
        began = perf_counter()
        try:
            if request.raw_path == FORGET and request.method == "POST" and self._trusts(request):
                return await self._forget(request)
            if self._orders(request):
                return await ordered(self.effects, request, await _body(request))
            given = await self._given(request)
        except Declined as declined:
            return decline(str(declined))
        except ConnectraError as error:
            return fail(error)
        except ExceptionGroup as group:
            return of_leading(leading(group))
        except Exception:
            log.exception("the gateway failed")
            return broken()  # legacy answers, and the worker counts it by its own word
        return await answer(request, given, perf_counter() - began)

    async def _given(self, request: web.Request) -> Given:
        target = request.raw_path
        path = target.partition("?")[0]
        route, params = find(request.method, path, self.more)
        if self._trusts(request):
            check_named(route, request.headers.get("X-Crossfade-Endpoint"))
        if not request.host.isascii():
            raise Declined("Host is not ASCII")  # links are made of it
        for name in ECHOED:
            if not request.headers.get(name, "").isprintable():
                raise Declined(f"{name} is no text")
        caller = self._caller(request)
        user = await self.callers.admit(request.headers.get("Authorization"), caller)
        body = await _body(request)
        endpoint = route.name
        url = f"{_scheme(request)}://{request.host}{target}"
        asked = Asked(params, url, body, endpoint, read_query(target), user, request.headers)
        use = use_of(request.headers) if self._trusts(request) else None
        if use is not None and isinstance(route.handler, Single):
            return await self._single(route.handler, asked, use)
        given = await route.handler(self.client, asked)
        if given.effect is None or caller.shadow or not self._trusts(request):
            return given
        return replace(given, told=told(request, endpoint, user, given.effect))

    async def _single(self, handler: Single, asked: Asked, use: Use) -> Given:
        """By the cache. The caller has been admitted."""
        uuid = asked.params[handler.parameter]
        record, result = await self.cache.record(
            use, handler.entity, uuid, lambda: handler.found(self.client, asked)
        )
        return replace(handler.given(record), cache=result)

    async def _forget(self, request: web.Request) -> web.Response:
        """A write has been seen: what it may have changed is not given out again."""
        try:
            forgets = read_forgets(await _body(request))
        except ValueError as error:
            return web.Response(status=400, text=f"{FORGET}: {error}")
        for endpoint, uuid in forgets:
            self.cache.forget(endpoint, uuid)
        return web.Response(status=204)

    def _orders(self, request: web.Request) -> bool:
        """Whether a process of ours asks for itself: what it passes on of a client names the endpoint."""
        ours = self._trusts(request) and "X-Crossfade-Endpoint" not in request.headers
        return ours and PLACE.fullmatch(request.path) is not None

    def _trusts(self, request: web.Request) -> bool:
        """Whether this is a worker of ours: it has the secret made at this start."""
        given = request.headers.get("X-Crossfade-Secret", "")
        return bool(self.secret) and compare_digest(given.encode(errors="surrogateescape"), self.secret.encode())

    def _caller(self, request: web.Request) -> Caller:
        if not self._trusts(request):
            return Caller()
        shadow = request.headers.get("X-Crossfade-Shadow") == "1"
        return Caller(shadow, request.headers.get("X-Crossfade-Vouched") == "1")


async def _body(request: web.Request) -> bytes:
    """The whole body, however it comes. Raises Declined."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for part in request.content.iter_any():
                size += len(part)
                if size > LARGEST_BODY:
                    raise Declined("body over 1 MiB")
                parts.append(part)
    except TimeoutError as error:
        raise Declined(f"body not whole within {BODY_DEADLINE:g} s") from error
    return b"".join(parts)


def _scheme(request: web.Request) -> str:
    """As legacy sees it, which trusts its proxy; the host a proxy names is not read (legacy-api.md §2.4)."""
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return forwarded if forwarded in ("http", "https") else request.scheme


def make_app(gateway: Gateway) -> web.Application:
    """The app: every method and path goes to the gateway. The client stays the caller's to close."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{tail:.*}", gateway.handle)
    return app


def make_runner(gateway: Gateway) -> web.AppRunner:
    """The app with its server's limits; the caller sets it up and cleans it up."""
    return Runner(
        make_app(gateway),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=5.0,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        max_headers=MOST_FIELDS,
        auto_decompress=False,  # legacy reads bodies as they come
        handler_cancellation=True,  # a worker that has given up waits for nothing more
        keepalive_timeout=75.0,
    )


async def serve(gateway: Gateway, *, socket: str | None, listen: tuple[str, int] | None, stop: asyncio.Event) -> None:
    """Serves on a unix socket or an address until `stop`."""
    runner = make_runner(gateway)
    await runner.setup()
    try:
        if socket is not None:
            await web.UnixSite(runner, socket).start()
        if listen is not None:
            await web.TCPSite(runner, *listen).start()
        log.info("the gateway is ready")
        await stop.wait()
    finally:
        await runner.cleanup()
