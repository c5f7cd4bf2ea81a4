from __future__ import annotations

import pytest

from lab.legacy.cleaning import clean, clean_all, joined


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (None, None),
        ("", None),
        ("   ", None),
        ("_", None),
        (" _ ", None),
        ("''", None),
        ("'_'", None),
        ("Ann", "Ann"),
        ("  Ann ", "Ann"),
        ('"Ann"', "Ann"),
        ("\"'Ann'\"", "Ann"),
        ("'Ann", "'Ann"),
        ("'+1 555", "+1 555"),
        ("+1 555", "+1 555"),
        ("D'Arcy", "D'Arcy"),
        ("_x", "_x"),
    ],
)
def test_a_text_is_freed_of_spaces_quotes_and_placeholders(text: str | None, cleaned: str | None) -> None:
    assert clean(text) == cleaned


def test_seniority_keeps_its_placeholder() -> None:
    assert clean("_", keep_placeholder=True) == "_"


def test_an_array_loses_the_elements_that_hold_nothing() -> None:
    assert clean_all(["a", "", None, "_", " b "]) == ["a", "b"]


@pytest.mark.parametrize("values", [None, [], ["", "_", None]])
def test_an_array_of_nothing_is_none(values: list[str | None] | None) -> None:
    assert clean_all(values) is None


def test_elements_are_joined_with_comma_and_space() -> None:
    assert joined(["a", "", "b"]) == "a, b"
