"""Stickiness: the same caller, the same side; more percent only adds callers."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.bucket import bucket, derive, serves, sticky_value

SALT = derive(b"secret", "bucket:single-record")


@given(st.text(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_raising_the_percent_only_adds_callers(value: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert not serves(SALT, value, low) or serves(SALT, value, high)


def test_callers_are_spread_evenly() -> None:
    served = sum(serves(SALT, str(caller), 2_500) for caller in range(20_000))
    assert 4_700 < served < 5_300


def test_phases_draw_independently() -> None:
    other = derive(b"secret", "bucket:lists")
    assert bucket(SALT, "ann") != bucket(other, "ann")


@pytest.mark.parametrize("percent", [0, 10_000])
def test_the_ends_of_the_scale_hold_for_everybody(percent: int) -> None:
    assert {serves(SALT, str(caller), percent) for caller in range(100)} == {percent > 0}


def token(claims: bytes) -> bytes:
    return b"Bearer h." + urlsafe_b64encode(claims).rstrip(b"=") + b".s"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"Authorization", token(b'{"sub":"ann"}'))], "jwt:sub=ann"),
        ([(b"authorization", token(b'{"sub":7}'))], "jwt:sub=7"),
        ([(b"Authorization", token(b'{"sub":null}')), (b"X-Team", b"a")], "header:x-team=a"),
        ([(b"Authorization", b"Bearer nonsense"), (b"Cookie", b"a=1; sid=s9")], "cookie:sid=s9"),
        ([(b"Authorization", b"Bearer a.!!.c")], "client_ip=192.0.2.1"),
        ([(b"Authorization", token(b"[]"))], "client_ip=192.0.2.1"),
        ([(b"Authorization", b"Basic x")], "client_ip=192.0.2.1"),
        ([], "client_ip=192.0.2.1"),
    ],
)
def test_the_first_source_that_is_present_counts(headers: list[tuple[bytes, bytes]], expected: str) -> None:
    sources = ("jwt:sub", "header:x-team", "cookie:sid", "client_ip")
    assert sticky_value(sources, headers, "192.0.2.1") == expected


@given(st.binary(max_size=200))
def test_no_header_makes_it_fail(value: bytes) -> None:
    headers = [(b"Authorization", b"Bearer " + value), (b"Cookie", value)]
    assert sticky_value(("jwt:sub", "cookie:sid"), headers, "peer")
