"""Header fields on their way through: only what belongs to one connection changes (RFC 9110 §7.6.1). Pure.

Order, case and duplicates of everything else stay as they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from proxy.exchange import Fields

VIA = b"1.1 crossfade"
OURS = b"x-crossfade-"
"""Fields that only we may set: a caller must not be able to declare itself a shadow."""
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
     b"proxy-authenticate", b"proxy-authorization"}
)  # fmt: skip


NEVER_NAMED = frozenset({b"host", b"content-length"})
"""Fields that `Connection` can not make one connection's: without them a body would be read as the next request."""


class Looped(Exception):
    """The request has been through this proxy already: answered with 508."""


def named(fields: Fields, name: bytes) -> list[bytes]:
    """All values of a field; `name` in lower case."""
    return [value for key, value in fields if key.lower() == name]


def first(fields: Fields, name: bytes) -> bytes | None:
    """The first value of a field, or None; `name` in lower case."""
    return next((value for key, value in fields if key.lower() == name), None)


def end_to_end(fields: Fields) -> list[tuple[bytes, bytes]]:
    """Without hop-by-hop fields, those that `Connection` names, and ours."""
    dropped = set(HOP_BY_HOP)
    for value in named(fields, b"connection"):
        dropped.update(token.strip().lower() for token in value.split(b","))
    dropped -= NEVER_NAMED | ({b"", b"close", b"keep-alive"} - HOP_BY_HOP)
    return [(key, value) for key, value in fields if (low := key.lower()) not in dropped and not low.startswith(OURS)]


def of_request(fields: Fields, peer: str, token: bytes) -> list[tuple[bytes, bytes]]:
    """A client's fields for legacy. `token` is this proxy's own, in `Via`. Raises Looped.

    `X-Forwarded-For` passes as received with the peer's address appended (RFC 7239 §5.2 in its older form).
    """
    mine = VIA + b"-" + token
    if any(mine in value for value in named(fields, b"via")):
        raise Looped
    sent = end_to_end(fields)
    known = [value for key, value in sent if key.lower() == b"x-forwarded-for"]
    sent = [(key, value) for key, value in sent if key.lower() != b"x-forwarded-for"]
    sent.append((b"X-Forwarded-For", b", ".join([*known, peer.encode("latin-1", "replace")])))
    sent.append((b"Via", mine))
    return sent


def only(fields: Iterable[tuple[bytes, bytes]], allowed: tuple[str, ...] | None) -> list[tuple[bytes, bytes]]:
    """The fields that a candidate by URL may have: those named, and what describes the body. None: all.

    Credentials need naming even where `allowed` is None.
    """
    if allowed is None:
        secret = (b"authorization", b"cookie")
        return [(key, value) for key, value in fields if key.lower() not in secret]
    wanted = {name.lower().encode() for name in allowed} | {b"host", b"content-type", b"content-length"}
    return [(key, value) for key, value in fields if key.lower() in wanted]


def of_answer(fields: Fields) -> list[tuple[bytes, bytes]]:
    """An upstream's fields for the client."""
    return end_to_end(fields)


def client_address(fields: Fields, peer: str, trusted: tuple[str, ...]) -> str:
    """The client's address: the last of `X-Forwarded-For` that no trusted proxy has, if the peer is one of them."""
    if not trusted or not _within(peer, trusted):
        return peer
    values = b",".join(named(fields, b"x-forwarded-for")).decode("latin-1")
    chain = [part.strip() for part in values.split(",")]
    for address in reversed(chain):
        if not _within(address, trusted):
            return address or peer
    return chain[0] if chain and chain[0] else peer


def _within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network, strict=False) for network in networks)


def serialised(start: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A head on the wire (RFC 9112 §2.1)."""
    lines = [start]
    for key, value in fields:
        lines.append(key + b": " + value)
    return b"\r\n".join(lines) + b"\r\n\r\n"
