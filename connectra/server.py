"""The gateway's server. What it can not read is an error with a word of ours: no worker takes it for an answer."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

log = logging.getLogger("connectra")
UNREADABLE = "unreadable"
"""What `X-Crossfade-Error` says of a request that is none, or is larger than the limits."""


class _Connection(RequestHandler):
    """One connection."""

    __slots__ = ()

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
        log.warning("a request can not be read: %s", type(exc).__name__)  # its text would hold the caller's bytes
        response = web.Response(status=status, text="no request\n", headers={"X-Crossfade-Error": UNREADABLE})
        response.force_close()
        return response


class _Server(web.Server):
    """Makes such connections."""

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an app on such a server."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )
