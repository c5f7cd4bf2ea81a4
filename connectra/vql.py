"""VQL as typed values. Only what Connectra reads can be expressed: the `where` dialect, keyword sorting, by page."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 100
"""Records of one page, and uuids of one look-up."""
LAST_PAGE = 10
REACH = MOST * LAST_PAGE
"""Records that can be reached by page (connectra.md §3.6)."""
KEYWORDS = {
    "contacts": frozenset(
        {"uuid", "company_id", "email", "departments", "mobile_phone", "email_status", "seniority", "city", "state",
         "country", "linkedin_url", "company_industries", "company_keywords", "company_technologies", "company_city",
         "company_state", "company_country", "company_linkedin_url"}
    ),
    "companies": frozenset(
        {"uuid", "industries", "keywords", "technologies", "city", "state", "country", "linkedin_url"}
    ),
}  # fmt: skip
"""Fields that can be matched exactly and sorted by (connectra.md §5.2)."""
TEXTS = {
    "contacts": frozenset(
        {"first_name", "last_name", "title", "company_name", "company_address", "company_website",
         "company_normalized_domain"}
    ),
    "companies": frozenset({"name", "address", "website", "normalized_domain"}),
}  # fmt: skip
"""Fields that are split into words, and the words into grams of 5 to 10 letters."""
NUMBERS = {
    "contacts": frozenset({"company_employees_count", "company_annual_revenue", "company_total_funding"}),
    "companies": frozenset({"employees_count", "annual_revenue", "total_funding"}),
}
"""Whole numbers. The index has 0 for an unknown one, so a range that lets 0 pass says nothing (§5.3)."""
SHORTEST = 5
"""Letters of the shortest gram: a shorter word can not be looked for inside words."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword field that has one of these values. An empty tuple can not be sent: Connectra fails on it."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text field of which some word shares a gram with each word of one of these values.

    It finds every record whose field contains the value's words, inside words too, and others besides: whoever asks
    looks at the records again. Each value has at least one word of SHORTEST letters (`words`).
    """

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number within these bounds, both inclusive; `least` is at least 1, since 0 stands for unknown."""

    field: str
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One search or count: every condition holds. `order` are keyword fields, ascending; `page` begins at 1.

    `everything` says that no condition is meant: without it, a query that has none is refused.
    """

    entity: str
    must: tuple[Keyword, ...] = ()
    must_not: tuple[Keyword, ...] = ()
    texts: tuple[Text, ...] = ()
    ranges: tuple[Range, ...] = ()
    order: tuple[str, ...] = ()
    limit: int = 25
    page: int = 1
    populate: bool = False
    columns: tuple[str, ...] = field(default=())
    everything: bool = False


def words(text: str) -> tuple[str, ...]:
    """The runs of letters and digits in `text` that Connectra can look for inside words; may be none.

    Only letters that stay one letter in lower case count, of scripts whose words are not cut: a run is then inside
    one word of every field that contains `text`, whatever stands around it (connectra.md §3.2).
    """
    runs = "".join(letter if _plain(letter) else " " for letter in text).split()
    return tuple(run for run in runs if len(run) >= SHORTEST)


def _plain(letter: str) -> bool:
    if letter.isascii():
        return letter.isalnum()
    latin_greek_cyrillic = "\u00c0" <= letter < "\u0530" and letter not in "\u00d7\u00f7\u0130\u0131\u017f"
    return latin_greek_cyrillic and letter.isalpha() and letter.lower() == letter.casefold()
