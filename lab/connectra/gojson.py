"""JSON as Go's encoding/json reads and writes it: first value only, number literals kept, HTML escaped."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from lab.connectra.errors import BadRequest
from lab.connectra.goscan import syntax_error


class Literal(str):
    """A number as it was written."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object, members in order, repetitions kept."""

    __slots__ = ()


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_int=Literal, parse_float=Literal, parse_constant=_refuse_constant
)


def parse(body: bytes) -> Any:
    """The first JSON value: Pairs, list, str, Literal, bool or None. What follows it is not read.

    Raises BadRequest with the text of Go's decoder.
    """
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    try:
        value, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise BadRequest(syntax_error(body) or "exceeded max depth") from None
    return value


def free(value: Any) -> Any:
    """A value as it comes out of a Go `interface{}`: numbers through float64, of equal keys the last one."""
    if isinstance(value, Literal):
        return through_float(value)
    if isinstance(value, Pairs):
        return {key: free(member) for key, member in value}
    if isinstance(value, list):
        return [free(element) for element in value]
    return value


def through_float(literal: str) -> int | float:
    """The number after a float64: whole ones as int with the digits that Go would print."""
    number = float(literal)
    if number in (float("inf"), float("-inf")):
        raise BadRequest(f"json: cannot unmarshal number {literal} into Go value of type float64")
    return int(Decimal(repr(number))) if number.is_integer() else number


def encode(value: Any) -> bytes:
    """One line, with `<`, `>`, `&` and the two line separators escaped as Go does."""
    raw = orjson.dumps(value)
    for plain, escaped in _ESCAPES:
        if plain in raw:
            raw = raw.replace(plain, escaped)
    return raw


_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
