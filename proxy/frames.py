"""Exchanges and counts on the unix socket between workers and their analyst: length-prefixed frames with versions.

A frame is a u32 length of what follows, a u8 version, a u8 kind and the payload. Kinds that a reader does not know
are its to skip, JSON fields that it does not know are skipped, and those it misses take their defaults: worker and
analyst work together one release apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

import orjson

from proxy.codec import FrameError, decode_exchanges, encode_exchanges
from proxy.exchange import Write
from rollout.facts import Unreadable, from_json, to_json

__all__ = [
    "BOUNDS", "BreakerMoved", "Counts", "Frame", "FrameError", "FrameReader", "Hello", "Kind", "decode_exchanges",
    "encode_exchanges", "pack", "pack_json", "read_breaker", "read_counts", "read_hello", "read_writes",
]  # fmt: skip

VERSION = 1
LARGEST = 64 << 20
"""Bytes of one frame: a batch of 16 exchanges with two bodies of 64 KiB each, many times over."""
HEAD = struct.Struct("!IBB")
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency buckets in `Counts.seconds`, seconds; the last count is for what is longer."""


class Kind(IntEnum):
    """What a frame holds. Below 16: worker to analyst."""

    HELLO = 1
    EXCHANGES = 2
    WRITES = 3
    COUNTS = 4
    BREAKER = 5
    TABLE = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came; `kind` is a plain number, as it may be unknown."""

    kind: int
    version: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame of a worker."""

    worker: int
    pid: int
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class BreakerMoved:
    """A worker's breaker of one candidate has changed: `closed`, `open` or `half-open`, at Unix time `at`."""

    worker: int
    candidate: str
    state: str
    at: float


Numbers = dict[str, int]
_T = TypeVar("_T")


@dataclass(slots=True)
class Counts:
    """What a worker has counted since its last Counts; sent about once a second.

    `requests` are by endpoint ("" is pass-through) and `side:class` (`legacy:2xx`); `served` and `lost` by endpoint
    and window number; `fallbacks`, `declined` and `skipped` by endpoint and reason; `cache` by endpoint and `hit` or
    `miss`; `seconds` by endpoint and side, counts for BOUNDS and one for what is longer; `errors` are our own failures
    by operation; `effects` by endpoint and outcome, and how many wait in the outbox now.
    """

    worker: int
    at: float
    epoch: int = 0
    blind: bool = False
    in_flight: int = 0
    mirrors_in_flight: int = 0
    requests: dict[str, Numbers] = field(default_factory=dict)
    served: dict[str, dict[str, Numbers]] = field(default_factory=dict)
    lost: dict[str, dict[str, Numbers]] = field(default_factory=dict)
    fallbacks: dict[str, Numbers] = field(default_factory=dict)
    declined: dict[str, Numbers] = field(default_factory=dict)
    skipped: dict[str, Numbers] = field(default_factory=dict)
    cache: dict[str, Numbers] = field(default_factory=dict)
    seconds: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    errors: Numbers = field(default_factory=dict)
    effects: dict[str, Numbers] = field(default_factory=dict)
    effects_waiting: int = 0


def pack(kind: Kind, payload: bytes) -> bytes:
    """The bytes of one frame."""
    return HEAD.pack(len(payload) + 2, VERSION, kind) + payload


def pack_json(kind: Kind, value: Hello | Counts | BreakerMoved | Iterable[Write]) -> bytes:
    """The bytes of a frame whose payload is JSON."""
    plain = to_json(value) if not isinstance(value, Iterable) else [to_json(one) for one in value]
    return pack(kind, orjson.dumps(plain))


class FrameReader:
    """Cuts a stream into frames, however its bytes arrive."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._held = bytearray()
        self._largest = largest

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now. Raises FrameError on an impossible length; the stream is lost then."""
        held = self._held
        held += data
        frames: list[Frame] = []
        start = 0
        while len(held) - start >= HEAD.size:
            length, version, kind = HEAD.unpack_from(held, start)
            if not 2 <= length <= self._largest:
                raise FrameError(f"a frame of {length} bytes: 2 to {self._largest} were expected")
            end = start + 4 + length
            if len(held) < end:
                break
            frames.append(Frame(kind, version, bytes(held[start + HEAD.size : end])))
            start = end
        del held[:start]
        return frames


def _json(payload: bytes, what: str) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise FrameError(f"{what}: not JSON: {error}") from error


def read_hello(payload: bytes) -> Hello:
    """Raises FrameError."""
    return _read(Hello, payload)


def read_counts(payload: bytes) -> Counts:
    """Raises FrameError."""
    return _read(Counts, payload)


def read_breaker(payload: bytes) -> BreakerMoved:
    """Raises FrameError."""
    return _read(BreakerMoved, payload)


def read_writes(payload: bytes) -> list[Write]:
    """Raises FrameError."""
    value = _json(payload, "writes")
    if not isinstance(value, list):
        raise FrameError("writes: a list was expected")
    try:
        return [from_json(Write, one) for one in value]
    except Unreadable as error:
        raise FrameError(f"writes: {error}") from error


def _read(kind: type[_T], payload: bytes) -> _T:
    try:
        return from_json(kind, _json(payload, kind.__name__))
    except Unreadable as error:
        raise FrameError(str(error)) from error
