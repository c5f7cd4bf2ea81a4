"""The gateway as an aiohttp app: finds the handler, checks the caller, answers in legacy's conventions.

What the worker says in `X-Crossfade-…` fields is believed only with the secret made at this start. Without it the
gateway runs alone: then every caller must be confirmed by the users table.
"""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from time import perf_counter
from urllib.parse import unquote

import orjson
from aiohttp import web

from connectra.asked import Asked, read_query
from connectra.cache import Cache, Use, read_forgets, use_of
from connectra.callers import Caller, Callers
from connectra.client import Client
from connectra.errors import ConnectraError, Declined, leading
from connectra.handlers.base import Given, Handler, Single
from connectra.handlers.company import company
from connectra.handlers.company_contacts import company_contacts, company_contacts_count
from connectra.handlers.contact import contact
from connectra.handlers.linkedin import linkedin

log = logging.getLogger("connectra")
LARGEST_BODY = 1 << 20
BODY_DEADLINE = 10.0
"""Seconds for a body to come; the worker has it whole before it asks."""
LONGEST_LINE = 1 << 16
"""Bytes of the request line and of a field, as the worker takes them."""
COMPRESSED_FROM = 1000
"""Bytes from which legacy compresses, and says `Vary` (legacy-api.md §2.4)."""
MOST_FIELDS = 512 + 32
"""Of a request: what the worker takes, and what it adds."""
ECHOED = ("X-Request-Id", "Origin")
FORGET = "/-/forget"
"""Where workers say what has been written; without the secret it is no path of ours."""
RESERVED = {
    "contact": frozenset(
        {"count", "title", "seniority", "department", "company", "industry", "keywords", "technologies",
         "company_address", "contact_address", "stream"}
    ),
    "company": frozenset(
        {"count", "stream", "name", "industry", "keywords", "technologies", "address", "city", "state", "country",
         "company"}
    ),
}  # fmt: skip
"""Words that are other routes of legacy and can never be ids."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: method, path with named groups, and its handler."""

    name: str
    method: str
    path: re.Pattern[str]
    handler: Handler


COMPANY = "/api/v1/companies/company/(?P<company_uuid>[^/]+)/contacts/"
ROUTES = (
    Route("contact", "GET", re.compile("/api/v1/contacts/(?P<contact_uuid>[^/]+)/"), contact),
    Route("company", "GET", re.compile("/api/v1/companies/(?P<company_uuid>[^/]+)/"), company),
    Route("company-contacts", "GET", re.compile(COMPANY), company_contacts),
    Route("company-contacts-count", "GET", re.compile(COMPANY + "count/"), company_contacts_count),
    Route("linkedin", "POST", re.compile("/api/v2/linkedin/"), linkedin),
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """What requests are answered with."""

    client: Client
    callers: Callers
    secret: str
    cache: Cache = field(default_factory=Cache)

    async def handle(self, request: web.Request) -> web.Response:
        """One request. An error of Connectra is an answer of 5xx; nothing is ever guessed."""
        began = perf_counter()
        try:
            if request.raw_path == FORGET and request.method == "POST" and self._trusts(request):
                return await self._forget(request)
            given = await self._given(request)
        except Declined as declined:
            return _declined(str(declined))
        except ConnectraError as error:
            return _failed(error)
        except ExceptionGroup as group:
            return _of_leading(leading(group))
        return _answer(request, given, perf_counter() - began)

    async def _given(self, request: web.Request) -> Given:
        target = request.raw_path
        path = target.partition("?")[0]
        route, params = _found(request.method, path)
        if any(name in RESERVED.get(route.name, ()) for name in params.values()):
            raise Declined("another route of legacy")
        if any("\0" in value for value in params.values()):
            raise Declined("NUL in a parameter")
        if any("/" in value for value in params.values()):
            raise Declined("slash in a parameter")  # legacy finds routes in the decoded path
        for name in ECHOED:
            if not request.headers.get(name, "").isprintable():
                raise Declined(f"{name} is no text")
        caller = self._caller(request)
        await self.callers.admit(request.headers.get("Authorization"), caller)
        body = await _body(request)
        endpoint = route.name
        url = f"{_scheme(request)}://{request.host}{target}"
        asked = Asked(params, url, body, endpoint, read_query(target))
        use = use_of(request.headers) if self._trusts(request) else None
        if use is not None and isinstance(route.handler, Single):
            return await self._single(route.handler, asked, use)
        return await route.handler(self.client, asked)

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


def _found(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match is not None and route.method == method:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Declined("no handler for this operation")


def _of_leading(error: Exception) -> web.Response:
    """Of several calls that failed side by side."""
    if isinstance(error, Declined):
        return _declined(str(error))
    if isinstance(error, ConnectraError):
        return _failed(error)
    raise error


def _declined(reason: str) -> web.Response:
    plain = reason.encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")[:200]
    return web.Response(status=409, headers={"X-Crossfade-Declined": plain})


def _failed(error: ConnectraError) -> web.Response:
    log.warning("%s", error)
    body = orjson.dumps({"detail": "Service temporarily unavailable"})
    headers = {"X-Crossfade-Error": error.word, "Content-Type": "application/json"}
    return web.Response(status=error.status, body=body, headers=headers)


def _scheme(request: web.Request) -> str:
    """As legacy sees it, which trusts its proxy; the host a proxy names is not read (legacy-api.md §2.4)."""
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return forwarded if forwarded in ("http", "https") else request.scheme


def _cors(request: web.Request) -> dict[str, str]:
    """What lets a page of another origin read the answer."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    allowed = {"Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "*"}
    if "Cookie" in request.headers:
        return {"Access-Control-Allow-Origin": origin, **allowed, "Vary": "Origin"}
    return {"Access-Control-Allow-Origin": "*", **allowed}


def _answer(request: web.Request, given: Given, seconds: float) -> web.Response:
    body = orjson.dumps(given.body)
    headers = {"Content-Type": "application/json", "X-Process-Time": f"{seconds:.6f}", **_cors(request)}
    if (name := request.headers.get("X-Request-Id")) is not None:
        headers["X-Request-Id"] = name
    if given.missing:
        headers["X-Crossfade-Missing"] = ",".join(given.missing)
    if given.cache:
        headers["X-Crossfade-Cache"] = given.cache
    if len(body) >= COMPRESSED_FROM:
        headers["Vary"] = "Accept-Encoding, Origin" if "Vary" in headers else "Accept-Encoding"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            headers["Content-Encoding"] = "gzip"
    return web.Response(status=given.status, body=body, headers=headers)


def make_app(gateway: Gateway) -> web.Application:
    """The app: every method and path goes to the gateway. The client stays the caller's to close."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{tail:.*}", gateway.handle)
    return app


def make_runner(gateway: Gateway) -> web.AppRunner:
    """The app with its server's limits; the caller sets it up and cleans it up."""
    return web.AppRunner(
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
