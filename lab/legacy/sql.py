"""Predicates of the filter classes A to K (contract §4) as SQL text with numbered parameters.

Column expressions come from this program alone; what a client typed is always a parameter. User text goes into
`%…%` unescaped, so its `%`, `_` and `\\` are wildcards: that is what the original does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

MANY = 10
"""More alternatives than this are one array instead of as many ORs (which a trigram index can use)."""


class Where:
    """Conditions joined by AND, and the parameters they use."""

    def __init__(self, parameters: list[Any] | None = None) -> None:
        self.parameters: list[Any] = [] if parameters is None else parameters
        self.conditions: list[str] = []

    def bind(self, value: Any) -> str:
        """A placeholder for a value."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def inner(self) -> Where:
        """Conditions of a sub-query: own conditions, the same parameters."""
        return Where(self.parameters)

    def add(self, condition: str) -> None:
        """One more condition; empty text is none."""
        if condition:
            self.conditions.append(condition)

    def text(self, prefix: str = "WHERE ") -> str:
        """All conditions behind `prefix`; empty when there are none."""
        return prefix + " AND ".join(self.conditions) if self.conditions else ""

    # --- the classes -----------------------------------------------------------------------------------------

    def substring(self, column: str, raw: str | None) -> None:
        """Class A: any of the comma-separated tokens; commas alone are literal; blank is no filter."""
        if raw is None:
            return
        tokens = split(raw) or [raw.strip()]
        if tokens != [""]:
            self.add(self.any_like(column, tokens))

    def single(self, column: str, raw: str | None, *, trimmed: bool) -> None:
        """Class B: one substring, commas included."""
        if raw:
            self.add(f"{column} ILIKE {self.bind(_pattern(raw.strip() if trimmed else raw))}")

    def in_array(self, column: str, raw: str | None) -> None:
        """Class C: any token within the joined array; a blank that is not empty is literal."""
        if raw:
            self.add(self.any_like(joined(column), split(raw) or [raw]))

    def all_in_array(self, column: str, raw: str | None) -> None:
        """Class C with AND (`keywords_and`)."""
        if raw:
            for token in split(raw) or [raw]:
                self.add(self.any_like(joined(column), [token]))

    def without(self, column: str, values: Iterable[str] | None) -> None:
        """Class D: none of the values within the column; NULL passes."""
        if values:
            patterns = self.bind([_pattern(value) for value in values])
            self.add(f"({column} IS NULL OR {column} NOT ILIKE ALL ({patterns}::text[]))")

    def not_titled(self, column: str, values: Sequence[str] | None, *, sorted_words: bool) -> None:
        """Class E: the title, lower-cased and its words sorted, equals none of the values as given (LQ-07).

        Without `sorted_words` title and values are compared lower-cased, as they were meant to be.
        """
        if not values:
            return
        stored, given = (
            (word_sorted(column), list(values))
            if sorted_words
            else (
                f"lower({column})",
                [value.lower() for value in values],
            )
        )
        self.add(f"({column} IS NULL OR NOT {stored} = ANY ({self.bind(given)}::text[]))")

    def titled(self, column: str, raw: str | None) -> None:
        """Class E, positive (`normalize_title_column`): the title with its words sorted equals one of the tokens."""
        tokens = split(raw) if raw else []
        if tokens:
            self.add(f"{word_sorted(column)} = ANY ({self.bind(tokens)}::text[])")

    def similar(self, column: str, tokens: Sequence[str]) -> None:
        """Trigram similarity (pg_trgm's default threshold, 0.3) to any of the tokens."""
        given = self.bind(list(tokens))
        self.add(f"EXISTS (SELECT 1 FROM unnest({given}::text[]) AS given(token) WHERE lower({column}) % lower(token))")

    def equal(self, column: str, number: int | None) -> None:
        """Class F."""
        if number is not None:
            self.add(f"{column} = {self.bind(number)}")

    def within(self, column: str, low: int | datetime | None, high: int | datetime | None) -> None:
        """Class F: inclusive bounds; NULL fails."""
        if low is not None:
            self.add(f"{column} >= {self.bind(low)}")
        if high is not None:
            self.add(f"{column} <= {self.bind(high)}")

    def domain(self, column: str, values: Sequence[str] | None, *, wanted: bool) -> None:
        """The website's host is (unless `wanted`: is not) one of the given domains; only exclusion lets NULL pass."""
        if not values:
            return
        given = self.bind([host for value in values if (host := bare_host(value))])
        match = f"{host_of(column)} = ANY ({given}::text[])"
        self.add(f"({column} IS NOT NULL AND {match})" if wanted else f"({column} IS NULL OR NOT {match})")

    def any_like(self, column: str, tokens: Sequence[str]) -> str:
        """ILIKE of any token, as text."""
        if len(tokens) > MANY:
            return f"{column} ILIKE ANY ({self.bind([_pattern(token) for token in tokens])}::text[])"
        parts = [f"{column} ILIKE {self.bind(_pattern(token))}" for token in tokens]
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def like_term(self, columns: Iterable[str], term: str) -> str:
        """Class K: the term within any of the columns, as text."""
        pattern = self.bind(_pattern(term))
        return " OR ".join(f"{column} ILIKE {pattern}" for column in columns)


def split(raw: str) -> list[str]:
    """The comma-separated tokens, trimmed, blanks dropped."""
    return [token for part in raw.split(",") if (token := part.strip())]


def joined(column: str) -> str:
    """An array as the text that classes C and D look into."""
    return f"array_to_string({column}, ',')"


def word_sorted(column: str) -> str:
    """A title lower-cased, split at single spaces, its words sorted and joined again."""
    words = f"ARRAY(SELECT unnest(string_to_array(lower({column}), ' ')) ORDER BY 1)"
    return f"array_to_string({words}, ' ')"


def host_of(column: str) -> str:
    """A website reduced to its host: no scheme, path, port or `www.`, lower-cased (§4.9)."""
    without_scheme = f"regexp_replace({column}, '^https?://', '', 'i')"
    host = f"split_part(split_part({without_scheme}, '/', 1), ':', 1)"
    return f"lower(regexp_replace({host}, '^www\\.', '', 'i'))"


def bare_host(text: str) -> str:
    """What `host_of` does, for a given domain or URL."""
    reduced = text.strip().lower()
    for scheme in ("http://", "https://"):
        reduced = reduced.removeprefix(scheme)
    return reduced.partition("/")[0].partition(":")[0].removeprefix("www.")


def _pattern(text: str) -> str:
    return f"%{text}%"
