"""Rows of two tables in pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.pairing import OutOfStep, Pairing, Row, by_position

Found = list[tuple[str, Row | None, Row | None]]


def rows(keys: Iterable[str], mark: str = "") -> list[Row]:
    """Rows with the key first; the second field tells a repeated key's rows apart."""
    seen: Counter[str] = Counter()
    found = []
    for key in keys:
        found.append([key, f"{mark}{seen[key]}"])
        seen[key] += 1
    return found


def paired(ours: str, theirs: str) -> tuple[list[str], int]:
    """Each pair as its key and the rows' numbers among those of that key, `-` for none; and the displaced."""
    pairing = Pairing((0, 0))
    found = pairing.pairs(iter(rows(ours)), iter(rows(theirs)))
    shown = [f"{key}{one[1] if one else '-'}{other[1] if other else '-'}" for key, one, other in found]
    return shown, pairing.displaced


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs", "displaced"),
    [
        ("", "", "", 0),
        ("abc", "abc", "a00 b00 c00", 0),
        ("abc", "bc", "b00 c00 a0-", 0),
        ("bc", "abc", "b00 c00 a-0", 0),
        ("abcd", "abxd", "a00 b00 d00 c0- x-0", 0),
        ("ab", "ba", "b00 a00", 1),
        ("abc", "cab", "a00 b00 c00", 1),
        ("aab", "aab", "a00 a11 b00", 0),
        ("aab", "ab", "a00 b00 a1-", 0),
        ("aba", "aab", "a00 a11 b00", 1),
        ("abaa", "aaab", "a00 a11 a22 b00", 1),
    ],
)
def test_the_nth_row_of_a_key_meets_the_nth(ours: str, theirs: str, pairs: str, displaced: int) -> None:
    found, moved = paired(ours, theirs)
    assert sorted(found) == sorted(pairs.split())
    assert bool(moved) is bool(displaced)


KEYS = st.text("abcd", max_size=12)


@given(KEYS, KEYS)
def test_no_row_is_lost_or_used_twice(ours: str, theirs: str) -> None:
    pairs = list(Pairing((0, 0)).pairs(iter(rows(ours, "o")), iter(rows(theirs, "t"))))
    assert sorted(one for _, one, _ in pairs if one) == sorted(rows(ours, "o"))
    assert sorted(other for _, _, other in pairs if other) == sorted(rows(theirs, "t"))
    both = Counter(key for key, one, other in pairs if one and other)
    assert both == Counter(ours) & Counter(theirs)


@given(KEYS)
def test_rows_in_the_same_order_are_not_displaced_whatever_is_missing(keys: str) -> None:
    numbered = [f"{key}{at}" for at, key in enumerate(keys)]
    pairing = Pairing((0, 0))
    list(pairing.pairs(iter(rows(numbered)), iter(rows(key for key in numbered if key[0] != "a"))))
    assert pairing.displaced == 0


def test_the_key_may_stand_elsewhere_on_the_other_side() -> None:
    assert list(Pairing((0, 1)).pairs(iter([["k", "1"]]), iter([["1", "k"]]))) == [("k", ["k", "1"], ["1", "k"])]


def test_what_would_be_held_is_bounded() -> None:
    ours, theirs = ([[str(at), "x" * 100] for at in numbers] for numbers in (range(100), range(99, -1, -1)))
    assert len(list(Pairing((0, 0), 60_000).pairs(iter(ours), iter(theirs)))) == 100
    with pytest.raises(OutOfStep, match="too different an order"):
        list(Pairing((0, 0), 20_000).pairs(iter(ours), iter(theirs)))


def test_a_row_that_found_its_partner_is_held_no_more() -> None:
    ours = (key for at in range(500) for key in (f"a{at}", f"b{at}"))
    theirs = (key for at in range(500) for key in (f"b{at}", f"a{at}"))
    assert len(list(Pairing((0, 0), 2_000).pairs(iter(rows(ours)), iter(rows(theirs))))) == 1_000


def test_without_a_key_places_are_paired() -> None:
    found: Found = list(by_position(iter([["a"], ["b"]]), iter([["b"]])))
    assert found == [("0", ["a"], ["b"]), ("1", ["b"], None)]
