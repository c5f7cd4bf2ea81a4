"""Before the handlers: rate limit, key, redirects, in their order."""

from __future__ import annotations

from lab.connectra.edge import Asked, Bucket, Edge
from lab.connectra.engine import Engine


def asked(method: str, path: str, **headers: str) -> Asked:
    return Asked(method, path, "", {"X-API-Key": "k"} | headers, b"{}")


def test_a_capacity_below_sixty_is_never_filled_again() -> None:
    bucket = Bucket(3)
    assert [bucket.take(float(second)) for second in (0, 0, 0, 5, 500)] == [True, True, True, False, False]


def test_a_sixtieth_of_the_capacity_is_added_every_second() -> None:
    bucket = Bucket(120)
    assert all(bucket.take(10.0) for _ in range(120))
    assert [bucket.take(11.0) for _ in range(3)] == [True, True, False]
    assert sum(bucket.take(1000.0) for _ in range(200)) == 120


def test_the_rate_limit_runs_before_the_key_but_after_redirects() -> None:
    edge = Edge(Engine(), "k", Bucket(0))
    assert edge.answer(Asked("POST", "/contacts", "a=1", {}, b"{}"), 0.0).headers["Location"] == "/contacts/?a=1"
    assert edge.answer(Asked("GET", "/health", "", {}, b""), 0.0).status == 429


def test_without_a_configured_key_nobody_gets_in() -> None:
    edge = Edge(Engine(), "", Bucket(None))
    assert edge.answer(Asked("GET", "/health", "", {"X-API-Key": ""}, b""), 0.0).status == 401


def test_an_unknown_path_is_a_404_only_with_the_key() -> None:
    edge = Edge(Engine(), "k", Bucket(None))
    assert edge.answer(asked("GET", "/contacts/"), 0.0).body == b"404 page not found"
    assert edge.answer(Asked("GET", "/nope", "", {}, b""), 0.0).status == 401
