"""Bodies as values, by media type and coding."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from comparators.answer import Answer
from comparators.content import Content, Unreadable, read


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
        ("text/csv", b"a,b\n1,\n", Content("csv", [{"a": "1", "b": ""}])),
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
        ("text/csv", b"a,b\n" + b"1,2\n" * 50_001, "over 100000 fields"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_unreadable(kind: str, body: bytes, text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        read(answer(body, kind))


def test_a_spooled_body_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(gzip.compress(b'{"a": 1}'))
    found: Any = read(answer(path, coding="gzip")).value
    assert found == {"a": 1}
