"""Phrases: tokens adjacent in order, or within a number of position moves."""

from __future__ import annotations

from collections.abc import Sequence

Alternatives = frozenset[str]


def holds(words: Sequence[Sequence[str] | Alternatives], phrase: Sequence[Alternatives], slop: int) -> bool:
    """Whether the phrase occurs: `phrase` has for each position the alternatives, empty ones are gaps.

    `words` are the document's positions, each a set of its terms. A move is one position; a swap costs two.
    """
    wanted = [(offset, terms) for offset, terms in enumerate(phrase) if terms]
    places = [
        [position - offset for position, held in enumerate(words) if not terms.isdisjoint(held)]
        for offset, terms in wanted
    ]
    if not wanted or not all(places):
        return False
    starts = sorted({place for found in places for place in found})
    offsets = [offset for offset, _ in wanted]
    return any(_fits(places, offsets, start, start + slop) for start in starts)


def _fits(places: list[list[int]], offsets: list[int], low: int, high: int) -> bool:
    """Whether every word has a place in the window, no two words in one place."""
    options = [
        [place + offset for place in found if low <= place <= high]
        for found, offset in zip(places, offsets, strict=True)
    ]
    taken: dict[int, int] = {}

    def settle(word: int, tried: set[int]) -> bool:
        for position in options[word]:
            if position not in tried:
                tried.add(position)
                if position not in taken or settle(taken[position], tried):
                    taken[position] = word
                    return True
        return False

    return all(settle(word, set()) for word in range(len(options)))
