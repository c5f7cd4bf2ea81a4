"""A request as the original sees it, an answer as it is sent, and the failures that become answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
_OPTIONS = orjson.OPT_UTC_Z


@dataclass
class Call:
    """One request.

    `target` is the request line's target as it came; `arrived` the loop's time (seconds) of its arrival; `peer`
    the address of whoever connected, `scheme` what X-Forwarded-Proto of a trusted peer made of it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    peer: str
    scheme: str
    arrived: float
    read: Callable[[], Awaitable[bytes]]
    params: tuple[str, ...] = ()
    loaded_user: str | None = None

    @cached_property
    def raw_path(self) -> str:
        """The path as it came."""
        return self.target.partition("?")[0]

    @cached_property
    def path(self) -> str:
        """The path, percent-decoded: this is what routes match."""
        return unquote(self.raw_path, errors="replace") if "%" in self.raw_path else self.raw_path

    @cached_property
    def query_string(self) -> str:
        """What follows the question mark; bytes beyond ASCII one character each, as the original decodes them."""
        query = self.target.partition("?")[2].partition("#")[0]
        return query if query.isascii() else query.encode("utf-8", "surrogateescape").decode("latin-1")

    @cached_property
    def query_items(self) -> list[tuple[str, str]]:
        """All parameters in order, blank ones included."""
        return parse_qsl(self.query_string, keep_blank_values=True) if self.query_string else []

    @cached_property
    def query(self) -> dict[str, str]:
        """Of a repeated parameter the last value wins."""
        return dict(self.query_items)

    def repeated(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self.query_items if key == name]

    @property
    def host(self) -> str:
        """The Host header as it came."""
        return self.headers.get("Host", "")

    @property
    def url(self) -> str:
        """The absolute URL that links are built from: the path is the decoded one, as in the original."""
        query = f"?{self.query_string}" if self.query_string else ""
        return f"{self.scheme}://{self.host}{self.path}{query}"


@dataclass(frozen=True, slots=True)
class File:
    """A body that lies in a file, sent in parts: `start` and `length` in bytes."""

    path: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers. `bare` is sent as it is: no layer adds anything (an unhandled exception)."""

    status: int
    body: bytes | File = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False


CRASHED = Answer(500, b"Internal Server Error", TEXT, bare=True)
"""What an unhandled exception becomes."""


class Failure(Exception):
    """An error that the original answers with `{"detail": …}`."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail)
        self.answer = Answer(status, to_json({"detail": detail}), headers=headers or {})


class Crash(Exception):
    """The original fails here with an unhandled exception; the text says why."""


def ok(value: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, to_json(value))


def to_json(value: Any) -> bytes:
    """Compact UTF-8. Integers beyond 64 bits, which orjson refuses, take the standard library's way."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


Handler = Callable[[Any, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path (parameters in braces, which match anything but a slash), and what answers it."""

    method: str
    path: str
    handler: Handler


class Routes:
    """Finds the route of a path; a path of literal words beats one with parameters."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._literal = {(route.method, route.path): route for route in routes if "{" not in route.path}
        self._templates: dict[tuple[str, int], list[tuple[tuple[str | None, ...], Route]]] = {}
        for route in routes:
            if "{" in route.path:
                parts = tuple(None if part.startswith("{") else part for part in route.path.split("/"))
                self._templates.setdefault((route.method, len(parts)), []).append((parts, route))

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route and its parameters' values; None when there is none."""
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal, ()
        parts = path.split("/")
        for template, route in self._templates.get((method, len(parts)), ()):
            values = tuple(_values(template, parts))
            if len(values) == template.count(None):
                return route, values
        return None


def _values(template: tuple[str | None, ...], parts: list[str]) -> Iterator[str]:
    """The parameters' values; fewer than the template has when the path does not match."""
    if any(want is not None and want != part for want, part in zip(template, parts, strict=True)):
        return
    yield from (part for want, part in zip(template, parts, strict=True) if want is None and part)
