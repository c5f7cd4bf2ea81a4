"""Media type and coding → a value that can be compared, or the reason why there is none."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson

from comparators.answer import Answer
from comparators.coding import Unreadable, decoded
from comparators.csv_rows import rows

__all__ = ["Content", "Unreadable", "kind_of", "media_type", "read"]

TABLE = 100_000
"""Fields of a CSV that is read whole; comparing does not (`comparators.tabular`)."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body as a value. `kind` is json, ndjson, csv, text or bytes."""

    kind: str
    value: Any


def media_type(answer: Answer) -> str:
    """The media type in lower case, without parameters; empty when there is none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def kind_of(answer: Answer) -> str:
    """The kind of content that the answer's media type says: json, ndjson, csv, text or bytes."""
    media = media_type(answer)
    if media == "application/json" or media.endswith("+json"):
        return "json"
    if media in ("application/x-ndjson", "application/jsonl"):
        return "ndjson"
    if media == "text/csv":
        return "csv"
    return "text" if media.startswith("text/") else "bytes"


def read(answer: Answer) -> Content:
    """The answer's body as a value. Raises Unreadable and OSError."""
    kind = kind_of(answer)
    if kind == "csv":
        return Content(kind, _table(answer))
    body = decoded(answer)
    if kind == "json":
        return Content(kind, _json(body))
    if kind == "ndjson":
        return Content(kind, [_json(line) for line in body.splitlines() if line.strip()])
    return Content(kind, _text(body) if kind == "text" else body)


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error}") from error


def _table(answer: Answer) -> list[dict[str, str]]:
    with closing(rows(answer)) as found:
        columns = next(found, [])
        listed = []
        for row in found:
            listed.append(dict(zip(columns, row, strict=True)))
            if len(listed) * len(columns) > TABLE:
                raise Unreadable(f"a CSV of over {TABLE} fields is read row by row alone")
        return listed


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error}") from error
