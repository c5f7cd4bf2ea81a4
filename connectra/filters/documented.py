"""docs/filters.md, made out of the tables of parameters: `python -m connectra.filters.documented > docs/filters.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping

from connectra.filters.conditions import LONGEST_TERM, MOST_TERMS
from connectra.filters.parameters import (
    COLLECTED,
    COMPANIES,
    CONTACTS,
    INDEXED_NUMBERS,
    OF_COMPANY,
    OF_COMPANY_COUNT,
    Kind,
    Of,
    Parameter,
)
from connectra.vql import REACH, SHORTEST

INTRODUCTION = f"""\
# Filters

How each query parameter of legacy's lists is answered out of Connectra. Made by
`python -m connectra.filters.documented` out of the tables that the gateway itself uses; a test keeps both alike.
Letters are the filter classes of the legacy API contract (§4), rows D-… its known differences (§10), LQ-… quirks of
legacy (§11).

## How a filter is answered

Legacy's text filters are substrings in any case, with `%`, `_` and `\\` as wildcards. Connectra's keywords are exact
and its texts are words, so neither gives the other's records. The gateway therefore

1. asks Connectra for records that surely include all that legacy would find: words of {SHORTEST} letters or more inside
   words of a text field, whole numbers of at least 1, the company of a company's contacts, and values that Connectra
   finds in its own table where it has a derived filter of that column ([operating.md](operating.md) has the rows);
2. reads all of them, up to {REACH:,}, and applies legacy's own predicate to each.

A count with filters is the number of records that are kept; without filters it is Connectra's own count.

## Declined

A request that can not be answered exactly is *declined*: the gateway answers 409 with the reason in
`X-Crossfade-Declined`, the client gets legacy's answer, and nothing is compared. It is no error and no fallback; it
lowers the eligible share of the endpoint and nothing else. `crossfade_declined_total` has the reasons. The usual ones:

| reason | meaning |
| --- | --- |
| `parameter …` | it can not be said in Connectra (see the tables), or legacy refuses the value |
| `parameter …: nothing to look for` | no filter of the request narrows the search |
| `over 1,000 records would have to be looked through` | more than {REACH:,} records meet what was asked of Connectra |
| `parameter …: over … tokens` | legacy compares so many tokens by similarity (D-39) |
| `parameter …: over {MOST_TERMS} values, or one over {LONGEST_TERM} letters` | looking for them would hold up others |
| `parameter …: blank` | legacy demands a metadata row then, which Connectra can not tell (LQ-08) |
| `parameter …: matches the empty text` | nothing and the empty text are one in Connectra |
| `parameter …: 0 and nothing are one` | Connectra leaves both out, so a bound that lets 0 pass is not exact |
| `parameter …: NUL` | legacy fails at it (LQ-20) |
| `page is a cut of an unordered list` | legacy promises no order there: no two answers need be the same |
| `page is a cut in the order of the database's collation` | the same, for attribute values |
| `page is cut between equal times` | the same, between rows of one moment |
| `the lower case of İ and Σ depends on legacy's database` | and so does the answer |

**Lists without filters on large data are declined.** The list of contacts is ordered by the row's own `created_at`;
Connectra can not sort by it, so every record would have to be read to make one page, and only {REACH:,} can be reached.
Counts without filters are answered, however large.

## What raises the eligible share

- Filters with a word of {SHORTEST} letters or more: `title=sales manager` rather than `title=vp`. Of several tokens of
  one parameter each needs such a word; of several parameters one is enough.
- Bounds of numbers with a lower one: `employees_min=1&employees_max=50` rather than `employees_max=50`.
- Asking within a company: there nothing else has to narrow the search.
- A `limit` that all records fit in, or `ordering=created_at`, `ordering=-updated_at` and the like.
- Leaving out `search`, the locations, and whatever else is declined below.
"""
GROUPS = {
    "Contacts of a company: list and attribute values": OF_COMPANY,
    "Contacts of a company: count and uuids": OF_COMPANY_COUNT,
    "All contacts: list, count and uuids": CONTACTS,
    "All companies: list, count and uuids": COMPANIES,
}
_HEAD = """\
| parameter | legacy reads it as | asked of Connectra | looked at on the record | notes |
| --- | --- | --- | --- | --- |"""
_OF_COMPANY = (Of.COMPANY, Of.FIRM)


def markdown() -> str:
    """The whole file."""
    return "\n".join([INTRODUCTION, *(_group(title, known) for title, known in GROUPS.items())])


def _group(title: str, known: Mapping[str, Parameter]) -> str:
    return "\n".join([f"## {title}", "", _HEAD, *(_row(one, known) for one in _each(known)), ""])


def _each(known: Mapping[str, Parameter]) -> Iterable[Parameter]:
    """Each once, what is refused and what is no filter last."""
    last = (Kind.REFUSED, Kind.INERT, Kind.PAGING)
    ranks = {kind: number for number, kind in enumerate(last, 1)}
    return sorted(dict.fromkeys(known.values()), key=lambda one: (ranks.get(one.kind, 0), one.name))


def _row(one: Parameter, known: Mapping[str, Parameter]) -> str:
    names = ", ".join(f"`{name}`" for name in one.names)
    notes = "; ".join(text for text in (one.note, _more(one), one.rows) if text)
    if one.kind is Kind.REFUSED:
        cells = ["", "declined unless blank" if one.blank_is_none else "declined", ""]
    elif one.kind in (Kind.PAGING, Kind.INERT):
        cells = [one.kind.value, "", ""]
    else:
        by_company = one.of in _OF_COMPANY and known is not COMPANIES
        looked_at = f"its company's `{one.column}`" if by_company else f"`{one.column}`"
        cells = [one.kind.value, _asked(one, by_company=by_company), looked_at]
    return f"| {' | '.join([names, *cells, notes])} |"


def _asked(one: Parameter, *, by_company: bool) -> str:
    """What of this parameter narrows the search; empty when nothing does."""
    if one.kind is Kind.NOT_OF:
        return f"not `{one.column}`"
    if one.index:
        narrows = f"words inside `{one.index}`"
    elif one.kind in (Kind.EQUAL, Kind.LEAST, Kind.MOST) and one.column in INDEXED_NUMBERS:
        narrows = f"range of `{one.column}`"
    elif one.spelled:
        return f"values of `{one.column}`, where it is a derived filter"
    else:
        return ""
    return f"companies by {narrows}" if by_company else narrows


def _more(one: Parameter) -> str:
    found = ["all repetitions count"] if one.name in COLLECTED else []
    return "; ".join([*found, f"over {one.most} tokens: declined"] if one.most is not None else found)


def parameters_of(text: str) -> dict[str, set[str]]:
    """The names in the tables of a file like this one, by the title of the group."""
    found: dict[str, set[str]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        cells = [line.split("|")[1] for line in rest.splitlines() if line.startswith("| `")]
        found[title] = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    return found


if __name__ == "__main__":
    sys.stdout.write(markdown())
