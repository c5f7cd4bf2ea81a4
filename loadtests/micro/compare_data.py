"""What compare.py compares: contacts as legacy lists them (legacy-api.md §5.3), and CSVs as it exports them.

All is made from the number of a record alone: the same in every run.
"""

from __future__ import annotations

import csv
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

CONTACT = (
    "contact_uuid", "contact_first_name", "contact_last_name", "contact_company_id", "contact_email", "contact_title",
    "contact_departments", "contact_mobile_phone", "contact_email_status", "contact_text_search", "contact_seniority",
    "contact_created_at", "contact_updated_at", "contact_metadata_linkedin_url", "contact_metadata_facebook_url",
    "contact_metadata_twitter_url", "contact_metadata_website", "contact_metadata_work_direct_phone",
    "contact_metadata_home_phone", "contact_metadata_city", "contact_metadata_state", "contact_metadata_country",
    "contact_metadata_other_phone", "contact_metadata_stage", "company_uuid", "company_name",
    "company_employees_count", "company_industries", "company_keywords", "company_address", "company_annual_revenue",
    "company_total_funding", "company_technologies", "company_text_search", "company_created_at",
    "company_updated_at", "company_metadata_linkedin_url", "company_metadata_facebook_url",
    "company_metadata_twitter_url", "company_metadata_website", "company_metadata_company_name_for_emails",
    "company_metadata_phone_number", "company_metadata_latest_funding", "company_metadata_latest_funding_amount",
    "company_metadata_last_raised_at", "company_metadata_city", "company_metadata_state", "company_metadata_country",
)  # fmt: skip
"""The 48 columns of the contact export (legacy-api.md §7.4)."""
JOINED = ("contact_departments", "company_industries", "company_keywords", "company_technologies")
NONE = ["company_name", "company_address", "company_text_search"] + [
    name for name in CONTACT if name.startswith("company_metadata_") and not name.endswith("_amount")
]
"""Columns in which legacy writes the word None for nothing (LQ-16)."""
EXPORT_RULES: dict[str, Any] = {
    "csv": "contact_uuid",
    "null_missing_empty": True,
    "trim": True,
    "unquote": True,
    "placeholders": {"_": True, "None": [f"[].{name}" for name in NONE]},
    "timestamps": {f"[].{name}": "ms" for name in CONTACT if name.endswith(("created_at", "updated_at"))},
    "joined": {f"[].{name}": "," for name in JOINED},
}
PLACES = ("Berlin", "Paris", "Bengaluru", "São Paulo", "London", "Toronto", "Kraków", "Nairobi")
WORDS = ("Python", "Kafka", "PostgreSQL", "Salesforce", "HubSpot", "Figma", "Snowflake", "Kubernetes", "Go", "React")


