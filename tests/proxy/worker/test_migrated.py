"""Equality of two answers as bytes, and the key under which a request counts once."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from proxy.exchange import Failure, Observed
from proxy.worker.migrated import request_key, same
from rollout.breaker import Breaker, Standing
from rollout.model import FULL
from tests.support.bad_input import GOOD, MIRRORED, SERVED, Stage, stage

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


def taken(ready: Stage) -> int:
    """Room that shadows hold."""
    return sum(room.count for _, _, room in ready.service.sides._budgets.values())


async def test_a_shadow_that_is_given_up_before_it_began_leaves_its_room(tmp_path: Path) -> None:
    async with stage(SERVED, tmp_path, stream=True, shadow=FULL) as ready:
        ready.service.sides._breakers["candidate"] = Breaker(Standing.OPEN, until=inf)
        assert b"legacy" in (await ready.ask(GOOD.encode())).body
        await ready.settled()
        assert (taken(ready), len(ready.service.sides._budgets)) == (0, 1)


async def test_a_request_that_went_in_a_circle_takes_no_room(tmp_path: Path) -> None:
    async with stage(MIRRORED, tmp_path) as ready:
        via = b"Via: 1.1 crossfade-" + ready.service.sides.token
        assert (await ready.ask(GOOD.encode(), fields=(via,))).status == 508
        assert taken(ready) == 0
