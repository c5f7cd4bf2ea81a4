"""Where a document lies, and that equal hits come in that order."""

from __future__ import annotations

import pytest

from lab.connectra.shards import murmur3, shard_of
from tests.support.standin import filled, uuids

FIRST_RECORDED = (  # the first hits of a match-all over the recorded companies
    "52572153-e69b-5269-9a1e-8f2d8b863271", "e12e65a7-ec9b-51fa-a506-9ffebc88a799",
    "ada11038-b7bc-5f09-9a2c-160b6f480756", "b513465a-4636-5d1b-b738-1735a2708eda",
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(b"", 0), (b"test", 0xBA6BD213), (b"Hello, world!", 0xC0363E43), (b"a", 0x3C2569B2)],
)
def test_the_published_vectors_of_the_hash(text: bytes, wanted: int) -> None:
    assert murmur3(text) == wanted


def test_the_first_hits_of_the_recording_lie_on_the_first_shard() -> None:
    assert [shard_of(uuid) for uuid in FIRST_RECORDED] == [0] * len(FIRST_RECORDED)


def test_a_shard_is_one_of_six_and_all_are_used() -> None:
    assert {shard_of(f"{number:08}") for number in range(400)} == set(range(6))


@pytest.mark.parametrize("query", [{}, {"where": {"keyword_match": {"must": {"city": "x"}}}}])
def test_equal_hits_come_shard_by_shard_and_in_the_order_of_their_writes(query: dict[str, object]) -> None:
    names = [f"{number:08}" for number in range(60)]
    engine = filled("company", [{"uuid": name, "city": "x"} for name in names])
    filled("company", [{"uuid": names[0], "city": "x"}], engine)
    written = [*names[1:], names[0]]
    wanted = sorted(written, key=shard_of)
    assert uuids(engine, "company", limit=100, **query) == wanted
    assert uuids(engine, "company", limit=20, page=2, **query) == wanted[20:40]
