"""JSON Web Tokens, HS256 with a shared secret (RFC 7515, RFC 7519), as the original's library reads them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


class BadToken(ValueError):
    """Not a token of ours, or one whose time is over."""


def encode(claims: Mapping[str, Any], secret: str) -> str:
    """A signed token."""
    signed = _HEADER + b"." + _text(json.dumps(claims, separators=(",", ":")).encode())
    return (signed + b"." + _text(_signature(signed, secret))).decode()


def verified(token: str, secret: str) -> dict[str, Any]:
    """The claims of a token that we signed, whatever its time. Raises `BadToken`."""
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    try:
        given = _bytes(signature)
        algorithm = json.loads(_bytes(header)).get("alg")
        claims = json.loads(_bytes(payload))
    except (ValueError, AttributeError, UnicodeEncodeError, binascii.Error) as error:
        raise BadToken("malformed") from error
    if algorithm != "HS256" or not hmac.compare_digest(given, _signature(signed.encode(), secret)):
        raise BadToken("not signed by us")
    if not isinstance(claims, dict) or not isinstance(claims.get("sub", ""), str):
        raise BadToken("claims of the wrong type")
    return claims


def in_time(claims: Mapping[str, Any], now: float) -> bool:
    """Whether Unix time `now` (seconds) lies within nbf and exp; a missing bound does not bind."""
    try:
        return int(claims.get("nbf", 0)) <= now < int(claims.get("exp", now + 1))
    except (TypeError, ValueError):
        return False


def access_token(user: str, secret: str, lifetime: float = 1800.0) -> str:
    """The Bearer token of a user, as the original issues it (30 minutes)."""
    return encode({"sub": user, "type": "access", "exp": int(time.time() + lifetime)}, secret)


def _signature(signed: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _text(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
