"""Content codings undone, whole or as a stream: what a body's bytes are before anybody reads them as a value."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from comparators.answer import Answer

LARGEST = 64 << 20
"""Bytes of a body after its coding is undone, if it is held whole: a small body must not unfold into all memory."""
LONGEST = 4 << 30
"""Bytes of a body after its coding is undone, if it is read as a stream."""
PIECE = 1 << 18
_FOLDED = 1 << 16


class Unreadable(Exception):
    """A body that its own header fields misdescribe; the text says how."""


def decoded(answer: Answer) -> bytes:
    """The body with its content codings undone. Raises Unreadable and OSError."""
    body = answer.body.read_bytes() if isinstance(answer.body, Path) else answer.body
    coding = _coding(answer)
    return body if coding is None or not body else _unfolded(body, coding)


def pieces(answer: Answer) -> Iterator[bytes]:
    """The same piece by piece, in little memory. Raises Unreadable and OSError."""
    coding = _coding(answer)
    with _opened(answer) as raw:
        yield from _read(raw) if coding is None else _unfolding(raw, coding)


def same_bytes(one: Answer, other: Answer) -> bool:
    """Whether both bodies are the same bytes under the same coding. Files are read piece by piece. Raises OSError."""
    if one.header("content-encoding") != other.header("content-encoding"):
        return False
    if isinstance(one.body, bytes) and isinstance(other.body, bytes):
        return one.body == other.body
    if _size(one) != _size(other):
        return False
    with _opened(one) as ours, _opened(other) as theirs:
        while (piece := ours.read(PIECE)) == theirs.read(PIECE):
            if not piece:
                return True
    return False


def _size(answer: Answer) -> int:
    return len(answer.body) if isinstance(answer.body, bytes) else answer.body.stat().st_size


def _opened(answer: Answer) -> BinaryIO:
    return io.BytesIO(answer.body) if isinstance(answer.body, bytes) else answer.body.open("rb")


def _coding(answer: Answer) -> str | None:
    coding = (answer.header("content-encoding") or "identity").strip().lower()
    if coding in ("identity", ""):
        return None
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(f"content coding {coding!r} can not be undone here")
    return coding


def _bits(coding: str) -> int:
    return 31 if coding != "deflate" else 15


def _unfolded(body: bytes, coding: str) -> bytes:
    """Every member of a gzip body, one after the other (RFC 1952 §2.2), within LARGEST bytes together."""
    found = bytearray()
    while body:
        unfold = zlib.decompressobj(wbits=_bits(coding))
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


def _read(raw: BinaryIO) -> Iterator[bytes]:
    while piece := raw.read(PIECE):
        yield piece


def _unfolding(raw: BinaryIO, coding: str) -> Iterator[bytes]:
    """What `_unfolded` gives, within LONGEST bytes."""
    given, rest = 0, raw.read(_FOLDED)
    while rest:
        unfold = zlib.decompressobj(wbits=_bits(coding))
        while not unfold.eof:
            try:
                piece = unfold.decompress(rest, PIECE)
            except zlib.error as error:
                raise Unreadable(f"not {coding}: {error}") from error
            given += len(piece)
            if given > LONGEST:
                raise Unreadable(f"over {LONGEST} bytes once unfolded")
            if piece:
                yield piece
            rest = unfold.unconsumed_tail
            if not piece and not rest and not unfold.eof:  # there may be more in the unfolder as long as it gives
                rest = raw.read(_FOLDED)
                if not rest:
                    raise Unreadable(f"the {coding} body is cut off")
        rest = unfold.unused_data or raw.read(_FOLDED)
