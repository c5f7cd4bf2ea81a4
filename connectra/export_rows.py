"""Connectra's records as rows of legacy's two CSV formats, to the byte where Connectra has what legacy stored
(legacy-api.md §7.4): 48 columns of a contact with its company, 24 of a company.

Three things Connectra can not tell:

- The columns of CONTACT_MISSING and COMPANY_MISSING it does not have: they are empty, and named as missing.
- NULL and the empty text are the same to it. In the columns of LITERAL legacy writes a NULL of a contact's company as
  the word `None` (LQ-16) and an empty text as nothing. A NULL is the likelier, so `None` is written.
- Whether a company has a metadata row: legacy writes nothing where there is none. A row counts as being there when
  Connectra has any value of it. One whose values are all NULL is therefore eleven times empty here, `None` on legacy.

The last two are what D-21 has the comparison take as equal.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from connectra.cleaning import NOTHING, moment, whole
from connectra.errors import Misread
from connectra.wire import Record

Row = list[str]
_CONTACT = ("uuid", "first_name", "last_name", "company_id", "email", "title", "departments", "mobile_phone",
            "email_status", "text_search", "seniority", "created_at", "updated_at")  # fmt: skip
_CONTACT_METADATA = ("linkedin_url", "facebook_url", "twitter_url", "website", "work_direct_phone", "home_phone",
                     "city", "state", "country", "other_phone", "stage")  # fmt: skip
_COMPANY = ("uuid", "name", "employees_count", "industries", "keywords", "address", "annual_revenue",
            "total_funding", "technologies", "text_search", "created_at", "updated_at")  # fmt: skip
_COMPANY_METADATA = ("linkedin_url", "facebook_url", "twitter_url", "website", "company_name_for_emails",
                     "phone_number", "latest_funding", "latest_funding_amount", "last_raised_at", "city", "state",
                     "country")  # fmt: skip
_LISTS = frozenset({"departments", "industries", "keywords", "technologies"})
_NUMBERS = frozenset({"employees_count", "annual_revenue", "total_funding", "latest_funding_amount"})
_TIMES = frozenset({"created_at", "updated_at"})
_NULL = "None"
COMPANY_COLUMNS = (
    *(f"company_{name}" for name in _COMPANY),
    *(f"company_metadata_{name}" for name in _COMPANY_METADATA),
)
CONTACT_COLUMNS = (
    *(f"contact_{name}" for name in _CONTACT),
    *(f"contact_metadata_{name}" for name in _CONTACT_METADATA),
    *COMPANY_COLUMNS,
)
CONTACT_MISSING = ("contact_text_search", "company_text_search")
"""Columns of a contact's row that Connectra does not have."""
COMPANY_MISSING = ("company_text_search",)
_LITERAL = (
    "company_name",
    "company_address",
    *(f"company_metadata_{name}" for name in _COMPANY_METADATA if name not in _NUMBERS),
)
LITERAL = frozenset(_LITERAL)
"""Columns of a contact's row in which legacy writes `None` for a NULL and Connectra can not tell it from nothing."""


def contact_row(contact: Record) -> Row:
    """The 48 values of a contact with its populated company. Raises Misread."""
    company = contact.get("company")
    cells = [_value(contact, name) for name in _CONTACT]
    cells += [_unplaced(_value(contact, name)) for name in _CONTACT_METADATA]
    if not company:
        return cells + [""] * len(COMPANY_COLUMNS)
    cells += [_value(company, name) or _literal(f"company_{name}") for name in _COMPANY]
    metadata = [_value(company, name) for name in _COMPANY_METADATA]
    if not any(metadata) and not company.get("normalized_domain"):
        return cells + metadata
    names = (f"company_metadata_{name}" for name in _COMPANY_METADATA)
    return cells + [cell or _literal(name) for name, cell in zip(names, metadata, strict=True)]


def company_row(company: Record) -> Row:
    """The 24 values of a company. Raises Misread."""
    cells = [_value(company, name) for name in _COMPANY]
    return cells + [_unplaced(_value(company, name)) for name in _COMPANY_METADATA]


def contact_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """As legacy writes contacts by hand: `\\n`, quoted for a comma, a quote or a `\\n`, but not for a lone CR."""
    return "".join(",".join(map(_quoted, row)) + "\n" for row in rows).encode()


def company_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """As the csv module writes them: `\\r\\n`, minimal quoting."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _quoted(cell: str) -> str:
    if '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return f'"{cell}"' if "," in cell or "\n" in cell else cell


def _value(record: Record, name: str) -> str:
    """Nothing for what is absent, 0 and empty; lists joined without their empty elements."""
    value = record.get(name)
    if not value or name == "text_search":
        return ""
    if name in _NUMBERS:
        return str(whole(value))
    if name in _TIMES:
        return moment(value) or ""
    if name in _LISTS and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(filter(None, value))
    if name in _LISTS or not isinstance(value, str):
        raise Misread(f"{name} of a record is no {'list of texts' if name in _LISTS else 'text'}")
    return value


def _literal(column: str) -> str:
    return _NULL if column in LITERAL else ""


def _unplaced(cell: str) -> str:
    return "" if cell in NOTHING else cell
