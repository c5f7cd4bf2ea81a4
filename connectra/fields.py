"""The types of a record's values as Connectra gives them (connectra.md §2.2): nothing else is taken for an answer.

Empty values are left out there, so any of them may be absent. Fields that nobody reads are not looked at.
"""

from __future__ import annotations

from typing import Any

from connectra.errors import Misread

_TEXTS = (
    "uuid", "first_name", "last_name", "company_id", "email", "title", "mobile_phone", "email_status", "seniority",
    "city", "state", "country", "linkedin_url", "facebook_url", "twitter_url", "website", "work_direct_phone",
    "home_phone", "other_phone", "stage", "name", "address", "normalized_domain", "company_name_for_emails",
    "phone_number", "latest_funding", "last_raised_at", "created_at", "updated_at",
)  # fmt: skip
_LISTS = ("departments", "industries", "keywords", "technologies")
_NUMBERS = ("employees_count", "annual_revenue", "total_funding", "latest_funding_amount")
_TYPES: dict[str, type] = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_LISTS, list) | dict.fromkeys(_NUMBERS, int)
_EXACT: dict[str, type] = dict.fromkeys(_TEXTS, str)
"""Nearly all values of a page are texts, and a text may be any: of them nothing more is looked at."""
_LARGEST = 1 << 63
"""Of a number in a table."""


def check_record(record: dict[str, Any]) -> None:
    """Raises Misread, naming the field, for a record without a uuid or with a value of another type; so of its company.

    A populated company is the one that the contact names (§4.5).
    """
    _check(record)
    company = record.get("company")
    if company is None:
        return
    if not isinstance(company, dict):
        raise Misread("a record's company is no record")
    _check(company)
    if company["uuid"] != record.get("company_id"):
        raise Misread("a record's company is not the one that it names")


def _check(record: dict[str, Any]) -> None:
    if not record.get("uuid"):
        raise Misread("a record has no uuid")
    for name, value in record.items():
        if type(value) is _EXACT.get(name):
            continue
        wanted = _TYPES.get(name)
        if wanted is not None and value is not None and not _fits(value, wanted):
            raise Misread(f"a record's {name} is a {type(value).__name__}, or not what such a value may be")


def _fits(value: Any, wanted: type) -> bool:
    if isinstance(value, bool) or not isinstance(value, wanted):
        return False
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return not isinstance(value, int) or -_LARGEST <= value < _LARGEST
