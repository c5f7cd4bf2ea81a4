"""The rows of a CSV body, read as a stream (RFC 4180).

Line ends and quoting do not count. Legacy does not quote a carriage return that stands alone (legacy-api.md §7.4), so
that one is data wherever it stands. A row that has more or fewer fields than there are columns is no row: a body that
was cut off must not pass as one with empty fields.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Generator, Iterator

from comparators.answer import Answer
from comparators.coding import Unreadable, pieces

LONGEST_ROW = 4 << 20
"""Characters of one row; a quote that is never closed must not swallow the rest of the body into memory."""
WIDEST = 1_000
"""Columns; each costs what is known of its place and what is remembered of its values."""
_LONE = re.compile("\r(?!\n)")
_MARK = "\udc0d"
"""Stands for a lone carriage return while csv reads: no UTF-8 text holds it."""


def rows(answer: Answer) -> Generator[list[str], None, None]:
    """The names of the columns, then each row; nothing for an empty body. Raises Unreadable and OSError."""
    lines = _Lines(answer)
    reader = csv.reader(iter(lines), strict=True)
    width = 0
    try:
        for row in reader:
            lines.length = 0
            if not row:
                continue
            if not width:
                width = _width(row)
            elif len(row) != width:
                raise Unreadable(f"not CSV: line {reader.line_num} ends a row of {len(row)} fields, not {width}")
            yield [field.replace(_MARK, "\r") for field in row] if lines.marked else row
    except csv.Error as error:
        raise Unreadable(f"not CSV: line {reader.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error.reason}") from error


def _width(columns: list[str]) -> int:
    if len(columns) > WIDEST:
        raise Unreadable(f"not CSV that can be compared: over {WIDEST} columns")
    if len(set(columns)) < len(columns):
        raise Unreadable("not CSV that can be compared: two columns have the same name")
    if any(_MARK in name for name in columns):
        raise Unreadable("not CSV: its lines end with a carriage return alone")
    return len(columns)


def _too_long() -> Unreadable:
    return Unreadable(f"not CSV: a row of over {LONGEST_ROW} characters")


class _Lines:
    """Lines with their ends. `length` is set to 0 by who reads a row, `marked` once a lone return was met."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.length = 0
        self.marked = False

    def __iter__(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        rest = ""
        for piece in pieces(self._answer):
            whole, end, rest = (rest + decoder.decode(piece)).rpartition("\n")
            if len(rest) > LONGEST_ROW:
                raise _too_long()
            for line in self._marked(whole + end).split("\n")[:-1]:
                self.length += len(line) + 1
                if self.length > LONGEST_ROW:
                    raise _too_long()
                yield line + "\n"
        rest += decoder.decode(b"", final=True)
        if rest:
            yield self._marked(rest)

    def _marked(self, text: str) -> str:
        if text.count("\r") == text.count("\r\n"):
            return text
        self.marked = True
        return _LONE.sub(_MARK, text)
