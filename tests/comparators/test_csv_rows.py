"""CSV bodies as rows."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators import coding, csv_rows
from comparators.answer import Answer
from comparators.coding import Unreadable
from comparators.csv_rows import rows


def read(body: bytes | Path, *fields: tuple[str, str]) -> list[list[str]]:
    return list(rows(Answer(200, fields, body)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", []),
        (b"a,b\n", [["a", "b"]]),
        (b"a,b\n1,2", [["a", "b"], ["1", "2"]]),
        (b"a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        (b'"a","b"\n"1","2"\n', [["a", "b"], ["1", "2"]]),
        (b"a,b\n\n1,2\n\n", [["a", "b"], ["1", "2"]]),
        (b'a\n""\n', [["a"], [""]]),
        (b'a,b\n"x ""y""","1\n2"\n', [["a", "b"], ['x "y"', "1\n2"]]),
        (b'a,b\n"1\r\n2",3\n', [["a", "b"], ["1\r\n2", "3"]]),
        (b"a,b\nx\ry,2\n", [["a", "b"], ["x\ry", "2"]]),
        (b'a,b\n"x\ry",2\n', [["a", "b"], ["x\ry", "2"]]),
        ("a\né\u2028b\x0b\n".encode(), [["a"], ["é\u2028b\x0b"]]),
        (b"a\n\x00\n", [["a"], ["\x00"]]),
    ],
    ids=["empty", "no rows", "no end", "crlf", "quoted", "blank lines", "empty field", "quotes and line feed within",
         "crlf within", "lone return", "lone return, quoted", "other line separators", "NUL"],
)  # fmt: skip
def test_line_ends_and_quoting_do_not_count(body: bytes, found: list[list[str]]) -> None:
    assert read(body) == found


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a,b\n1\n", "line 2 ends a row of 1 fields, not 2"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 ends a row of 3 fields, not 2"),
        (b'a,b\n1,"2\n', "not CSV: line 2"),
        (b'a,b\n"1"x,2\n', "not CSV: line 2"),
        (b"a,b,a\n1,2,3\n", "two columns have the same name"),
        (b",".join(b"c%d" % at for at in range(1_001)), "over 1000 columns"),
        (b"a,b\r1,2\r", "a carriage return alone"),
        (b"a\n\xff\n", "not UTF-8"),
        (b"a\n\xc3", "not UTF-8"),
        (b"a\n" + b"x" * 200_000 + b"\n", "not CSV"),
    ],
    ids=["short row", "long row", "open quote", "behind a quote", "double column", "too wide", "returns alone",
         "not UTF-8", "cut within a letter", "huge field"],
)  # fmt: skip
def test_what_is_no_csv_is_unreadable(body: bytes, text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        read(body)


@pytest.mark.parametrize("body", [b'a\n"' + b"x\n" * 600, b"a\n" + b"," * 1_001, b'a\n"x"' + b',"\n"' * 600])
def test_a_row_that_does_not_end_is_given_up(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "LONGEST_ROW", 1_000)
    with pytest.raises(Unreadable, match="over 1000 characters"):
        read(body)


def test_many_rows_together_may_be_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "LONGEST_ROW", 100)
    assert len(read(b"a\n" + b"xxxxxxxxx\n" * 100)) == 101


def test_a_packed_spool_is_read(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    assert read(path, ("content-encoding", "gzip")) == [["a"], ["1"]]


FIELDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


ROWS = st.lists(st.lists(FIELDS, min_size=2, max_size=2), max_size=5)


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_what_was_written_is_read_in_pieces_of_any_size(table: list[list[str]], end: str, size: int) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["one", "two"], *table])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coding, "PIECE", size)
        assert read(file.getvalue().encode()) == [["one", "two"], *table]
