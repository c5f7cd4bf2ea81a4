"""Exchanges as bytes and back."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.codec import FrameError, decode_exchanges, encode_exchanges
from proxy.exchange import Exchange, Failure, Observed, Request, Spool
from rollout.sides import Side

FIELDS = ((b"Content-Type", b"application/json"), (b"X", b"\xff\xfe"), (b"X", b"2"))
REQUEST = Request("POST", "/a/%C3%A4\udcff?q=1", FIELDS, b"\x00body", "192.0.2.1")


def exchange(legacy: Observed | None, candidate: Observed | None) -> Exchange:
    return Exchange(
        id="x", at=1.5, endpoint="contact", window=2, epoch=3, percent=500, primary=Side.LEGACY, served=Side.CANDIDATE,
        request=REQUEST, params={"a": "ä"}, key=b"k" * 16, legacy=legacy, candidate=candidate, fallback="deadline",
    )  # fmt: skip


SIDES = [
    None,
    Observed(200, FIELDS, b"{}", 2, 0.01, 0.001),
    Observed(200, FIELDS, Spool("spool/1", 70_000), 70_000, 0.5, missing=("a.b",)),
    Observed(None, seconds=inf, failure=Failure.DEADLINE),
    Observed(409, declined="parameter ordering"),
    Observed(200, FIELDS, b"{}", 2, 0.01, cache="hit"),
]


@given(st.lists(st.tuples(st.sampled_from(SIDES), st.sampled_from(SIDES)), max_size=6))
def test_a_batch_and_back(pairs: list[tuple[Observed | None, Observed | None]]) -> None:
    batch = [exchange(*pair) for pair in pairs]
    assert decode_exchanges(encode_exchanges(batch)) == batch


@given(st.integers(1, 300))
def test_a_batch_that_is_cut_off_is_an_error(cut: int) -> None:
    data = encode_exchanges([exchange(SIDES[1], SIDES[2])])
    with pytest.raises(FrameError):
        decode_exchanges(data[: -min(cut, len(data) - 1)])


@given(st.binary(min_size=1, max_size=64))
def test_noise_is_an_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(FrameError):
        decode_exchanges(data)
