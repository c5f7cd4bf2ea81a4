"""Functions on lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.functions.lists import first_of_joined, same_distinct_values, same_elements


@pytest.mark.parametrize(
    ("legacy", "candidate", "same"),
    [
        ("Software, Media", "Software", True),
        ("Software, Media", ["Software"], True),
        (["Software", "Media"], "Software ", True),
        ("Software", "Software", True),
        ("Software, Media", "Media", False),
        ("Software, Media", "Soft", False),
        ("Software, Media", "software", False),
        ("Software, Media", ["Software", "Games"], False),
        ("Software, Media", "Software, Media", False),
        ("Software, Media", "", False),
        ("Software, Media", None, False),
        (None, "Software", False),
        (None, None, False),
        (["a", ["b"]], "a", False),
    ],
)
def test_the_candidate_may_give_the_first_of_what_legacy_joins(legacy: Any, candidate: Any, same: bool) -> None:
    assert first_of_joined(legacy, candidate) is same


@pytest.mark.parametrize(
    ("legacy", "candidate", "same"),
    [
        ("a, b", ["b", "a"], True),
        (["b", "a", "a"], ["a", "b", "a"], True),
        ("", [], True),
        (["b", "a", "a"], ["a", "b"], False),
        (["a"], ["A"], False),
        ([1, None], ["1"], True),
        ([{"a": 1}], [{"a": 1}], False),
        (None, [], False),
    ],
)
def test_elements_may_stand_in_any_order_but_each_as_often(legacy: Any, candidate: Any, same: bool) -> None:
    assert same_elements(legacy, candidate) is same


@pytest.mark.parametrize(
    ("legacy", "candidate", "same"),
    [
        (["_", "head", "head", None, ""], ["head"], True),
        (["_"], [], True),
        (["head"], ["Head"], False),
        (["head", "vp"], ["head"], False),
        (["head"], None, False),
    ],
)
def test_distinct_values_are_a_set_without_fillers(legacy: Any, candidate: Any, same: bool) -> None:
    assert same_distinct_values(legacy, candidate) is same


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("function", [first_of_joined, same_elements, same_distinct_values])
def test_no_value_makes_a_function_raise(function: Callable[[Any, Any], bool]) -> None:
    @given(VALUES, VALUES)
    def holds(legacy: Any, candidate: Any) -> None:
        assert function(legacy, candidate) in (True, False)

    holds()
