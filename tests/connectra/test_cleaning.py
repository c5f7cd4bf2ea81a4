"""Legacy's cleaner, joined lists and times (legacy-api.md §3), and what of Connectra's is no value at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectra.cleaning import joined, moment, text, texts, whole
from connectra.errors import Misread


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (None, None), ("", None), ("  ", None), ("_", None), (" _ ", None), ("__", "__"), (" a ", "a"),
        ('"a"', "a"), ("'a'", "a"), ("\"'a'\"", "a"), ('" a "', "a"), ('"_"', None), ('""', None), ("''", None),
        ('"', '"'), ("'", "'"), ("\"a'", "\"a'"), ('"a" b', '"a" b'), ("'+49 1", "+49 1"), ("'+", "+"), ("'49", "'49"),
        ("'+1'", "+1"), ("+49", "+49"),
    ],
)  # fmt: skip
def test_a_text_is_cleaned_as_legacy_does(value: Any, cleaned: str | None) -> None:
    assert text(value) == cleaned


@pytest.mark.parametrize(("value", "cleaned"), [("_", "_"), (" _ ", "_"), ("", None), (" vp ", "vp"), (None, None)])
def test_a_seniority_keeps_its_placeholder(value: Any, cleaned: str | None) -> None:
    assert text(value, keep_placeholder=True) == cleaned


@given(st.text())
def test_a_cleaned_text_is_never_empty_and_never_padded(value: str) -> None:
    found = text(value)
    assert found is None or (found != "" and found == found.strip())


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (None, None),
        ([], None),
        (["", "_", " "], None),
        ([" a ", "", "b"], ["a", "b"]),
        (["a", "a"], ["a", "a"]),
    ],
)
def test_each_element_of_a_list_is_cleaned(value: Any, cleaned: list[str] | None) -> None:
    assert texts(value) == cleaned


@pytest.mark.parametrize("value", [12, 0, True, 1.5, [], {}])
def test_what_is_no_text_is_misread(value: Any) -> None:
    with pytest.raises(Misread):
        text(value)


@pytest.mark.parametrize("value", ["a", "", 0, {}, {"a": 1}, [1], [None, 1], [["a"]]])
def test_what_is_no_list_of_texts_is_misread(value: Any) -> None:
    with pytest.raises(Misread):
        texts(value)


def test_a_list_is_joined_with_comma_and_space() -> None:
    assert joined(["a", "_", "b, c"]) == "a, b, c"


def test_a_list_of_nothing_joins_to_nothing() -> None:
    assert joined(["_"]) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("", None),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05.123Z", "2024-01-02T03:04:05.123000"),
        ("2025-01-02T03:04:05.6789Z", "2025-01-02T03:04:05.678900"),
        ("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456"),
        ("2024-01-02T03:04:05.000000Z", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05.5+02:00", "2024-01-02T01:04:05.500000"),
        ("2024-01-02T03:04:05.5-07:00", "2024-01-02T10:04:05.500000"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05"),
    ],
)
def test_a_time_is_written_naive_in_utc(value: Any, written: str | None) -> None:
    assert moment(value) == written


@pytest.mark.parametrize(
    "value",
    [
        "soon", "2024-13-01T00:00:00Z", "0001-01-01T00:00:00+01:00", 5, "2024-01-02T03:04:05.xZ",
        "2024-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:00.000000Zz",
    ],
)  # fmt: skip
def test_what_is_no_time_is_misread(value: Any) -> None:
    with pytest.raises(Misread):
        moment(value)


@given(st.datetimes())
def test_any_time_in_utc_is_written_as_it_is(at: datetime) -> None:
    written = at.isoformat(timespec="microseconds" if at.microsecond else "seconds")
    assert moment(f"{written}Z") == moment(f"{at.isoformat(timespec='microseconds')}Z") == written


@pytest.mark.parametrize("value", [None, 0, 5, -5, 1 << 62])
def test_a_whole_number_passes_unchanged(value: int | None) -> None:
    assert whole(value) == value


@pytest.mark.parametrize("value", [True, "5", 5.0, [], {}])
def test_what_is_no_whole_number_is_misread(value: Any) -> None:
    with pytest.raises(Misread):
        whole(value)
