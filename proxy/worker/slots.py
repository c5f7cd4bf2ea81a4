"""Moments shared by the workers of a host: who wrote when, and which caller legacy has accepted when.

A file mapped into memory holds 65,536 words of eight bytes; a name's keyed hash chooses the word and is its tag.
One aligned word is written at a time, so that a reader meets the old one or the new one and no mixture. A word may be
lost to another name: then a caller is not known to have written or to be accepted, which errs for the older moment
only. Tags make a wrong yes as rare as one in 2^24 for a name that meets a taken word.
"""

from __future__ import annotations

import mmap
import os
from hashlib import blake2b
from pathlib import Path
from struct import Struct

SLOTS = 1 << 16
_WORD = Struct("=Q")
_TIME_BITS = 40
"""Milliseconds since 1970 modulo 2^40: 34 years."""
_TIME = (1 << _TIME_BITS) - 1


class Slots:
    """The shared words in the file `path`, which is made if absent. `key` is at most 64 bytes."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._key = key
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, SLOTS * _WORD.size)
            self._words = mmap.mmap(descriptor, SLOTS * _WORD.size)
        finally:
            os.close(descriptor)

    def mark(self, name: bytes, now: float) -> None:
        """Notes that it happened to `name` at `now` (Unix seconds)."""
        offset, tag = self._place(name)
        _WORD.pack_into(self._words, offset, tag << _TIME_BITS | int(now * 1000.0) & _TIME)

    def within(self, name: bytes, now: float, seconds: float) -> bool:
        """Whether it happened to `name` within the last `seconds`."""
        offset, tag = self._place(name)
        (word,) = _WORD.unpack_from(self._words, offset)
        age = (int(now * 1000.0) - word) & _TIME
        return bool(word) and word >> _TIME_BITS == tag and (age < seconds * 1000.0 or age > _TIME - 5000)

    def _place(self, name: bytes) -> tuple[int, int]:
        digest = int.from_bytes(blake2b(name, key=self._key, digest_size=5).digest(), "big")
        return (digest % SLOTS) * _WORD.size, digest >> 16

    def close(self) -> None:
        """Unmaps the file; it stays for the others."""
        self._words.close()
