"""What stands before the handlers: redirects, CORS, rate limit, key; and gzip behind them. No I/O here."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.connectra import gojson, routes
from lab.connectra.engine import Engine
from lab.connectra.errors import Answered, Panicked
from lab.connectra.switches import Switches

JSON_TYPE = "application/json; charset=utf-8"
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,PUT,PATCH,DELETE,OPTIONS,HEAD",
    "Access-Control-Allow-Headers": "Origin,Content-Type,Accept,Authorization,X-Requested-With,X-Api-Key,Connection",
}
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Length,Content-Type"}


@dataclass(slots=True)
class Reply:
    """An answer before it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: path unquoted, header names in any case (a case-insensitive mapping)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


Change = Callable[[dict[str, Any]], None]


class Bucket:
    """The one rate limit of the process: `capacity` tokens, a sixtieth of it (rounded down) added every second.

    A capacity of None is the lab's own: no limit.
    """

    def __init__(self, capacity: int | None) -> None:
        self.capacity = capacity
        self._tokens = capacity or 0
        self._second: int | None = None

    def take(self, now: float) -> bool:
        """Whether the request at this time (seconds, monotonic) may pass."""
        if self.capacity is None:
            return True
        second = int(now)
        if self._second is not None and second > self._second:
            self._tokens = min(self.capacity, self._tokens + (second - self._second) * (self.capacity // 60))
        self._second = second
        if self._tokens <= 0:
            return False
        self._tokens -= 1
        return True


def json_reply(status: int, value: object) -> Reply:
    """A JSON answer as the service encodes it."""
    return Reply(status, gojson.encode(value), {"Content-Type": JSON_TYPE})


UNAUTHORIZED = {"error": "unauthorized", "message": "invalid API key"}
RATE_LIMITED = {"error": "rate limit exceeded", "message": "too many requests, please try again later"}


class Edge:
    """The service from the router inwards. `api_key` empty: nobody gets in, as in the original."""

    def __init__(self, engine: Engine, api_key: str, bucket: Bucket) -> None:
        self.engine = engine
        self.api_key = api_key
        self.bucket = bucket
        self._switches = Switches()

    def obey(self, switches: Switches) -> None:
        """From now on the outages and the rate limit of these switches hold."""
        self._switches = switches
        self.engine.obey(switches.outages)

    def answer(self, asked: Asked, now: float, change: Change | None = None) -> Reply:
        """The whole way of a request. `change` may alter what a handler gives before it is encoded. Raises Ended."""
        found = routes.find(asked.method, asked.path)
        if found is None:
            target = routes.redirected(asked.method, asked.path)
            if target is not None:
                return _redirect(asked, target)
        cors = _cross_origin(asked)
        if cors and asked.method == "OPTIONS":
            return Reply(204, headers=dict(_PREFLIGHT))
        reply = self._guarded(asked, found, now, change)
        if cors:
            reply.headers.update(_CORS)
        if "gzip" in asked.headers.get("Accept-Encoding", "") and reply.status < 400:
            reply.body = gzip.compress(reply.body, 1)
            reply.headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return reply

    def _guarded(
        self, asked: Asked, found: tuple[routes.Handler, str] | None, now: float, change: Change | None
    ) -> Reply:
        if not self._admitted(now):
            return json_reply(429, RATE_LIMITED)
        if not self.api_key or asked.headers.get("X-API-Key", "") != self.api_key:
            return json_reply(401, UNAUTHORIZED)
        if found is None:
            return Reply(404, b"404 page not found", {"Content-Type": "text/plain"})
        handler, service = found
        try:
            status, value = handler(self.engine, routes.Call(asked.body, asked.query, service))
        except Answered as answered:
            return json_reply(answered.status, {"error": answered.text, "success": False})
        except Panicked:
            return Reply(500)
        if change is not None:
            change(value)
        return json_reply(status, value)

    def _admitted(self, now: float) -> bool:
        """Spends a token: of those that the lab left, else of the bucket."""
        left = self._switches.tokens
        if left is None:
            return self.bucket.take(now)
        self._switches.tokens = max(left - 1, 0)
        return left > 0


def _redirect(asked: Asked, target: str) -> Reply:
    prefix = re.sub(r"[^a-zA-Z0-9/-]", "", asked.headers.get("X-Forwarded-Prefix", "")).rstrip("/")
    location = prefix + target + (f"?{asked.query}" if asked.query else "")
    if asked.method != "GET":
        return Reply(307, headers={"Location": location})
    body = f'<a href="{location}">Moved Permanently</a>.\n\n'.encode()
    return Reply(301, body, {"Location": location, "Content-Type": "text/html; charset=utf-8"})


def _cross_origin(asked: Asked) -> bool:
    origin, host = asked.headers.get("Origin", ""), asked.headers.get("Host", "")
    return bool(origin) and origin not in (f"http://{host}", f"https://{host}")
