"""The switches over HTTP, without a key. `GET /lab/state` shows them all, and serves as the test of readiness.

| request | body |
| --- | --- |
| PUT /lab/lag | `{"seconds": 1.5}`: changes become visible so long after they were committed |
| PUT /lab/latency | `{"match": {"path"?, "endpoint"?}, "median_ms": 24, "sigma"?: 0.2}`; median 0 removes the rule |
| PUT /lab/faults | `{"kind", "share"?: 1, "endpoint"?, "path"?}`; share 0 removes the rule |
| PUT /lab/fields | `{"field", "action": "missing" or "wrong", "share"?: 1, "endpoint"?, "path"?}` |
| PUT /lab/outages | `{"database"?, "engine"?, "pooled"?}`: "up", "down" or "down_at_start" each; see outages.py |
| PUT /lab/rate | `{"tokens": 3}`: so many requests pass, then all are 429 |
| DELETE /lab/lag (latency, faults, fields, outages, rate), or /lab/ | clears one kind, or all |

`path` is a prefix of the path, `endpoint` the caller's header `X-Crossfade-Endpoint`. A list of rules sets several.
Kinds of faults: error (500 of the search engine), panic (500, empty body), hang (no answer), drop (connection closed
without an answer), html (200, a page), half (the body cut off), wrong_record (other records than asked for), empty
(no records, count 0), unauthorized (401), rate_limited (429).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from lab.connectra import settings
from lab.connectra.edge import Asked, Reply, json_reply
from lab.connectra.settings import BadSwitch
from lab.connectra.switches import Switches

_RULES = {"latency": "latencies", "faults": "faults", "fields": "fields"}
_KINDS = ("lag", "outages", "rate", *_RULES)


class Controls:
    """Turns the switches. `figures` gives what else the state shows; `turned` is called when the lag changes."""

    def __init__(self, switches: Switches, figures: Callable[[], dict[str, Any]], turned: Callable[[], None]) -> None:
        self._switches = switches
        self._figures = figures
        self._turned = turned

    def answer(self, asked: Asked) -> Reply:
        """One request under /lab/: 200 with the state, 400 for a bad body, 404 for another path."""
        name = asked.path.removeprefix("/lab/").rstrip("/")
        try:
            if asked.method == "GET" and name in ("", "state"):
                return self._state()
            if asked.method == "PUT" and name in _KINDS:
                self._put(name, asked.body)
                return self._state()
            if asked.method == "DELETE" and name in ("", "state", *_KINDS):
                self._clear(name)
                return self._state()
        except BadSwitch as wrong:
            return json_reply(400, {"error": str(wrong)})
        return json_reply(404, {"error": f"no switch {asked.method} {asked.path}; see GET /lab/state"})

    def _state(self) -> Reply:
        process = "ended" if self._switches.outages.ended else "running"
        return json_reply(200, {"switches": self._switches.shown(), "process": process, **self._figures()})

    def _put(self, name: str, body: bytes) -> None:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as wrong:
            raise BadSwitch(f"the body is not JSON: {wrong}") from None
        if name == "lag":
            self._switches.lag = settings.lag(value)
            self._turned()
        elif name == "outages":
            settings.outages(self._switches.outages, value)
        elif name == "rate":
            self._switches.tokens = settings.tokens(value)
        else:
            settings.switch(self._switches, _RULES[name], value)

    def _clear(self, name: str) -> None:
        for kind in (name,) if name in _KINDS else _KINDS:
            if kind == "lag":
                self._switches.lag = 0.0
                self._turned()
            elif kind == "outages":
                self._switches.outages.clear()
            elif kind == "rate":
                self._switches.tokens = None
            else:
                getattr(self._switches, _RULES[kind]).clear()
