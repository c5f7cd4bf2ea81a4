"""Which callers the candidate serves: a keyed hash of something that stays the same for a caller.

bucket = hash(phase salt, sticky value) mod 10 000; the candidate serves when bucket < percent in hundredths. So a
raised percent only ever adds callers, and every worker of every host sends the same caller to the same side.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie

from rollout.model import FULL

SOURCES = ("jwt:", "header:", "cookie:", "client_ip")
"""How a sticky source may begin: a claim of the bearer token, a request field, a cookie, or the client's address."""


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose: the secret itself keys nothing (blake2b, RFC 7693 §2.9)."""
    return blake2b(purpose.encode(), key=secret[:64], digest_size=32).digest()


def bucket(salt: bytes, value: str) -> int:
    """The bucket of a caller, 0 to 9999. `salt` is the phase's, at most 64 bytes."""
    digest = blake2b(value.encode(errors="surrogatepass"), key=salt, digest_size=8).digest()
    return int.from_bytes(digest, "big") % FULL


def serves(salt: bytes, value: str, percent: int) -> bool:
    """Whether the candidate serves this caller at `percent` (hundredths)."""
    return percent > 0 and (percent >= FULL or bucket(salt, value) < percent)


def sticky_value(sources: Sequence[str], headers: Iterable[tuple[bytes, bytes]], peer: str) -> str:
    """The first source that the request has, with the source's name before it; `peer` is the client's address.

    A bearer token is decoded and not trusted: whoever forges one only chooses his bucket.
    """
    fields: dict[bytes, bytes] = {}
    for name, field in headers:
        fields.setdefault(name.lower(), field)
    for source in sources:
        value = _from(source, fields)
        if value:
            return f"{source}={value}"
    return f"client_ip={peer}"


def _from(source: str, fields: dict[bytes, bytes]) -> str | None:
    kind, _, name = source.partition(":")
    if kind == "jwt":
        return _claim(fields.get(b"authorization", b""), name)
    if kind == "header":
        return fields.get(name.lower().encode(), b"").decode("latin-1") or None
    if kind == "cookie":
        return _cookie(fields.get(b"cookie", b""), name)
    return None


def _claim(authorization: bytes, claim: str) -> str | None:
    scheme, _, token = authorization.partition(b" ")
    parts = token.strip().split(b".")
    if scheme.lower() != b"bearer" or len(parts) != 3 or len(token) > 8192:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    value = claims.get(claim) if isinstance(claims, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _cookie(field: bytes, name: str) -> str | None:
    try:
        found = SimpleCookie(field.decode("latin-1")).get(name)
    except CookieError:
        return None
    return found.value if found is not None and found.value else None
