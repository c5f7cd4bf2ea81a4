"""Edit distance as fuzzy queries count it: insertions, deletions, substitutions, swaps of neighbours."""

from __future__ import annotations

from collections.abc import Iterable

MAX_EXPANSIONS = 50
SHARDS = 6


def allowed_edits(term: str) -> int:
    """`AUTO`: none for one or two characters, one for three to five, two for more."""
    return 0 if len(term) < 3 else 1 if len(term) < 6 else 2


def within(first: str, second: str, edits: int) -> bool:
    """Whether the distance is at most `edits`."""
    return distance(first, second, edits) <= edits


def distance(first: str, second: str, edits: int) -> int:
    """The distance, or `edits` + 1 when it is larger."""
    over = edits + 1
    if abs(len(first) - len(second)) > edits:
        return over
    if first == second:
        return 0
    before: list[int] = []
    above = list(range(len(second) + 1))
    for row, character in enumerate(first, 1):
        line = [row] + [over] * len(second)
        for column in range(max(1, row - edits), min(len(second), row + edits) + 1):
            other = second[column - 1]
            best = min(above[column] + 1, line[column - 1] + 1, above[column - 1] + (character != other))
            if row > 1 and column > 1 and character == second[column - 2] and first[row - 2] == other:
                best = min(best, before[column - 2] + 1)
            line[column] = best
        if min(line) > edits:
            return over
        before, above = above, line
    return min(above[-1], over)


def expansions(term: str, vocabulary: Iterable[str]) -> list[str]:
    """The words of the vocabulary that the term stands for, nearest first.

    The engine takes at most fifty per shard; which shard holds which word is not modelled, so the bound is that of
    six shards together.
    """
    edits = allowed_edits(term)
    if edits == 0:
        return [term]
    size = len(term)
    near = [
        (found, word)
        for word in vocabulary
        if -edits <= len(word) - size <= edits and (found := distance(term, word, edits)) <= edits
    ]
    near.sort()
    return [word for _, word in near[: MAX_EXPANSIONS * SHARDS]]
