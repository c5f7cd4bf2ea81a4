"""Exchanges as bytes: a JSON head for each, then its bodies as they are, without a copy through text."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from math import inf, isinf
from typing import Any

import orjson

from proxy.exchange import Exchange, Failure, Fields, Observed, Request, Spool
from rollout.sides import Side

_LENGTH = struct.Struct("!I")


class FrameError(Exception):
    """Bytes that are no frame, or a payload that can not be read; the text says which."""


def encode_exchanges(exchanges: Iterable[Exchange]) -> bytes:
    """A batch as the payload of an EXCHANGES frame."""
    parts: list[bytes] = []
    for exchange in exchanges:
        blobs: list[bytes] = []
        head = orjson.dumps(_head(exchange, blobs))
        parts += (_LENGTH.pack(len(head)), head)
        for blob in blobs:
            parts += (_LENGTH.pack(len(blob)), blob)
    return b"".join(parts)


def decode_exchanges(payload: bytes) -> list[Exchange]:
    """The inverse. Raises FrameError; nothing of a broken batch is given out. Unknown keys of a head are skipped."""
    source = _Source(payload)
    exchanges: list[Exchange] = []
    while source.left:
        try:
            head = orjson.loads(source.take())
            blobs = [source.take() for _ in range(head["blobs"])]
            exchanges.append(_exchange(head, blobs))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FrameError(f"exchanges: {type(error).__name__}: {error}") from error
    return exchanges


class _Source:
    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._position = 0

    @property
    def left(self) -> int:
        return len(self._payload) - self._position

    def take(self) -> bytes:
        """The next length-prefixed piece."""
        if self.left < _LENGTH.size:
            raise FrameError("exchanges: the batch is cut off")
        (length,) = _LENGTH.unpack_from(self._payload, self._position)
        start = self._position + _LENGTH.size
        self._position = start + length
        if self._position > len(self._payload):
            raise FrameError("exchanges: the batch is cut off")
        return self._payload[start : self._position]


def _head(exchange: Exchange, blobs: list[bytes]) -> dict[str, Any]:
    request = exchange.request
    return {
        "id": exchange.id,
        "at": exchange.at,
        "endpoint": exchange.endpoint,
        "window": exchange.window,
        "epoch": exchange.epoch,
        "percent": exchange.percent,
        "primary": exchange.primary.value,
        "served": exchange.served.value,
        "request": {
            "method": request.method,
            "target": request.target.encode("utf-8", "surrogateescape").decode("latin-1"),
            "headers": _fields(request.headers),
            "body": _blob(request.body, blobs),
            "peer": request.peer,
        },
        "params": exchange.params,
        "key": exchange.key.hex(),
        "legacy": _side(exchange.legacy, blobs),
        "candidate": _side(exchange.candidate, blobs),
        "equal": exchange.equal,
        "fallback": exchange.fallback,
        "skipped": exchange.skipped,
        "blobs": len(blobs),
    }


def _fields(fields: Fields) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def _blob(body: bytes | None, blobs: list[bytes]) -> int | None:
    if body is None:
        return None
    blobs.append(body)
    return len(blobs) - 1


def _side(seen: Observed | None, blobs: list[bytes]) -> dict[str, Any] | None:
    if seen is None:
        return None
    body: Any = seen.body
    body = {"path": body.path, "size": body.size} if isinstance(body, Spool) else _blob(body, blobs)
    return {
        "status": seen.status,
        "headers": _fields(seen.headers),
        "body": body,
        "size": seen.size,
        "seconds": None if isinf(seen.seconds) else seen.seconds,
        "paused": seen.paused,
        "failure": seen.failure,
        "declined": seen.declined,
        "missing": seen.missing,
        "cache": seen.cache,
    }


def _exchange(head: dict[str, Any], blobs: list[bytes]) -> Exchange:
    request = head["request"]
    return Exchange(
        id=head["id"],
        at=head["at"],
        endpoint=head["endpoint"],
        window=head["window"],
        epoch=head["epoch"],
        percent=head["percent"],
        primary=Side(head["primary"]),
        served=Side(head["served"]),
        request=Request(
            request["method"],
            request["target"].encode("latin-1").decode("utf-8", "surrogateescape"),
            _raw(request["headers"]),
            None if request["body"] is None else blobs[request["body"]],
            request["peer"],
        ),
        params=head.get("params", {}),
        key=bytes.fromhex(head.get("key", "")),
        legacy=_observed(head.get("legacy"), blobs),
        candidate=_observed(head.get("candidate"), blobs),
        equal=head.get("equal", False),
        fallback=head.get("fallback"),
        skipped=head.get("skipped"),
    )


def _raw(fields: list[list[str]]) -> Fields:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)


def _observed(side: dict[str, Any] | None, blobs: list[bytes]) -> Observed | None:
    if side is None:
        return None
    body = side["body"]
    failure = side.get("failure")
    return Observed(
        status=side["status"],
        headers=_raw(side["headers"]),
        body=Spool(body["path"], body["size"]) if isinstance(body, dict) else None if body is None else blobs[body],
        size=side["size"],
        seconds=inf if side["seconds"] is None else side["seconds"],
        paused=side.get("paused", 0.0),
        failure=None if failure is None else Failure(failure),
        declined=side.get("declined"),
        missing=tuple(side.get("missing", ())),
        cache=side.get("cache", ""),
    )
