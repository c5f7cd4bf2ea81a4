"""Leaves in the form in which they are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.normalise import leaf, unquoted
from comparators.treatment import Treatment

MOMENT = "2026-03-01T10:00:00Z"


def same(one: Any, other: Any, **how: Any) -> bool:
    treatment = Treatment((), **how)
    forms = leaf(one, treatment), leaf(other, treatment)
    return bool(forms[0] == forms[1])


@pytest.mark.parametrize(
    ("how", "one", "other", "equal"),
    [
        ("trim", " a ", "a", True),
        ("trim", "a b", "ab", False),
        ("casefold", "STRASSE", "straße", True),
        ("casefold", "a", "b", False),
        ("coerce", "120", 120, True),
        ("coerce", "120.0", 120, True),
        ("coerce", "1.2e2", 120.0, True),
        ("coerce", "-0.5", -0.5, True),
        ("coerce", "x", 1, False),
        ("coerce", "02134", 2134, False),
        ("coerce", "+9198", 9198, False),
        ("coerce", "1_000", 1000, False),
        ("coerce", "1e999999999", "1e999999998", False),
        ("coerce", "NaN", "nan", False),
        ("coerce", "1234567890123456789012345678901", "1234567890123456789012345678902", False),
        ("timestamp", MOMENT, "2026-03-01T15:30:00+05:30", True),
        ("timestamp", MOMENT, "2026-03-01 10:00:00.000000", True),
        ("timestamp", "2026-03-01T10:00:00.1234567Z", "2026-03-01T10:00:00.123456+00:00", True),
        ("timestamp", "2026-03-01T10:00:00.12Z", "2026-03-01T10:00:00.120Z", True),
        ("timestamp", MOMENT, "2026-03-01T10:00:01Z", False),
        ("timestamp", "0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+06:00", False),
        ("timestamp", "soon", "soon", True),
        ("url", "https://www.Example.com/a/", "example.com/a", True),
        ("url", "http://example.com", "https://example.com/", True),
        ("url", "http://a.com/?q=1", "http://a.com/?q=2", False),
        ("url", "http://a.com/#x", "http://a.com/#y", False),
        ("url", "http://a.com/B", "http://a.com/b", False),
        ("url", "www.a.com/?u=http://b.com", "a.com/?u=http://b.com", True),
        ("url", "http://[", "http://[x", False),
        ("unquote", "'+91 98'", "+91 98", True),
        ("unquote", "'\"a\"'", "a", True),
        ("zero_is_null", 0, None, True),
        ("zero_is_null", 0.0, None, True),
        ("zero_is_null", False, None, False),
        ("zero_is_null", 1, None, False),
        ("null_missing_empty", "", None, True),
        ("null_missing_empty", [], None, True),
        ("null_missing_empty", {}, "", True),
        ("null_missing_empty", 0, None, False),
        ("null_missing_empty", False, None, False),
    ],
)  # fmt: skip
def test_a_treatment_makes_equal_what_means_the_same(how: str, one: Any, other: Any, equal: bool) -> None:
    flags: dict[str, Any] = {how: True}
    assert same(one, other, **flags) is equal


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a, b", ["a", "b"], True),
        ("a,b", ["a", " b "], True),
        ("a, , b", ["a", "", None, "b"], True),
        ("a b", ["a", "b"], False),
        (["b", "a"], "a, b", False),
        (3, "3", False),
    ],
)
def test_a_joined_text_is_its_list(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other, joined=", ") is equal


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("10:00:00.123999", "10:00:00.123Z", True),
        ("10:00:00.123999", "10:00:00.124", False),
        ("10:00:00", "10:00:00.000999", True),
    ],
)
def test_a_moment_is_cut_to_its_unit(one: str, other: str, equal: bool) -> None:
    assert same(f"2026-03-01T{one}", f"2026-03-01T{other}", timestamp=1_000) is equal


def test_the_parts_of_a_joined_text_are_texts_of_their_place() -> None:
    how = {"joined": ",", "placeholders": frozenset("_"), "casefold": True}
    assert same("_, Sales,'Légal'", ["sales", "le\u0301gal"], unquote=True, **how)
    assert not same("Sales", ["sales", "legal"], **how)


def test_a_placeholder_is_null() -> None:
    assert same("_", None, placeholders=frozenset("_"))
    assert not same("-", None, placeholders=frozenset("_"))


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert same("é", "e\u0301")


def test_quotes_are_taken_off_in_pairs_only() -> None:
    assert unquoted("'a") == "'a"


FLAGS = ("timestamp", "null_missing_empty", "zero_is_null", "casefold", "url", "trim", "unquote", "coerce")


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.from_regex(r"\d{4}-\d\d-\d\d.*")),
    st.dictionaries(st.sampled_from(FLAGS), st.booleans()),
    st.sampled_from([None, ", ", " ", "|"]),
)
def test_no_leaf_and_no_treatment_raises(value: Any, flags: dict[str, Any], joined: str | None) -> None:
    how = Treatment((), joined=joined, **flags)
    assert repr(leaf(value, how)) == repr(leaf(value, how))
