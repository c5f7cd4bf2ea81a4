"""The server of a worker: its limits, and what becomes of bytes that are no request.

What can not be read can not be forwarded: it is refused with 400 in plain words, counted, and said without a trace and
without a byte of the client's in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

log = logging.getLogger("crossfade.worker")
LONGEST_LINE = 1 << 16
"""Bytes of the request line, and of one field."""
MOST_FIELDS = 512
TOO_MANY = "Too many headers"
"""How the parser says that there are more fields than that."""
LIMITS = f"at most {LONGEST_LINE} bytes of request line, and of each field, and {MOST_FIELDS} fields are forwarded"
KEPT = 75.0
"""Seconds for which a connection without a request is kept."""
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connection(RequestHandler):
    """One connection of a client. `unreadable` is told of what can not be read."""

    __slots__ = ("unreadable",)
    unreadable: Callable[[str], None]

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request. A failure of our own (500) is the server's as before."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        too_long = isinstance(exc, LineTooLong) or TOO_MANY in str(exc)
        self.unreadable("over the limits" if too_long else "not HTTP")
        said = LIMITS if too_long else "this is no HTTP/1.1 request that could be forwarded"
        response = web.Response(status=status, text=said + "\n")
        response.force_close()
        return response


class Server(web.Server):
    """Makes connections; `unreadable` gets a word for each time that bytes were no request."""

    def __init__(self, handler: Handler, unreadable: Callable[[str], None], **limits: Any) -> None:
        super().__init__(handler, **limits)
        self._unreadable = unreadable

    def __call__(self) -> RequestHandler:
        connection = _Connection(self, loop=self._loop, **self._kwargs)
        connection.unreadable = self._unreadable
        return connection


def make_server(handler: Handler, unreadable: Callable[[str], None]) -> Server:
    """A server with a worker's limits."""
    return Server(
        handler,
        unreadable,
        handler_cancellation=True,
        auto_decompress=False,
        access_log=None,
        keepalive_timeout=KEPT,
        lingering_time=2.0,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        max_headers=MOST_FIELDS,
        logger=log,
    )