def _uuid(kind: str, number: int) -> str:
    text = blake2b(f"{kind}{number}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _words(number: int, count: int) -> list[str]:
    return [WORDS[(number + 3 * step) % len(WORDS)] for step in range(count)]


def _moment(number: int, digits: int = 6) -> str:
    fraction = f"{(number * 7_919) % 1_000_000:06d}"[:digits]
    return f"2024-{1 + number % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00.{fraction}"


def contacts(count: int) -> list[dict[str, Any]]:
    """Contacts of one company, each about 1.6 KB of JSON."""
    return [_contact(number) for number in range(count)]


def _contact(number: int) -> dict[str, Any]:
    place, slug = PLACES[number % len(PLACES)], f"person-{number}-{_uuid('slug', number)[:8]}"
    return {
        "uuid": _uuid("contact", number), "first_name": f"Ada{number}", "last_name": "Lovelace",
        "title": f"Head of {WORDS[number % len(WORDS)]} and of everything that belongs to it",
        "company": "Analytical Engines and Difference Machines Ltd", "company_name_for_emails": "Analytical Engines",
        "email": f"ada.{number}@analytical-engines.test", "email_status": "verified",
        "primary_email_catch_all_status": None, "seniority": "head",
        "departments": ", ".join(_words(number, 3)), "work_direct_phone": f"+49 30 {number:07d}",
        "home_phone": None, "mobile_phone": f"+49 170 {number:07d}", "corporate_phone": "+49 30 9000000",
        "other_phone": None, "stage": "Cold", "employees": 120 + number, "industry": "Software, Machine Building",
        "keywords": ", ".join(_words(number + 1, 8) * 2), "person_linkedin_url": f"https://www.linkedin.com/in/{slug}",
        "website": "https://analytical-engines.test", "facebook_url": "https://facebook.com/analytical-engines",
        "company_linkedin_url": "https://www.linkedin.com/company/analytical-engines",
        "twitter_url": "https://twitter.com/analytical-engines", "city": place, "state": None, "country": "Germany",
        "company_address": f"{number} Unter den Linden, 10117 {place}, Germany", "company_city": place,
        "company_state": "Berlin", "company_country": "Germany", "company_phone": "+49 30 9000000",
        "technologies": ", ".join(_words(number + 2, 10)), "annual_revenue": 5_000_000 + number,
        "total_funding": 12_000_000, "latest_funding": "Series B", "latest_funding_amount": 7_000_000,
        "last_raised_at": "2023-11-01", "meta_data": {"latest_funding_amount": "7000000"},
        "created_at": _moment(number), "updated_at": _moment(number + 5),
    }  # fmt: skip


def page(results: list[dict[str, Any]]) -> bytes:
    """As legacy answers with a page."""
    return orjson.dumps({"next": None, "previous": None, "results": results, "meta": None})


def reordered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with the keys in another order."""
    return [{key: one[key] for key in reversed(one)} for one in records]


def spelled_otherwise(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same as an index gives it: nothing is left out, joined texts are lists, moments have a zone."""
    lists = ("departments", "keywords", "technologies")
    found = []
    for one in records:
        other = {key: value for key, value in one.items() if value is not None}
        other |= {key: one[key].split(", ") for key in lists}
        found.append(other | {key: f"{one[key]}000Z" for key in ("created_at", "updated_at")})
    return found


def with_differences(records: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The same, with another title in `count` of them, spread over the whole."""
    changed = {step * len(records) // count for step in range(count)}
    return [one | {"title": "Countess"} if at in changed else one for at, one in enumerate(records)]


def write_table(
    path: Path, rows: int, *, differences: int = 0, otherwise: bool = False, skip: int = 0, backwards: bool = False
) -> None:
    """Writes a contact export without its first `skip` rows, as legacy does, or `otherwise`: CRLF, quotes, zones."""
    changed = {(2 * step + 1) * rows // (2 * differences) for step in range(differences)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if otherwise:
            writer = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        writer.writerow(CONTACT)
        numbers = range(skip, rows)
        for number in reversed(numbers) if backwards else numbers:
            row = _row(number, otherwise=otherwise)
            if number in changed:
                row["contact_title"] = "Countess"
            writer.writerow(row.values())


def _row(number: int, *, otherwise: bool) -> dict[str, str]:
    nothing, comma, zone = ("", ", ", "Z") if otherwise else ("None", ",", "")
    place, company = PLACES[number % len(PLACES)], number % 5_000
    row = dict.fromkeys(CONTACT, "")
    row |= dict.fromkeys(NONE, nothing)
    row |= {
        "contact_uuid": _uuid("contact", number), "contact_first_name": f"Ada{number}",
        "contact_last_name": "Lovelace", "contact_company_id": _uuid("company", company),
        "contact_email": f"ada.{number}@analytical-engines.test",
        "contact_title": f"Head of {WORDS[number % len(WORDS)]}",
        "contact_departments": comma.join(_words(number, 3)), "contact_mobile_phone": f"+49 170 {number:07d}",
        "contact_email_status": "verified", "contact_text_search": f"{place}, Germany", "contact_seniority": "head",
        "contact_created_at": _moment(number) + zone, "contact_updated_at": _moment(number + 5) + zone,
        "contact_metadata_linkedin_url": f"https://www.linkedin.com/in/person-{number}",
        "contact_metadata_city": place, "contact_metadata_country": "Germany", "contact_metadata_stage": "Cold",
        "company_uuid": _uuid("company", company), "company_name": f"Analytical Engines {company}",
        "company_employees_count": str(120 + company), "company_industries": comma.join(_words(company, 2)),
        "company_keywords": comma.join(_words(company + 1, 9)), "company_annual_revenue": str(5_000_000 + company),
        "company_technologies": comma.join(_words(company + 2, 10)),
        "company_created_at": _moment(company) + zone, "company_updated_at": _moment(company + 9) + zone,
        "company_metadata_website": f"https://engines-{company}.test", "company_metadata_city": place,
        "company_metadata_country": "Germany",
    }  # fmt: skip
    return row
