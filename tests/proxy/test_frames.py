"""Frames: whole, in pieces, from another release, and broken."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.exchange import Write
from proxy.frames import (
    HEAD,
    BreakerMoved,
    Counts,
    FrameError,
    FrameReader,
    Hello,
    Kind,
    pack,
    pack_json,
    read_breaker,
    read_counts,
    read_hello,
    read_writes,
)


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 40))
def test_a_stream_cut_anywhere_gives_the_same_frames(payloads: list[bytes], step: int) -> None:
    stream = b"".join(pack(Kind.EXCHANGES, payload) for payload in payloads)
    reader = FrameReader()
    found = [frame for at in range(0, len(stream), step) for frame in reader.feed(stream[at : at + step])]
    assert [frame.payload for frame in found] == payloads


def test_an_unknown_kind_is_given_out_as_a_number() -> None:
    frames = FrameReader().feed(HEAD.pack(3, 9, 200) + b"x")
    assert [(frame.kind, frame.version) for frame in frames] == [(200, 9)]


@pytest.mark.parametrize("length", [0, 1, 1 << 31])
def test_an_impossible_length_is_an_error(length: int) -> None:
    with pytest.raises(FrameError, match="bytes"):
        FrameReader().feed(HEAD.pack(length, 1, 1))


def payload(frame: bytes) -> bytes:
    return FrameReader().feed(frame)[0].payload


def test_counts_and_back() -> None:
    counts = Counts(1, 2.0, requests={"contact": {"legacy:2xx": 3}}, lost={"contact": {"1": {"full": 2}}})
    assert read_counts(payload(pack_json(Kind.COUNTS, counts))) == counts


def test_hello_writes_and_breakers_and_back() -> None:
    writes = [Write(1.0, "contact", {"a": "b"}, 201)]
    moved = BreakerMoved(0, "connectra", "open", 3.0)
    assert read_hello(payload(pack_json(Kind.HELLO, Hello(1, 2, 3)))) == Hello(1, 2, 3)
    assert read_writes(payload(pack_json(Kind.WRITES, writes))) == writes
    assert read_breaker(payload(pack_json(Kind.BREAKER, moved))) == moved


def test_a_release_that_knows_less_and_one_that_knows_more_are_both_read() -> None:
    assert read_counts(orjson.dumps({"worker": 1, "at": 2.0, "new": 1})) == Counts(1, 2.0)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"worker": "x"}'])
def test_what_is_no_counts_is_an_error(data: bytes) -> None:
    with pytest.raises(FrameError):
        read_counts(data)
