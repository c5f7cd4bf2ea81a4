"""ILIKE as legacy uses it: what a client typed goes into `%…%` unescaped, so `%`, `_` and `\\` are wildcards (§4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from connectra.errors import Declined
from connectra.vql import SHORTEST, words

MOST_PIECES = 20
"""Of one term that are looked for: without the others more is found, never less."""


@dataclass(frozen=True, slots=True)
class Like:
    """One term. `segments` follow one another with anything between; `ends` says that the last one ends the text.

    `other` is what the term is where the database lowers İ and Σ in another way (see `lower`).
    """

    segments: tuple[re.Pattern[str], ...]
    widths: tuple[int, ...]
    literals: tuple[str, ...]
    ends: bool
    other: Like | None = None

    def matches(self, text: str) -> bool:
        """Whether `text` is LIKE the term, ignoring case. Linear in both: segments are found from left to right.

        Raises Declined where that depends on how the database lowers İ or Σ.
        """
        lowered = lower(text)
        found = self._fits(lowered)
        if self.other is None and text.isascii():
            return found
        fully = text.lower()
        if (self.other is not None or fully != lowered) and (self.other or self)._fits(fully) is not found:
            raise Declined("the lower case of İ and Σ depends on legacy's database")
        return found

    def _fits(self, lowered: str) -> bool:
        at = 0
        inner = self.segments[:-1] if self.ends else self.segments
        for segment in inner:
            found = segment.search(lowered, at)
            if found is None:
                return False
            at = found.end()
        if not self.ends:
            return True
        start = len(lowered) - self.widths[-1]
        return start >= at and self.segments[-1].fullmatch(lowered, start) is not None

    @property
    def empty(self) -> bool:
        """Whether it matches the empty text, which Connectra can not tell from no text at all."""
        return not self.segments

    @property
    def narrowing(self) -> str:
        """Pieces of words that every match contains; empty when the index can not look for any of them.

        A word is found by any gram that it shares, so `manager` would find teenagers. Pieces of one gram each have to
        be there all (connectra.md §3.2).
        """
        if self.other is not None:
            return ""
        runs = [run for literal in self.literals for run in words(literal)]
        pieces = dict.fromkeys(piece for run in runs for piece in _pieces(run))
        return " ".join(list(pieces)[:MOST_PIECES])


def _pieces(run: str) -> list[str]:
    """Grams of the shortest length that cover the run."""
    return [*(run[at : at + SHORTEST] for at in range(0, len(run) - SHORTEST + 1, SHORTEST)), run[-SHORTEST:]]


@lru_cache(maxsize=4096)
def like(term: str) -> Like:
    """The term within `%…%`. A backslash takes the next sign literally, the closing `%` too."""
    simply, fully = lower(term) + "%", f"%{term}%".lower()[1:]
    found = _pattern(simply)
    return found if simply == fully else replace(found, other=_pattern(fully))


def _pattern(lowered: str) -> Like:
    pieces: list[list[str | None]] = [[]]
    signs = iter(lowered)
    last_is_any = False
    for sign in signs:
        last_is_any = sign == "%"
        if sign == "\\":
            pieces[-1].append(next(signs, ""))
        elif last_is_any:
            pieces.append([])
        else:
            pieces[-1].append(None if sign == "_" else sign)
    segments = [piece for piece in pieces if piece]
    return Like(
        tuple(re.compile("".join(map(_one, segment)), re.DOTALL) for segment in segments),
        tuple(len(one) for one in segments),
        tuple("".join(" " if sign is None else sign for sign in one) for one in segments),
        ends=not last_is_any,
    )


def _one(sign: str | None) -> str:
    return "." if sign is None else re.escape(sign)


def lower(text: str) -> str:
    """Lower case sign by sign, as PostgreSQL has it of the C library: İ is i, and Σ is σ at the end of a word too.

    With ICU it is İ that becomes two signs, and Σ that becomes ς there, as Python's own `lower` has it. Of all other
    signs both say the same.
    """
    return text.lower() if text.isascii() else "".join(sign.lower()[0] for sign in text)
