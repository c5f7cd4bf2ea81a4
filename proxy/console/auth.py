"""Who asks: the peer of a unix socket by its user, a TCP client by a bearer token with a name and a role."""

from __future__ import annotations

import hmac
import pwd
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from pathlib import Path

_UCRED = struct.Struct("3i")
_XUCRED = struct.Struct("=IIh2x16I")
_LOCAL_PEERCRED = 1
_PEERCRED: int | None = getattr(socket, "SO_PEERCRED", None)
"""Linux has it; BSD and macOS have LOCAL_PEERCRED."""


class Role(IntEnum):
    """What a caller may do; each includes those before it. Only `APPROVE` may go past evidence."""

    READ = 1
    OPERATE = 2
    APPROVE = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands in the audit, and what he may do."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """A caller's token; only its digest is held."""

    digest: bytes
    caller: Caller


class BadTokens(Exception):
    """A token file that can not be used; the text names the line and what is wrong, never a token."""


def read_tokens(path: Path) -> list[Token]:
    """Lines `NAME ROLE TOKEN` (role: read, operate or approve), `#` comments. Raises `BadTokens`."""
    try:
        mode, lines = path.stat().st_mode, path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadTokens(f"{path}: {error.strerror}") from error
    if mode & 0o077:
        raise BadTokens(f"{path}: others may read it (mode {mode & 0o777:o}): chmod 600")
    tokens = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        role = Role.__members__.get(words[1].upper()) if len(words) == 3 else None
        if role is None or len(words[2]) < 16:
            raise BadTokens(f"{path}:{number}: give NAME ROLE TOKEN (read, operate or approve; a token from 16 signs)")
        tokens.append(Token(sha256(words[2].encode()).digest(), Caller(words[0], role)))
    return tokens


def by_token(tokens: Sequence[Token], authorization: str | None) -> Caller | None:
    """The caller of a bearer token; every token is looked at, in constant time."""
    scheme, _, given = (authorization or "").partition(" ")
    digest = sha256(given.strip().encode()).digest()
    found = None
    for token in tokens:
        if hmac.compare_digest(token.digest, digest) and scheme.lower() == "bearer":
            found = token.caller
    return found


def by_socket(peer: socket.socket) -> Caller:
    """The unix user at the other end. The socket's mode (0600) says who gets so far: he may do everything."""
    return Caller(_name(_peer_uid(peer)), Role.APPROVE)


def _peer_uid(peer: socket.socket) -> int:
    if _PEERCRED is not None:
        credentials = peer.getsockopt(socket.SOL_SOCKET, _PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(credentials)[1])
    credentials = peer.getsockopt(0, _LOCAL_PEERCRED, _XUCRED.size)  # what getpeereid(3) asks
    return int(_XUCRED.unpack(credentials)[1])


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"  # a container's user without an entry
