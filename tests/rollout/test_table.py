"""The routing table on the wire and on disk, and its lease."""

from __future__ import annotations

import json

import pytest

from rollout.facts import Unreadable
from rollout.table import blind, closed, from_bytes, to_bytes
from tests.support.tables import route, table

FULL = table(route(percent=500, gaps=("a.b",), writes=("POST /x/{id}/",)), issued_at=10.0, lease=5.0)


def test_bytes_and_back() -> None:
    assert from_bytes(to_bytes(FULL)) == FULL


def test_a_newer_release_s_field_is_skipped() -> None:
    value = json.loads(to_bytes(FULL)) | {"from_the_future": 1}
    assert from_bytes(json.dumps(value).encode()) == FULL


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"epoch": "x"}'])
def test_what_is_no_table_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        from_bytes(data)


def test_a_lease_that_was_not_renewed_is_blind() -> None:
    assert [blind(FULL, now) for now in (10.0, 15.0, 15.1)] == [False, False, True]


def test_an_old_table_serves_nothing_and_keeps_its_routes() -> None:
    assert [(one.endpoint, one.percent) for one in closed(FULL).routes] == [("contact", 0)]
