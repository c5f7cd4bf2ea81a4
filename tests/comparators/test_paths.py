"""Path patterns and printed paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.paths import PathError, below, compile_path, element, without_indexes


@pytest.mark.parametrize(
    ("pattern", "place", "matches"),
    [
        ("email", ("email",), True),
        ("email", ("company", "email"), False),
        ("company.name", ("company", "name"), True),
        ("company", ("company", "name"), False),
        ("results[].email", ("results", "[]", "email"), True),
        ("results.email", ("results", "[]", "email"), False),
        ("company.*", ("company", "name"), True),
        ("company.*", ("company", "name", "x"), False),
        ("results.*", ("results", "[]"), False),
        ("**", (), True),
        (".", (), True),
        (".", ("a",), False),
        ("**", ("a", "[]", "b"), True),
        ("a.**", ("a", "b", "c"), True),
        ("a.**", ("a",), True),
        ("**.id", ("a", "[]", "id"), True),
        ("**.id", ("a", "id", "x"), False),
        ("[]", ("[]",), True),
        ("[].email", ("[]", "email"), True),
        ("grid[][].x", ("grid", "[]", "[]", "x"), True),
        ("[][]", ("[]", "[]"), True),
        ("[][].x", ("[]", "[]", "x"), True),
    ],
)  # fmt: skip
def test_a_pattern_names_places(pattern: str, place: tuple[str, ...], matches: bool) -> None:
    assert compile_path(pattern).matches(place) is matches


@pytest.mark.parametrize(
    ("pattern", "place", "covers"),
    [("a", ("a", "b", "[]"), True), ("a.b", ("a",), False), ("a", ("a",), True), ("b", ("a", "b"), False)],
    ids=["below", "above", "itself", "elsewhere"],
)
def test_a_pattern_covers_what_is_below_it(pattern: str, place: tuple[str, ...], covers: bool) -> None:
    assert compile_path(pattern).covers(place) is covers


@pytest.mark.parametrize("text", ["", "..", "a..b", "a[0]", "a[", "a]b", "[]a", "a[].", "a.[]"])
def test_a_path_that_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(PathError, match=r"results\[\]\.email"):
        compile_path(text)


def test_a_printed_path_has_keys_and_indexes() -> None:
    assert below(element(below("", "results"), "uuid=c1"), "email") == "results[uuid=c1].email"


def test_indexes_and_keys_are_taken_out() -> None:
    assert without_indexes("results[uuid=c1].tags[3]") == "results[].tags[]"


@given(st.text())
def test_no_mark_survives_when_indexes_are_taken_out(mark: str) -> None:
    """A key is data, perhaps an address: it must not reach a fingerprint or a stored path."""
    assert without_indexes(element("results", mark)) == "results[]"
