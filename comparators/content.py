"""Media type and coding → a value that can be compared, or the reason why there is none."""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from comparators.answer import Answer

LARGEST = 64 << 20
"""Bytes of a body after its coding is undone: a small body must not unfold into all memory."""


class Unreadable(Exception):
    """A body that its own header fields misdescribe; the text says how."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body as a value. `kind` is json, ndjson, csv, text or bytes."""

    kind: str
    value: Any


def media_type(answer: Answer) -> str:
    """The media type in lower case, without parameters; empty when there is none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def decoded(answer: Answer) -> bytes:
    """The body with its content codings undone. Raises Unreadable."""
    body = answer.body.read_bytes() if isinstance(answer.body, Path) else answer.body
    coding = (answer.header("content-encoding") or "identity").strip().lower()
    if coding in ("identity", "") or not body:
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(f"content coding {coding!r} can not be undone here")
    return _unfolded(body, coding)


def _unfolded(body: bytes, coding: str) -> bytes:
    """Every member of a gzip body, one after the other (RFC 1952 §2.2), within LARGEST bytes together."""
    found = bytearray()
    while body:
        unfold = zlib.decompressobj(wbits=31 if coding != "deflate" else 15)
        try:
            found += unfold.decompress(body, LARGEST + 1 - len(found))
        except zlib.error as error:
            raise Unreadable(f"not {coding}: {error}") from error
        if len(found) > LARGEST:
            raise Unreadable(f"over {LARGEST} bytes once unfolded")
        if not unfold.eof:
            raise Unreadable(f"the {coding} body is cut off")
        body = unfold.unused_data
    return bytes(found)


def read(answer: Answer) -> Content:
    """The answer's body as a value. Raises Unreadable."""
    body, kind = decoded(answer), media_type(answer)
    if kind == "application/json" or kind.endswith("+json"):
        return Content("json", _json(body))
    if kind in ("application/x-ndjson", "application/jsonl"):
        return Content("ndjson", [_json(line) for line in body.splitlines() if line.strip()])
    if kind == "text/csv":
        return Content("csv", _csv(body))
    if kind.startswith("text/"):
        return Content("text", _text(body))
    return Content("bytes", body)


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error}") from error


def _csv(body: bytes) -> list[dict[str, str]]:
    try:
        return [dict(row) for row in csv.DictReader(io.StringIO(_text(body), newline=""), restkey="", restval="")]
    except csv.Error as error:
        raise Unreadable(f"not CSV: {error}") from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error}") from error
