"""Equality of two answers as bytes, and the key under which a request counts once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.exchange import Failure, Observed
from proxy.worker.migrated import request_key, same

ONE = Observed(200, ((b"Content-Type", b"application/json"),), b"{}", 2, 0.1)
SALT = b"s" * 32


def test_the_same_bytes_status_and_type_are_equal() -> None:
    assert same(ONE, replace(ONE, seconds=9.0))


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, status=201),
        replace(ONE, body=b"{ }"),
        replace(ONE, headers=((b"Content-Type", b"text/plain"),)),
        replace(ONE, headers=(*ONE.headers, (b"Content-Encoding", b"gzip"))),
        replace(ONE, failure=Failure.RESET),
        replace(ONE, body=None),
        replace(ONE, missing=("a",)),
        replace(ONE, declined="no"),
    ],
)
def test_anything_else_is_for_the_analyst(other: Observed) -> None:
    assert not same(ONE, other)


def test_the_order_of_a_query_s_parts_does_not_matter() -> None:
    assert request_key("e", "/a?x=1&y=2", b"", SALT) == request_key("e", "/a?y=2&x=1", b"", SALT)


@pytest.mark.parametrize(("endpoint", "target", "body"), [("f", "/a", b""), ("e", "/b", b""), ("e", "/a?", b"b")])
def test_endpoint_path_and_body_make_the_key(endpoint: str, target: str, body: bytes) -> None:
    assert request_key("e", "/a", b"", SALT) != request_key(endpoint, target, body, SALT)
