"""Orders of effects, as the bundled gateway takes them: by key, so that the same order may be sent again and again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any

from proxy.exchange import Failure
from proxy.worker.upstream import Answer, Head, Pool, UpstreamError

LARGEST = 1 << 16
"""Bytes of the gateway's answer to an order: a word and a reason."""


class NotSent(Exception):
    """The order never left: nothing has come of it and nothing will."""


class Unsure(Exception):
    """It may have been done, or may be done yet. The text says why nobody knows."""


class Refused(Exception):
    """The gateway does not understand the order, now or later; nothing has come of it and nothing will."""


@dataclass(frozen=True, slots=True)
class Order:
    """One effect. `key` is made once a request; `gateway` the socket's URL; `at` the request's Unix time, seconds.

    `effect` is the gateway's own description of it, as JSON: it is passed back as it came.
    """

    key: str
    gateway: str
    endpoint: str
    at: float
    effect: str

    def to_bytes(self) -> bytes:
        """The form that outlives this process."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Order:
        """The inverse of `to_bytes`. Raises ValueError."""
        try:
            value = json.loads(data)
            return cls(str(value["key"]), str(value["gateway"]), str(value["endpoint"]), float(value["at"]),
                       str(value["effect"]))  # fmt: skip
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"no order of an effect: {error!r}") from error


class Orders:
    """Speaks with the gateway. `pool` gives the connections to a URL, `secret` proves that a worker speaks."""

    def __init__(self, pool: Callable[[str], Pool], secret: bytes) -> None:
        self._pool = pool
        self._secret = secret

    async def send(self, order: Order, deadline: float) -> None:
        """Returns when the effect has been made, now or before. Raises NotSent, Unsure or Refused."""
        said = await self._asked("POST", order, deadline)
        if said.get("done") is not True:
            raise Unsure(f"the gateway's answer to an order: {said}")

    async def known(self, order: Order, deadline: float) -> bool:
        """Whether the effect has been made. Raises Unsure."""
        try:
            said = await self._asked("GET", order, deadline)
        except (NotSent, Refused) as error:
            raise Unsure(str(error)) from error
        if not isinstance(said.get("known"), bool):
            raise Unsure(f"the gateway's answer to a key: {said}")
        return bool(said["known"])

    async def _asked(self, method: str, order: Order, deadline: float) -> dict[str, Any]:
        body = order.effect.encode() if method == "POST" else b""
        fields = [
            (b"Host", b"gateway"),
            (b"X-Crossfade-Secret", self._secret),
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        try:
            async with asyncio.timeout(deadline):
                answer = await self._pool(order.gateway).send(Head(method, f"/-/effects/{order.key}", fields), body)
                try:
                    text = await _whole(answer)
                finally:
                    answer.close()
        except TimeoutError as error:
            raise Unsure(f"no answer within {deadline:g} s") from error
        except UpstreamError as error:
            if error.failure is Failure.CONNECT:
                raise NotSent(str(error)) from error
            raise Unsure(str(error)) from error
        if answer.status == 400:
            raise Refused(text.decode("utf-8", "replace"))
        return _read(answer.status, text)


async def _whole(answer: Answer) -> bytes:
    """Raises UpstreamError."""
    held = bytearray()
    async with aclosing(answer.pieces()) as pieces:
        async for piece in pieces:
            held += piece
            if len(held) > LARGEST:
                raise UpstreamError(Failure.TOO_LARGE, f"an answer to an order of more than {LARGEST} bytes")
    return bytes(held)


def _read(status: int, text: bytes) -> dict[str, Any]:
    """Raises Unsure."""
    try:
        said = json.loads(text)
    except ValueError as error:
        raise Unsure(f"the gateway answered {status} and no JSON") from error
    if status != 200 or not isinstance(said, dict):
        raise Unsure(f"the gateway answered {status}: {said}")
    return said
