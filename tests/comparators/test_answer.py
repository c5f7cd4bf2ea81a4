"""Header fields of an answer."""

from __future__ import annotations

import pytest

from comparators.answer import Answer


@pytest.mark.parametrize(
    ("headers", "name", "found"),
    [
        ((("Content-Type", "text/csv"),), "content-type", "text/csv"),
        ((("content-type", "text/csv"),), "Content-Type", "text/csv"),
        ((("X", "1"), ("x", "2")), "X", "2"),
        ((), "x", None),
        ((("X", ""),), "x", ""),
    ],
    ids=["asked in lower case", "asked in capitals", "the last of two", "absent", "empty is not absent"],
)
def test_a_field_is_found_whatever_its_case(headers: tuple[tuple[str, str], ...], name: str, found: str | None) -> None:
    assert Answer(200, headers, b"").header(name) == found
