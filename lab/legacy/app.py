"""The server: a request in, through the layers to its handler, an answer out."""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from aiohttp import web

from lab.legacy import edge
from lab.legacy.auth import Users
from lab.legacy.company_contacts import ATTRIBUTES
from lab.legacy.database import open_database
from lab.legacy.http import CRASHED, Answer, Call, Crash, Failure, File, Handler, to_json
from lab.legacy.jobs import Jobs
from lab.legacy.latency import Latencies
from lab.legacy.quirks import Quirk
from lab.legacy.routes import routes
from lab.legacy.state import Lab, Options

log = logging.getLogger("lab.legacy")

LONGEST_LINE = 1 << 18
LARGEST_BODY = 1 << 28
SHUTDOWN = 5.0
"""Seconds for requests in flight when the server ends."""
_TRUSTED_PEERS = ("127.0.0.1", "localhost")
_NOT_ALLOWED = Answer(405, to_json({"detail": "Method Not Allowed"}), headers={"Allow": "OPTIONS"})
_NOT_FOUND = Answer(404, to_json({"detail": "Not Found"}))
_ODD_VALUE = Answer(400, to_json({"detail": "Invalid value"}))


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `url` has no trailing slash."""

    url: str
    lab: Lab


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Running]:
    """Loads the database if need be and serves for as long as the context lasts."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_database(options))
        uploads = options.uploads or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossfade-lab-")))
        jobs = Jobs()
        await stack.enter_async_context(jobs.running())
        rng = random.Random(options.seed)
        exports = uploads.absolute() / "exports"
        users = Users(options.secret)
        lab = Lab(options, pool, users, jobs, Latencies(options.seed), exports, "", options.quirks, rng)
        port = await stack.enter_async_context(_listening(lab))
        url = f"http://{options.host}:{port}"
        lab.base_url = options.base_url or url
        yield Running(url, lab)


@asynccontextmanager
async def _listening(lab: Lab) -> AsyncIterator[int]:
    """Listens, and yields the port."""
    server = _Server(lab)
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_route("*", "/{tail:.*}", server.handle)
    application.on_response_prepare.append(_drop_content_type)
    runner = web.AppRunner(
        application,
        access_log=None,
        handle_signals=False,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        keepalive_timeout=75.0,
        shutdown_timeout=SHUTDOWN,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, lab.options.host, lab.options.port, backlog=1024)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Server:
    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._routes = routes()
        self._hosts = frozenset(lab.options.hosts)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = _call(request)
        try:
            answer = await edge.respond(call, self._hosts, self._innermost)
        except Exception:
            log.exception("%s %s failed outside its handler", call.method, call.target)
            answer = CRASHED
        return await _send(request, answer)

    async def _innermost(self, call: Call) -> Answer:
        """The routes' own answer, and whatever an exception becomes."""
        if call.method == "OPTIONS":
            return edge.options(call)
        found = self._routes.find(call.method, call.path)
        if found is None or (len(found[1]) == 2 and not _is_attribute(found[0].path, found[1])):
            if call.method == "GET" and Quirk.METHOD_NOT_ALLOWED not in self._lab.quirks:
                return _NOT_FOUND
            return _NOT_ALLOWED
        route, call.params = found
        answer = await self._handled(route.handler, call)
        if call.loaded_user is not None and answer.status >= 400 and Quirk.BROKEN_USER in self._lab.quirks:
            self._lab.users.spoil(call.loaded_user)
        if not call.path.startswith("/lab/"):
            await self._lab.latencies.hold(call.path, call.arrived)
        return answer

    async def _handled(self, handler: Handler, call: Call) -> Answer:
        try:
            return await handler(self._lab, call)
        except Failure as failure:
            return failure.answer
        except Crash as crash:
            log.info("%s %s: %s", call.method, call.target, crash)
        except (asyncpg.DataError, asyncpg.CharacterNotInRepertoireError) as error:
            log.info("%s %s: %s", call.method, call.target, error)
            return CRASHED if Quirk.ODD_VALUES_FAIL in self._lab.quirks else _ODD_VALUE
        except asyncpg.CardinalityViolationError as error:
            log.info("%s %s: %s (LQ-13)", call.method, call.target, error)
        except Exception:
            log.exception("%s %s failed", call.method, call.target)
        return CRASHED


def _is_attribute(path: str, params: tuple[str, ...]) -> bool:
    """Of the routes with two parameters, that of the attribute lists has a closed set of words for the second."""
    return not path.endswith("{attribute}/") or params[1] in ATTRIBUTES


def _call(request: web.Request) -> Call:
    peer = request.remote or ""
    scheme = "http"
    if peer in _TRUSTED_PEERS:
        forwarded = request.headers.get("X-Forwarded-Proto", "").strip().lower()
        scheme = forwarded if forwarded in ("http", "https") else scheme
    arrived = asyncio.get_running_loop().time()
    return Call(request.method, request.raw_path, request.headers, peer, scheme, arrived, request.read)


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    headers = dict(answer.headers)
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    if isinstance(answer.body, bytes):
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    return await _send_file(request, answer.status, headers, answer.body)


async def _send_file(request: web.Request, status: int, headers: dict[str, str], file: File) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = file.length
    await response.prepare(request)
    left, position = file.length, file.start
    while left > 0:
        part = await asyncio.to_thread(_part, file.path, position, min(left, edge.FILE_PART))
        if not part:
            break
        await response.write(part)
        left, position = left - len(part), position + len(part)
    await response.write_eof()
    return response


def _part(path: str, start: int, length: int) -> bytes:
    with Path(path).open("rb") as opened:
        opened.seek(start)
        return opened.read(length)


async def _drop_content_type(_request: web.Request, response: web.StreamResponse) -> None:
    """The framework says application/octet-stream of an answer that says nothing; the original says nothing."""
    if response.headers.get("Content-Type") == "application/octet-stream":
        del response.headers["Content-Type"]
