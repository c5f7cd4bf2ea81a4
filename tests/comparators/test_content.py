"""Bodies as values, by media type and coding."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest

from comparators import content
from comparators.answer import Answer
from comparators.content import Content, Unreadable, decoded, read


def answer(body: bytes | Path, kind: str = "application/json", coding: str | None = None) -> Answer:
    fields = (("Content-Type", kind),) + ((("Content-Encoding", coding),) if coding else ())
    return Answer(200, fields, body)


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("application/json", b'{"a": 1}', Content("json", {"a": 1})),
        ("Application/JSON; charset=utf-8", b"[]", Content("json", [])),
        ("application/problem+json", b"1", Content("json", 1)),
        ("application/json", b"", Content("json", None)),
        ("application/x-ndjson", b'{"a":1}\n\n{"a":2}\n', Content("ndjson", [{"a": 1}, {"a": 2}])),
        ("application/jsonl", b"1\n2", Content("ndjson", [1, 2])),
        ("text/csv", b"a,b\r\n1,\"x\r\ny\"\r\n", Content("csv", [{"a": "1", "b": "x\r\ny"}])),
        ("text/csv", b"a,b\n1\n", Content("csv", [{"a": "1", "b": ""}])),
        ("text/csv", b"", Content("csv", [])),
        ("text/plain", "é".encode(), Content("text", "é")),
        ("image/png", b"\x89", Content("bytes", b"\x89")),
        ("", b"{}", Content("bytes", b"{}")),
    ],
)  # fmt: skip
def test_a_body_is_read_by_its_media_type(kind: str, body: bytes, found: Content) -> None:
    assert read(answer(body, kind)) == found


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("application/json", b"{", "not JSON"),
        ("application/json", b"NaN", "not JSON"),
        ("application/json", b'"\xff"', "not JSON"),
        ("application/x-ndjson", b"1\n{", "not JSON"),
        ("text/plain", b"\xff", "not UTF-8"),
        ("text/csv", b"\xff", "not UTF-8"),
        ("text/csv", b"a\n" + b"x" * 200_000, "not CSV"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_unreadable(kind: str, body: bytes, text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        read(answer(body, kind))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, b"abc"),
        ("identity", b"abc"),
        ("gzip", gzip.compress(b"abc")),
        ("GZIP", gzip.compress(b"abc")),
        ("x-gzip", gzip.compress(b"abc")),
        ("deflate", zlib.compress(b"abc")),
        ("gzip", gzip.compress(b"ab") + gzip.compress(b"c")),
    ],
    ids=["none", "identity", "gzip", "capitals", "x-gzip", "deflate", "two members"],
)
def test_a_coding_is_undone(coding: str | None, body: bytes) -> None:
    assert decoded(answer(body, coding=coding)) == b"abc"


def test_no_body_needs_no_decoding() -> None:
    assert decoded(answer(b"", coding="gzip")) == b""


@pytest.mark.parametrize(
    ("coding", "body", "text"),
    [
        ("br", b"x", "'br' can not be undone"),
        ("gzip", b"{}", "not gzip"),
        ("gzip", gzip.compress(b"abc" * 100)[:-9], "cut off"),
        ("gzip", gzip.compress(b"abc") + b"rubbish", "not gzip"),
    ],
    ids=["unknown", "not packed at all", "cut off", "rubbish behind it"],
)
def test_a_coding_that_can_not_be_undone_is_unreadable(coding: str, body: bytes, text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        decoded(answer(body, coding=coding))


@pytest.mark.parametrize("members", [1, 4], ids=["in one member", "in several members"])
def test_a_bomb_is_not_unfolded(members: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGEST", 1 << 20)
    with pytest.raises(Unreadable, match="over 1048576 bytes"):
        decoded(answer(gzip.compress(bytes(1 + ((1 << 20) // members))) * members, coding="gzip"))


def test_a_body_of_exactly_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGEST", 1 << 20)
    assert len(decoded(answer(gzip.compress(bytes(1 << 20)), coding="gzip"))) == 1 << 20


def test_a_spooled_body_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(gzip.compress(b'{"a": 1}'))
    found: Any = read(answer(path, coding="gzip")).value
    assert found == {"a": 1}
