"""Answers as legacy writes them: fields, CORS, compression (legacy-api.md §2.4); JSON whole, a CSV while it is made."""

from __future__ import annotations

import asyncio
import logging
import zlib
from contextlib import aclosing
from typing import Any

import orjson
from aiohttp import web

from connectra.effects_http import FIELD
from connectra.errors import ConnectraError, Declined, leading
from connectra.handlers.base import Given, Rows

log = logging.getLogger("connectra")
COMPRESSED_FROM = 1000
"""Bytes from which legacy compresses, and says `Vary` (legacy-api.md §2.4)."""
LEVEL = 4
"""Of a page of 100 contacts it takes 0.6 of the time of level 6, for 14 % more bytes."""
WRITE_DEADLINE = 180.0
"""Seconds for the reader of a CSV to take one piece. A worker gives its client 60 s and leaves then by itself: a slow
client must not look like a gateway that broke off, for which the breaker would open."""


class CutOff(ConnectionError):
    """An answer that ends in the middle; the server closes the connection without the last chunk."""


def of_leading(error: Exception) -> web.Response:
    """Of several calls that failed side by side."""
    if isinstance(error, Declined):
        return decline(str(error))
    if isinstance(error, ConnectraError):
        return fail(error)
    log.error("the gateway failed", exc_info=error)
    return broken()


def decline(reason: str) -> web.Response:
    """Legacy is to answer; the reason is for people."""
    plain = reason.encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")[:200]
    return web.Response(status=409, headers={"X-Crossfade-Declined": plain})


def fail(error: ConnectraError) -> web.Response:
    """Connectra gave no usable answer; what went wrong is in the log alone."""
    log.warning("%s", error)
    return _failed(error.status, error.word)


def broken() -> web.Response:
    """A failure of our own, which is in the log with its trace."""
    return _failed(500, "defect")


def _failed(status: int, word: str) -> web.Response:
    body = orjson.dumps({"detail": "Service temporarily unavailable"})
    return web.Response(
        status=status, body=body, headers={"X-Crossfade-Error": word, "Content-Type": "application/json"}
    )


async def answer(request: web.Request, given: Given, seconds: float) -> web.StreamResponse:
    """The answer of a handler, which took `seconds`. Raises CutOff when a CSV can not be finished."""
    headers = _fields(request, given, seconds)
    if given.rows is not None:
        return await _send(request, given.status, headers, given.rows)
    body = orjson.dumps(given.body)
    headers["Content-Type"] = "application/json"
    packer = _packer(request, headers, len(body))
    if packer is not None:
        body = packer.compress(body) + packer.flush()
    return web.Response(status=given.status, body=body, headers=headers)


def _fields(request: web.Request, given: Given, seconds: float) -> dict[str, str]:
    headers = {"X-Process-Time": f"{seconds:.6f}", **_cors(request)}
    if (name := request.headers.get("X-Request-Id")) is not None:
        headers["X-Request-Id"] = name
    if given.missing:
        headers["X-Crossfade-Missing"] = ",".join(given.missing)
    if given.told:
        headers[FIELD] = given.told
    if given.cache:
        headers["X-Crossfade-Cache"] = given.cache
    return headers


def _cors(request: web.Request) -> dict[str, str]:
    """What lets a page of another origin read the answer."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    allowed = {"Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "*"}
    if "Cookie" in request.headers:
        return {"Access-Control-Allow-Origin": origin, **allowed, "Vary": "Origin"}
    return {"Access-Control-Allow-Origin": "*", **allowed}


def _packer(request: web.Request, headers: dict[str, str], size: int) -> Any | None:
    """What compresses a body of `size` bytes or more, if legacy would; the fields say so."""
    if size < COMPRESSED_FROM:
        return None
    headers["Vary"] = "Accept-Encoding, Origin" if "Vary" in headers else "Accept-Encoding"
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return None
    headers["Content-Encoding"] = "gzip"
    return zlib.compressobj(LEVEL, zlib.DEFLATED, 31)


async def _send(request: web.Request, status: int, headers: dict[str, str], rows: Rows) -> web.StreamResponse:
    """In chunks, no faster than they are read. A client of HTTP/1.0 could not tell the end from a cut: declined."""
    async with aclosing(rows.rest):
        if request.version < (1, 1):
            return decline("HTTP/1.0 has no chunks")
        headers["Content-Type"] = "text/csv; charset=utf-8"
        headers["Content-Disposition"] = f'attachment; filename="{rows.name}"'
        packer = _packer(request, headers, len(rows.first))
        response = web.StreamResponse(status=status, headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            await _write(response, packer, rows.first)
            async for piece in rows.rest:
                await _write(response, packer, piece)
                await asyncio.sleep(0)  # others have their turn between two pieces
            async with asyncio.timeout(WRITE_DEADLINE):
                await response.write_eof(packer.flush() if packer is not None else b"")
        except (Declined, ConnectraError, TimeoutError, ExceptionGroup) as error:
            raise _cut(request, error) from error
        return response


async def _write(response: web.StreamResponse, packer: Any | None, piece: bytes) -> None:
    out = piece if packer is None else packer.compress(piece)
    if out:
        async with asyncio.timeout(WRITE_DEADLINE):
            await response.write(out)


def _cut(request: web.Request, error: Exception) -> CutOff:
    """Nobody may take what has gone out for the whole: the connection is gone without the last chunk."""
    cause = leading(error) if isinstance(error, ExceptionGroup) else error
    reason = str(cause) or f"not read within {WRITE_DEADLINE:g} s"
    log.warning("%s is cut off: %s", request.path, reason)
    if request.transport is not None:
        request.transport.abort()
    return CutOff(reason)
