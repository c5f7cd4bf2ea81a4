"""The known defects of the original, each switchable by name: as built, or as intended.

A name of the form `LQ-nn` is that of the contract's quirk register. `trigram` is the similarity search that the
original uses for titles of more than 10 tokens and names of more than 50 (contract §4.1). `ties`: rows that an explicit
ordering leaves equal come as PostgreSQL happens to sort them, where the reference puts them in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Quirk(Enum):
    """One defect; the value is its public name."""

    METHOD_NOT_ALLOWED = "LQ-01"
    LISTS_REFUSED = "LQ-02"
    NO_LIMIT = "LQ-03"
    LIMIT_NONE = "LQ-04"
    CURSOR_DROPS_LIMIT = "LQ-05"
    COMPANY_UUIDS_FAIL = "LQ-06"
    EXCLUDE_TITLES_SORTED = "LQ-07"
    BLANK_NEEDS_ROW = "LQ-08"
    UNCORRELATED_METADATA = "LQ-09"
    COUNT_SEARCHES_LESS = "LQ-10"
    DEPARTMENTS_IGNORED = "LQ-11"
    FILTERS_ALWAYS_APPLIED = "LQ-12"
    METADATA_ORDERING_FAILS = "LQ-13"
    SIMPLE_VIEW_FAILS = "LQ-14"
    LINKEDIN_ONE_SESSION = "LQ-15"
    CSV_NONE = "LQ-16"
    EMAIL_CSV_WITHOUT_NAMES = "LQ-17"
    RELATIVE_UPLOADS = "LQ-18"
    BROKEN_USER = "LQ-19"
    ODD_VALUES_FAIL = "LQ-20"
    ORDERING_FAILS = "LQ-21"
    NEGATIVE_FAILS = "LQ-22"
    BATCHES_FAIL = "LQ-23"
    TRIGRAM = "trigram"
    TIES_OPEN = "ties"


INTENDED_BY_DEFAULT = frozenset(
    {
        Quirk.COMPANY_UUIDS_FAIL,
        Quirk.UNCORRELATED_METADATA,
        Quirk.DEPARTMENTS_IGNORED,
        Quirk.METADATA_ORDERING_FAILS,
        Quirk.SIMPLE_VIEW_FAILS,
        Quirk.LINKEDIN_ONE_SESSION,
        Quirk.RELATIVE_UPLOADS,
        Quirk.BROKEN_USER,
        Quirk.TIES_OPEN,
    }
)
"""Those that the contract's register advises to mend; the others are observable semantics and stay."""

Quirks = frozenset[Quirk]
"""The defects that are in force."""

DEFAULT: Quirks = frozenset(Quirk) - INTENDED_BY_DEFAULT

RECORDED: Quirks = DEFAULT | {Quirk.TIES_OPEN}
"""The defaults over a folder of recordings: some were made in PostgreSQL's own order of equal rows."""


class UnknownQuirk(ValueError):
    """No defect has this name; the text lists those that exist."""


def quirk_named(name: str) -> Quirk:
    """The defect of this name, in any case. Raises `UnknownQuirk`."""
    for quirk in Quirk:
        if quirk.value.lower() == name.strip().lower():
            return quirk
    known = ", ".join(quirk.value for quirk in Quirk)
    raise UnknownQuirk(f"no quirk is called {name!r}; there are {known}")


def choose(on: Iterable[str] = (), off: Iterable[str] = (), *, base: Quirks = DEFAULT) -> Quirks:
    """`base` with the named defects as built (`on`) or as intended (`off`). Raises `UnknownQuirk`."""
    return (base | {quirk_named(name) for name in on}) - {quirk_named(name) for name in off}
