"""The two CSV formats of exports, to the byte (contract §7.4): 48 columns of a contact, 24 of a company."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from lab.legacy.cleaning import PLACEHOLDER
from lab.legacy.records import Company, CompanyMetadata, Contact, ContactMetadata, Firm, Person

_CONTACT = (
    *("uuid", "first_name", "last_name", "company_id", "email", "title", "departments", "mobile_phone"),
    *("email_status", "text_search", "seniority", "created_at", "updated_at"),
)
_CONTACT_METADATA = (
    *("linkedin_url", "facebook_url", "twitter_url", "website", "work_direct_phone", "home_phone"),
    *("city", "state", "country", "other_phone", "stage"),
)
_COMPANY = (
    *("uuid", "name", "employees_count", "industries", "keywords", "address", "annual_revenue", "total_funding"),
    *("technologies", "text_search", "created_at", "updated_at"),
)
_COMPANY_METADATA = (
    *("linkedin_url", "facebook_url", "twitter_url", "website", "company_name_for_emails", "phone_number"),
    *("latest_funding", "latest_funding_amount", "last_raised_at", "city", "state", "country"),
)
COMPANY_HEADER = (
    *(f"company_{name}" for name in _COMPANY),
    *(f"company_metadata_{name}" for name in _COMPANY_METADATA),
)
CONTACT_HEADER = (
    *(f"contact_{name}" for name in _CONTACT),
    *(f"contact_metadata_{name}" for name in _CONTACT_METADATA),
    *COMPANY_HEADER,
)
LINKEDIN_HEADER = ("record_type", "linkedin_url", *CONTACT_HEADER)
_LITERAL = ("name", "address", "text_search")
"""Company columns in which a NULL becomes the word `None` in a contact's row (LQ-16)."""


def contact_row(person: Person, *, literal_none: bool) -> list[str]:
    """The 48 values of a contact. `literal_none` is LQ-16."""
    return [
        *_contact(person.contact),
        *_contact_metadata(person.metadata),
        *_company_of_contact(person.company, literal_none=literal_none),
        *_company_metadata_of_contact(person.company_metadata, literal_none=literal_none),
    ]


def company_row(firm: Firm) -> list[str]:
    """The 24 values of a company; here NULL and, of metadata, the placeholder are blank."""
    meta = firm.metadata
    return [
        *(_value(getattr(firm.company, name)) for name in _COMPANY),
        *("" if meta is None else _unplaced(_value(getattr(meta, name))) for name in _COMPANY_METADATA),
    ]


def contact_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows of the contact format: LF, quoted only for comma, quote or LF — not for a lone CR."""
    return "".join(",".join(_quoted(value) for value in row) + "\n" for row in rows)


def excel_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as the csv module writes them: CRLF, minimal quoting."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _quoted(value: str) -> str:
    if any(mark in value for mark in ',"\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def _value(value: object) -> str:
    """Arrays joined with commas, falsy elements dropped; ISO timestamps; NULL and 0 blank."""
    if isinstance(value, list):
        return ",".join(str(item) for item in value if item)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if value else ""


def _unplaced(text: str) -> str:
    return "" if text == PLACEHOLDER else text


def _contact(contact: Contact) -> list[str]:
    return [_value(getattr(contact, name)) for name in _CONTACT]


def _contact_metadata(meta: ContactMetadata | None) -> list[str]:
    if meta is None:
        return [""] * len(_CONTACT_METADATA)
    return [_unplaced(_value(getattr(meta, name))) for name in _CONTACT_METADATA]


def _company_of_contact(company: Company | None, *, literal_none: bool) -> list[str]:
    if company is None:
        return [""] * len(_COMPANY)
    return [_or_none(company, name, literal_none=literal_none and name in _LITERAL) for name in _COMPANY]


def _company_metadata_of_contact(meta: CompanyMetadata | None, *, literal_none: bool) -> list[str]:
    """All eleven text columns have LQ-16."""
    if meta is None:
        return [""] * len(_COMPANY_METADATA)
    return [
        _or_none(meta, name, literal_none=literal_none and name != "latest_funding_amount")
        for name in _COMPANY_METADATA
    ]


def _or_none(row: Company | CompanyMetadata, name: str, *, literal_none: bool) -> str:
    value = getattr(row, name)
    return str(value) if literal_none else _value(value)
