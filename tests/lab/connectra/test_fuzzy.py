"""Edit distance with swaps, and how many edits a term is allowed."""

from __future__ import annotations

import pytest

from lab.connectra.fuzzy import allowed_edits, distance, expansions


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [("ana", "ana", 0), ("foundre", "founder", 1), ("enginer", "engineer", 1), ("jse", "jose", 1), ("ab", "xyz", 3)],
)
def test_the_distance_counts_a_swap_as_one(first: str, second: str, wanted: int) -> None:
    assert distance(first, second, 2) == wanted


@pytest.mark.parametrize(("term", "edits"), [("vp", 0), ("ceo", 1), ("sales", 1), ("founder", 2)])
def test_edits_grow_with_the_length(term: str, edits: int) -> None:
    assert allowed_edits(term) == edits


def test_a_short_term_stands_for_itself_only() -> None:
    assert expansions("vp", ["vp", "vs"]) == ["vp"]
