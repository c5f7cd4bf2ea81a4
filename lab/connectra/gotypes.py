"""Parsed JSON into typed values, with the mismatches reported as Go's decoder reports them (the first one counts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.connectra import gotime
from lab.connectra.errors import BadRequest
from lab.connectra.gojson import Literal, Pairs, free

_INT_LIMITS = {"int": 1 << 63, "int64": 1 << 63, "uint64": 1 << 64}


@dataclass(frozen=True, slots=True)
class Scalar:
    """string, bool, int, int64, uint64, or time."""

    go: str


@dataclass(frozen=True, slots=True)
class Free:
    """`interface{}`."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A slice, `go` its type's name."""

    element: Spec
    go: str


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys."""

    element: Spec
    go: str


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: its bare name, its name with package, its members by JSON key."""

    name: str
    go: str
    members: Mapping[str, Spec]


Spec = Scalar | Free | ListOf | MapOf | Struct


@dataclass(slots=True)
class _Reading:
    """Where the decoder is, and the first mismatch it met."""

    struct: str = ""
    path: tuple[str, ...] = ()
    wrong: str | None = None

    def mismatch(self, kind: str, go: str) -> None:
        if self.wrong is None:
            place = f"Go struct field {self.struct}.{'.'.join(self.path)}" if self.struct else "Go value"
            self.wrong = f"json: cannot unmarshal {kind} into {place} of type {go}"


def decode(value: Any, spec: Spec) -> Any:
    """The value by this type: dict for a struct or map (absent keys absent), list, str, int, bool, free value, or None.

    Raises BadRequest with Go's text.
    """
    reading = _Reading()
    result = _decode(value, spec, reading, None)
    if reading.wrong is not None:
        raise BadRequest(reading.wrong)
    return result


def _decode(value: Any, spec: Spec, reading: _Reading, before: Any) -> Any:
    if value is None:
        return None if isinstance(spec, ListOf | MapOf | Free) else before
    if isinstance(spec, Free):
        return free(value)
    if isinstance(spec, Scalar):
        return _scalar(value, spec.go, reading, before)
    if isinstance(spec, ListOf):
        if not isinstance(value, list) or isinstance(value, Pairs):
            return _mismatch(value, spec.go, reading, before)
        return [_decode(element, spec.element, reading, _zero(spec.element)) for element in value]
    if not isinstance(value, Pairs):
        return _mismatch(value, spec.go, reading, before)
    if isinstance(spec, MapOf):
        found: dict[str, Any] = dict(before or {})
        for key, member in value:
            found[key] = _decode(member, spec.element, reading, _zero(spec.element))
        return found
    return _struct(value, spec, reading, before)


def _struct(value: Pairs, spec: Struct, reading: _Reading, before: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(before or {})
    outer, path = reading.struct, reading.path
    for key, member in value:
        name = key if key in spec.members else key.lower()
        if name in spec.members:
            reading.struct, reading.path = spec.name, (*path, name)
            found[name] = _decode(member, spec.members[name], reading, found.get(name))
    reading.struct, reading.path = outer, path
    return found


def _zero(spec: Spec) -> Any:
    """What a null element of a list or map becomes."""
    return "" if spec == Scalar("string") else None


def _scalar(value: Any, go: str, reading: _Reading, before: Any) -> Any:
    if go == "time":
        return gotime.from_json(value)
    if isinstance(value, Literal):
        if go in _INT_LIMITS:
            return _integer(value, go, reading, before)
    elif isinstance(value, str):
        if go == "string":
            return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    elif isinstance(value, bool) and go == "bool":
        return value
    return _mismatch(value, go, reading, before)


def _integer(value: Literal, go: str, reading: _Reading, before: Any) -> Any:
    limit = _INT_LIMITS[go]
    low = 0 if go == "uint64" else -limit
    if value.lstrip("-").isdigit() and low <= int(value) < limit:
        return int(value)
    reading.mismatch(f"number {value}", go)
    return before


def _mismatch(value: Any, go: str, reading: _Reading, before: Any) -> Any:
    reading.mismatch(kind_of(value), go)
    return before


def kind_of(value: Any) -> str:
    """What Go calls a JSON value in such a message."""
    if isinstance(value, Literal):
        return "number"
    if isinstance(value, Pairs):
        return "object"
    if isinstance(value, list):
        return "array"
    return "bool" if isinstance(value, bool) else "string"
