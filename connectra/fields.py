"""The types of a record's values as Connectra gives them (connectra.md §2.2): nothing else is taken for an answer.

Empty values are left out there, so any of them may be absent. What is not known here is not looked at.
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
_TYPES: dict[str, type] = (
    dict.fromkeys(_TEXTS, str) | dict.fromkeys(_LISTS, list) | dict.fromkeys(_NUMBERS, int) | {"company": dict}
)


def check_record(record: dict[str, Any]) -> None:
    """Raises Misread, naming the field, for a record, or its company, without a uuid or with a value of another type.

    A populated company is the one that the contact names (§4.5).
    """
    _check(record)
    company = record.get("company")
    if company is None:
        return
    _check(company)
    if company["uuid"] != record.get("company_id"):
        raise Misread("a record's company is not the one that it names")


def _check(record: dict[str, Any]) -> None:
    if not record.get("uuid"):
        raise Misread("a record has no uuid")
    for name, value in record.items():
        wanted = _TYPES.get(name)
        if wanted is None or value is None:
            continue
        if type(value) is not wanted or (isinstance(value, list) and any(type(one) is not str for one in value)):
            raise Misread(f"a record's {name} is no {_SAID[wanted]}")


_SAID: dict[type, str] = {str: "text", list: "list of texts", int: "whole number", dict: "record"}
