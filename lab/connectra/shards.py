"""Which of an index's six shards a document lies on: equal hits come shard by shard (§3.5, §5.1)."""

from __future__ import annotations

SHARDS = 6
_SLOTS = SHARDS << 7  # the engine hashes into the largest doubling of the shards up to 1024
_MASK = 0xFFFFFFFF


def shard_of(uuid: str) -> int:
    """The shard, 0…5, by the hash of the document's id."""
    hashed = murmur3(uuid.encode("utf-16-le"))
    signed = hashed - (1 << 32) if hashed >> 31 else hashed
    return signed % _SLOTS // (_SLOTS // SHARDS)


def murmur3(data: bytes) -> int:
    """MurmurHash3, 32 bits, seed 0."""
    whole = len(data) & ~3
    state = 0
    for at in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        state = (state << 13 | state >> 19) & _MASK
        state = (state * 5 + 0xE6546B64) & _MASK
    if whole < len(data):
        state ^= _mixed(int.from_bytes(data[whole:], "little"))
    state ^= len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & _MASK
    return state ^ state >> 16


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    return (block << 15 | block >> 17) * 0x1B873593 & _MASK
