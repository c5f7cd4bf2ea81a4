"""Rows as they lie in the tables, and how one query reads a contact or company with everything that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Contact:
    """A row of `contacts`."""

    uuid: str
    first_name: str | None
    last_name: str | None
    company_id: str | None
    email: str | None
    title: str | None
    departments: list[str | None] | None
    mobile_phone: str | None
    email_status: str | None
    text_search: str | None
    seniority: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactMetadata:
    """A row of `contacts_metadata`."""

    uuid: str
    linkedin_url: str | None
    linkedin_sales_url: str | None
    facebook_url: str | None
    twitter_url: str | None
    website: str | None
    work_direct_phone: str | None
    home_phone: str | None
    city: str | None
    state: str | None
    country: str | None
    other_phone: str | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class Company:
    """A row of `companies`; revenue and funding in whole dollars."""

    uuid: str
    name: str | None
    employees_count: int | None
    industries: list[str | None] | None
    keywords: list[str | None] | None
    address: str | None
    annual_revenue: int | None
    total_funding: int | None
    technologies: list[str | None] | None
    text_search: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompanyMetadata:
    """A row of `companies_metadata`; funding in whole dollars."""

    uuid: str
    linkedin_url: str | None
    linkedin_sales_url: str | None
    facebook_url: str | None
    twitter_url: str | None
    website: str | None
    company_name_for_emails: str | None
    phone_number: str | None
    latest_funding: str | None
    latest_funding_amount: int | None
    last_raised_at: str | None
    city: str | None
    state: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """A contact with what belongs to it. Company metadata count only where the company exists."""

    contact: Contact
    metadata: ContactMetadata | None
    company: Company | None
    company_metadata: CompanyMetadata | None


@dataclass(frozen=True, slots=True)
class Firm:
    """A company with its metadata."""

    company: Company
    metadata: CompanyMetadata | None


def columns(row_type: type, alias: str) -> str:
    """The select list of a row type, under a table's alias."""
    return ", ".join(f"{alias}.{field.name}" for field in fields(row_type))


PERSON_COLUMNS = ", ".join(
    (columns(Contact, "c"), columns(ContactMetadata, "m"), columns(Company, "co"), columns(CompanyMetadata, "cm"))
)
PERSON_JOINS = """LEFT JOIN contacts_metadata m ON m.uuid = c.uuid
LEFT JOIN companies co ON co.uuid = c.company_id
LEFT JOIN companies_metadata cm ON cm.uuid = co.uuid"""
FIRM_COLUMNS = ", ".join((columns(Company, "co"), columns(CompanyMetadata, "cm")))
FIRM_JOINS = "LEFT JOIN companies_metadata cm ON cm.uuid = co.uuid"

_CONTACT = len(fields(Contact))
_METADATA = _CONTACT + len(fields(ContactMetadata))
_COMPANY = _METADATA + len(fields(Company))
_PERSON = _COMPANY + len(fields(CompanyMetadata))
_FIRM_COMPANY = len(fields(Company))
_FIRM = _FIRM_COMPANY + len(fields(CompanyMetadata))


def person(row: Any) -> Person:
    """From a row (a record or a tuple) that begins with `PERSON_COLUMNS`."""
    return Person(
        Contact(*row[:_CONTACT]),
        ContactMetadata(*row[_CONTACT:_METADATA]) if row[_CONTACT] is not None else None,
        Company(*row[_METADATA:_COMPANY]) if row[_METADATA] is not None else None,
        CompanyMetadata(*row[_COMPANY:_PERSON]) if row[_COMPANY] is not None else None,
    )


def firm(row: Any) -> Firm:
    """From a row (a record or a tuple) that begins with `FIRM_COLUMNS`."""
    metadata = CompanyMetadata(*row[_FIRM_COMPANY:_FIRM]) if row[_FIRM_COMPANY] is not None else None
    return Firm(Company(*row[:_FIRM_COMPANY]), metadata)
