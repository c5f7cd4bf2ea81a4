"""What an answer says of its side, and whether it may be served."""

from __future__ import annotations

import pytest

from proxy.exchange import Failure
from proxy.worker.asking import seen, usable


@pytest.mark.parametrize(
    ("status", "fields", "gaps", "reason"),
    [
        (200, (), (), None),
        (404, (), (), None),
        (503, (), (), "status"),
        (502, ((b"x-crossfade-error", b"misread"),), (), "misread"),
        (502, ((b"X-Crossfade-Error", b"anything else"),), (), "status"),
        (400, ((b"X-Crossfade-Error", b"unreadable"),), (), "unreadable"),
        (400, ((b"X-Crossfade-Error", b"anything else"),), (), None),
        (200, ((b"X-Crossfade-Missing", b"a.b, c"),), (), "missing"),
        (200, ((b"X-Crossfade-Missing", b"a.b, c"),), ("a", "c"), None),
        (200, ((b"X-Crossfade-Missing", b"ab"),), ("a",), "missing"),
    ],
)
def test_a_candidate_s_answer_is_served_unless_it_failed_or_lacks_something(
    status: int, fields: tuple[tuple[bytes, bytes], ...], gaps: tuple[str, ...], reason: str | None
) -> None:
    assert usable(seen(status, fields, b"{}", 0.1, candidate=True), gaps) == reason


def test_a_declined_request_is_no_failure() -> None:
    observed = seen(409, ((b"x-crossfade-declined", b"parameter ordering"),), b"", 0.1, candidate=True)
    assert (observed.declined, observed.failure) == ("parameter ordering", None)


def test_legacy_can_not_decline() -> None:
    observed = seen(500, ((b"X-Crossfade-Declined", b"no"),), b"", 0.1, candidate=False)
    assert (observed.declined, observed.failure) == (None, Failure.STATUS)


def test_cookies_are_not_kept() -> None:
    observed = seen(200, ((b"Set-Cookie", b"a=1"), (b"X", b"1")), b"", 0.1, candidate=False)
    assert observed.headers == ((b"X", b"1"),)
