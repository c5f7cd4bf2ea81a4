"""What surrounds every answer: CORS, the host check, request id, timing, compression (contract §2.4).

The order is the original's, outermost first: CORS, trusted host, request id, timing, contact path, gzip, routes.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from lab.legacy.http import TEXT, Answer, Call, File, to_json

MIN_COMPRESSED = 1000
"""Bytes from which a body is compressed and its answer varies by Accept-Encoding."""
IN_THREAD = 1 << 17
"""Bodies of more bytes than this are compressed in a thread."""
FILE_PART = 1 << 16
"""Bytes of one part of a file's body: a longer one is a stream, which is compressed whatever its size."""
ALLOWED_ORIGINS = ("http://localhost:3000/", "http://127.0.0.1:3000/", "http://127.0.0.1:8000/")
"""With the slash that keeps any of them from matching a browser's Origin (observed)."""
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Next = Callable[[Call], Awaitable[Answer]]


async def respond(call: Call, hosts: frozenset[str], routes: Next) -> Answer:
    """The whole answer to a request; `routes` gives that of the innermost layer."""
    origin = call.headers.get("Origin")
    if origin is not None and call.method == "OPTIONS" and "Access-Control-Request-Method" in call.headers:
        return _preflight(call, origin)
    answer = await _checked_host(call, hosts, routes)
    if origin is None or answer.bare:
        return answer
    return _with(answer, _cors(call, origin, answer))


async def _checked_host(call: Call, hosts: frozenset[str], routes: Next) -> Answer:
    host = call.host.partition(":")[0]
    bypass = call.method == "OPTIONS" or call.headers.get("Upgrade", "").lower() == "websocket"
    if host not in hosts and not bypass:
        return Answer(400, to_json({"detail": f"Invalid host header: {host}"}))
    started = time.perf_counter()
    answer = await _compressed(call, routes)
    if answer.bare:
        return answer
    added = {"X-Process-Time": f"{time.perf_counter() - started:.6f}"}
    request_id = call.headers.get("X-Request-Id")
    if request_id:
        added["X-Request-Id"] = request_id
    return _with(answer, added)


async def _compressed(call: Call, routes: Next) -> Answer:
    if call.raw_path.startswith("/api/v1/contacts//"):
        return Answer(404, to_json({"detail": "Not Found"}))
    answer = await routes(call)
    length = answer.body.length if isinstance(answer.body, File) else len(answer.body)
    if answer.bare or length < MIN_COMPRESSED:
        return answer
    answer = _with(answer, {"Vary": "Accept-Encoding"})
    if "gzip" not in call.headers.get("Accept-Encoding", ""):
        return answer
    body = await _gzip(answer.body)
    return replace(_with(answer, {"Content-Encoding": "gzip"}), body=body)


async def _gzip(body: bytes | File) -> bytes:
    if isinstance(body, bytes) and len(body) <= IN_THREAD:
        return _squeeze(body)
    return await asyncio.get_running_loop().run_in_executor(None, _squeeze, body)


def _squeeze(body: bytes | File) -> bytes:
    if isinstance(body, File):
        with Path(body.path).open("rb") as file:
            file.seek(body.start)
            body = file.read(body.length)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return squeezer.compress(body) + squeezer.flush()


def _cors(call: Call, origin: str, answer: Answer) -> dict[str, str]:
    added = {"Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "*"}
    if "Cookie" not in call.headers:
        return {**added, "Access-Control-Allow-Origin": "*"}
    vary = answer.headers.get("Vary")
    return {**added, "Access-Control-Allow-Origin": origin, "Vary": f"{vary}, Origin" if vary else "Origin"}


def _preflight(call: Call, origin: str) -> Answer:
    """Any origin and any path are welcome; only an unheard-of method is not."""
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ", ".join(_METHODS),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "3600",
        "Vary": "Origin",
    }
    asked = call.headers.get("Access-Control-Request-Headers")
    if asked is not None:
        headers["Access-Control-Allow-Headers"] = asked
    if call.headers["Access-Control-Request-Method"] not in _METHODS:
        return Answer(400, b"Disallowed CORS method", TEXT, headers)
    return Answer(200, b"OK", TEXT, headers)


def options(call: Call) -> Answer:
    """An OPTIONS request that is no preflight, on any path."""
    origin = call.headers.get("Origin")
    if origin is not None and origin not in ALLOWED_ORIGINS:
        return Answer(403, content_type=None, headers={"Access-Control-Allow-Origin": "null"})
    headers = {
        "Access-Control-Allow-Origin": origin or ALLOWED_ORIGINS[0],
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS, PATCH",
        "Access-Control-Allow-Headers": call.headers.get("Access-Control-Request-Headers", "*"),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "3600",
    }
    return Answer(200, content_type=None, headers=headers)


def _with(answer: Answer, headers: dict[str, str]) -> Answer:
    return replace(answer, headers={**answer.headers, **headers})
