"""Facts out, sinks outside: what happened is one frozen event, and a log line is one of its readers.

Log lines are JSON (one object a line, for machines) or plain text (for a terminal). Nothing that is logged here
holds a caller's value: events carry names, counts and reasons.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TextIO

Scalar = str | int | float | bool | None
FALLBACK_TEXT = "VQL query failed, falling back to repository: "
"""The migration's own words: operators' existing searches and alerts match them."""
KEYS = 256
"""Different throttled lines remembered at a time; a flood of reasons must not become a flood of memory."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `name` is for machines, `text` for people, `fields` for both."""

    name: str
    text: str
    level: int = logging.INFO
    fields: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))


def fallback(endpoint: str, reason: str, count: int) -> Event:
    """The candidate failed while it was primary and legacy answered, `count` times since the last such line."""
    text = f"{FALLBACK_TEXT}{reason}"
    if count > 1:
        text += f" ({count} times)"
    fields: dict[str, Scalar] = {"endpoint": endpoint, "reason": reason, "count": count}
    return Event("fallback", text, logging.WARNING, fields)


class JsonLines(logging.Formatter):
    """A record as one JSON object: at (RFC 3339, UTC), level, process, logger, event, text and the event's fields."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Scalar] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "event": None,
            "text": record.getMessage(),
        }
        event = getattr(record, "event", None)
        if isinstance(event, Event):
            line["event"] = event.name
            line.update({key: value for key, value in event.fields.items() if key not in line})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """`12:34:56 warning analyst: text` with the event's fields behind it, for a person's terminal."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{clock} {record.levelname.lower()} {self._process}: {record.getMessage()}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure(process: str, *, as_json: bool, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends this process's log lines to `stream` (stderr), replacing what was configured before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(process) if as_json else PlainLines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def emit(logger: logging.Logger, event: Event) -> None:
    """Writes the event to `logger`."""
    logger.log(event.level, "%s", event.text, extra={"event": event})


@dataclass(slots=True)
class _Held:
    spoken_at: float
    count: int = 0


class Throttle:
    """At most one line every `seconds` for each key, with the count of what was not said since the last one.

    `make(count)` builds the event. What is held back when no further event of the key follows is said by `flush`,
    which the owner calls about once a second.
    """

    def __init__(self, logger: logging.Logger, now: Callable[[], float], seconds: float = 1.0) -> None:
        self._logger = logger
        self._now = now
        self._seconds = seconds
        self._held: dict[str, _Held] = {}
        self._make: dict[str, Callable[[int], Event]] = {}

    def add(self, key: str, make: Callable[[int], Event]) -> None:
        """One more event of this kind: said at once, or counted for later."""
        now = self._now()
        held = self._held.get(key)
        if held is None:
            self._forget_some()
            self._held[key] = _Held(now)
            emit(self._logger, make(1))
            return
        held.count += 1
        self._make[key] = make
        self._say(key, held, now)

    def flush(self) -> None:
        """Says what is due, and forgets keys that have been silent."""
        now = self._now()
        for key, held in list(self._held.items()):
            self._say(key, held, now)
            if not held.count and now - held.spoken_at >= self._seconds:
                self._drop(key)

    def _say(self, key: str, held: _Held, now: float) -> None:
        if held.count and now - held.spoken_at >= self._seconds:
            emit(self._logger, self._make[key](held.count))
            held.spoken_at, held.count = now, 0

    def _forget_some(self) -> None:
        while len(self._held) >= KEYS:
            oldest = min(self._held, key=lambda key: self._held[key].spoken_at)
            held = self._held[oldest]
            if held.count:
                emit(self._logger, self._make[oldest](held.count))
            self._drop(oldest)

    def _drop(self, key: str) -> None:
        self._held.pop(key, None)
        self._make.pop(key, None)
