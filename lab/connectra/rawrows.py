"""POST /common/batch-upsert: CSV-like rows, cleaned, each a contact and a company."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lab.connectra import upserts
from lab.connectra.engine import Engine
from lab.connectra.errors import BadRequest, Failed
from lab.connectra.outages import DatabaseLost
from lab.connectra.table import Record

MAX_ROWS = 100
_MISSING = "Key: 'BatchInsertRequest.Data' Error:Field validation for 'Data' failed on the 'required' tag"
_UNREADABLE = "failed to initialize batch service"


def upsert(engine: Engine, request: dict[str, Any] | None) -> None:
    """Raises BadRequest for a missing, empty or too long list, Failed with the errors of the writes, Ended.

    A batch that yields no filter value for one of the two services is an error of PostgreSQL's too.
    """
    rows = (request or {}).get("data")
    if rows is None:
        raise BadRequest(_MISSING)
    if not rows:
        raise BadRequest("ERR_EMPTY_PAYLOAD: the request holds no records; provide at least one")
    if len(rows) > MAX_ROWS:
        raise BadRequest("ERR_BATCH_TOO_LARGE: the batch exceeds the maximum of 100 records; use smaller batches")
    try:
        engine.outages.ask_database()
    except DatabaseLost:
        raise Failed(_UNREADABLE) from None
    contacts: dict[str, Record] = {}
    companies: dict[str, Record] = {}
    for row in rows:
        cleaned = {cleaned_text(key): cleaned_text(value) for key, value in (row or {}).items()}
        company = _company(cleaned)
        contact = _contact(cleaned, company["uuid"])
        companies.setdefault(company["uuid"], company)
        contacts.setdefault(contact["uuid"], contact)
    failures = [
        *upserts.written(engine, "company", list(companies.values())),
        *upserts.written(engine, "contact", list(contacts.values())),
    ]
    if failures:
        raise Failed("\n".join(failures))


def cleaned_text(text: str) -> str:
    """Neither letter nor digit at the ends; runs of white space are one blank."""
    first, last = 0, len(text)
    while first < last and not _kept(text[first]):
        first += 1
    while last > first and not _kept(text[last - 1]):
        last -= 1
    return re.sub(r"\s+", " ", text[first:last])


def _kept(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _contact(row: dict[str, str], company_id: str) -> Record:
    get = _getter(row)
    linkedin = get("person_linkedin_url").lower()
    first, last = get("first_name").lower(), get("last_name").lower()
    lowered = ("email_status", "seniority", "city", "state", "country", "stage")
    phones = ("mobile_phone", "work_direct_phone", "home_phone", "other_phone")
    return {
        "uuid": _identity(first + last + linkedin), "first_name": first, "last_name": last, "company_id": company_id,
        "email": get("email").lower(), "title": get("title"), "departments": _split(get("departments")),
        "linkedin_url": linkedin, "facebook_url": get("facebook_url"), "twitter_url": get("twitter_url"),
        **{name: get(name).lower() for name in lowered},
        **{name: _phone(get(name)) for name in phones},
    }


def _company(row: dict[str, str]) -> Record:
    get = _getter(row)
    name, linkedin = get("company"), get("company_linkedin_url").lower()
    verbatim = ("website", "company_name_for_emails", "latest_funding", "last_raised_at", "facebook_url", "twitter_url")
    return {
        "uuid": _identity(name.lower() + linkedin), "name": name, "linkedin_url": linkedin,
        "normalized_domain": get("email").lower().partition("@")[2], "address": get("company_address"),
        "employees_count": _integer(get("employees")),
        **{key: _integer(get(key)) for key in ("annual_revenue", "total_funding", "latest_funding_amount")},
        "industries": _split(get("industry")), "keywords": _split(get("keywords")),
        "technologies": _split(get("technologies")), "phone_number": _phone(get("company_phone")),
        **{key: get(f"company_{key}").lower() for key in ("city", "state", "country")},
        **{key: get(key) for key in verbatim},
    }


def _getter(row: dict[str, str]) -> Any:
    return lambda key: row.get(key, "")


def _identity(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def _split(text: str) -> list[str]:
    return [part for piece in text.split(",") if (part := piece.strip().lower())]


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"+{digits}" if digits else ""


def _integer(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    if not digits.isascii() or not digits:
        return 0
    found = int(digits)
    return found if found < 1 << 63 else 0
