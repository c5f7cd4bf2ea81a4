"""The JSON objects of the contact and company endpoints, keys in the order in which they are sent (contract §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.legacy.cleaning import clean, clean_all, joined
from lab.legacy.records import CompanyMetadata, ContactMetadata, Firm, Person


@dataclass(frozen=True, slots=True)
class ContactListItem:
    """42 keys; §5.3."""

    uuid: str
    first_name: str | None
    last_name: str | None
    title: str | None
    company: str | None
    company_name_for_emails: str | None
    email: str | None
    email_status: str | None
    primary_email_catch_all_status: None
    seniority: str | None
    departments: str | None
    work_direct_phone: str | None
    home_phone: str | None
    mobile_phone: str | None
    corporate_phone: str | None
    other_phone: str | None
    stage: str | None
    employees: int | None
    industry: str | None
    keywords: str | None
    person_linkedin_url: str | None
    website: str | None
    company_linkedin_url: str | None
    facebook_url: str | None
    twitter_url: str | None
    city: str | None
    state: str | None
    country: str | None
    company_address: str | None
    company_city: str | None
    company_state: str | None
    company_country: str | None
    company_phone: str | None
    technologies: str | None
    annual_revenue: int | None
    total_funding: int | None
    latest_funding: str | None
    latest_funding_amount: int | None
    last_raised_at: str | None
    meta_data: dict[str, str] | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """A contact's company within its detail."""

    uuid: str
    name: str | None
    employees_count: int | None
    annual_revenue: int | None
    total_funding: int | None
    industry: str | None
    city: str | None
    state: str | None
    country: str | None
    website: str | None
    linkedin_url: str | None
    phone_number: str | None
    technologies: list[str] | None


@dataclass(frozen=True, slots=True)
class ContactDetail(ContactListItem):
    """§5.4."""

    company_detail: CompanySummary | None
    metadata: ContactMetadata | None


@dataclass(frozen=True, slots=True)
class ContactSimpleItem:
    """§5.5; `company_domain` is the person's own website."""

    uuid: str
    first_name: str | None
    last_name: str | None
    title: str | None
    location: dict[str, str | None] | None
    company_name: str | None
    person_linkedin_url: str | None
    company_domain: str | None


@dataclass(frozen=True, slots=True)
class CompanyListItem:
    """§5.6."""

    uuid: str
    name: str | None
    employees_count: int | None
    annual_revenue: int | None
    total_funding: int | None
    industry: str | None
    city: str | None
    state: str | None
    country: str | None
    website: str | None
    linkedin_url: str | None
    phone_number: str | None
    technologies: list[str] | None
    keywords: list[str] | None
    metadata: CompanyMetadata | None


@dataclass(frozen=True, slots=True)
class CompanyDetail(CompanyListItem):
    """§5.6."""

    created_at: datetime | None
    updated_at: datetime | None


def contact_list_item(person: Person) -> ContactListItem:
    """A contact as an element of a list."""
    return ContactListItem(*_contact_values(person))


def contact_detail(person: Person) -> ContactDetail:
    """A contact as a single record."""
    values = (*_contact_values(person), _company_summary(person), _clean_contact_metadata(person.metadata))
    return ContactDetail(*values)


def contact_simple_item(person: Person) -> ContactSimpleItem:
    """A contact of `view=simple`."""
    contact, meta = person.contact, person.metadata or _NO_CONTACT_METADATA
    location = {"city": clean(meta.city), "state": clean(meta.state), "country": clean(meta.country)}
    return ContactSimpleItem(
        contact.uuid,
        clean(contact.first_name),
        clean(contact.last_name),
        clean(contact.title),
        location if any(location.values()) else None,
        clean(person.company.name) if person.company else None,
        clean(meta.linkedin_url),
        clean(meta.website),
    )


def company_list_item(firm: Firm) -> CompanyListItem:
    """A company as an element of a list."""
    return CompanyListItem(*_company_values(firm))


def company_detail(firm: Firm) -> CompanyDetail:
    """A company as a single record."""
    values = (*_company_values(firm), firm.company.created_at, firm.company.updated_at)
    return CompanyDetail(*values)


def _contact_values(person: Person) -> tuple[Any, ...]:
    contact, meta = person.contact, person.metadata or _NO_CONTACT_METADATA
    company, firm = person.company, person.company_metadata or _NO_COMPANY_METADATA
    phone, amount = clean(firm.phone_number), firm.latest_funding_amount
    return (
        contact.uuid,
        clean(contact.first_name),
        clean(contact.last_name),
        clean(contact.title),
        clean(company.name) if company else None,
        clean(firm.company_name_for_emails),
        clean(contact.email),
        clean(contact.email_status),
        None,
        clean(contact.seniority, keep_placeholder=True),
        joined(contact.departments),
        clean(meta.work_direct_phone),
        clean(meta.home_phone),
        clean(contact.mobile_phone),
        phone,
        clean(meta.other_phone),
        clean(meta.stage),
        company.employees_count if company else None,
        joined(company.industries) if company else None,
        joined(company.keywords) if company else None,
        clean(meta.linkedin_url),
        clean(meta.website),
        clean(firm.linkedin_url),
        clean(firm.facebook_url) or clean(meta.facebook_url),
        clean(firm.twitter_url) or clean(meta.twitter_url),
        clean(meta.city),
        clean(meta.state),
        clean(meta.country),
        clean(company.address) if company else None,
        clean(firm.city),
        clean(firm.state),
        clean(firm.country),
        phone,
        joined(company.technologies) if company else None,
        company.annual_revenue if company else None,
        company.total_funding if company else None,
        clean(firm.latest_funding),
        amount,
        clean(firm.last_raised_at),
        None if amount is None else {"latest_funding_amount": str(amount)},
        contact.created_at,
        contact.updated_at,
    )


def _company_summary(person: Person) -> CompanySummary | None:
    company, firm = person.company, person.company_metadata or _NO_COMPANY_METADATA
    if company is None:
        return None
    return CompanySummary(
        company.uuid,
        clean(company.name) or company.name,
        company.employees_count,
        company.annual_revenue,
        company.total_funding,
        joined(company.industries),
        clean(firm.city),
        clean(firm.state),
        clean(firm.country),
        clean(firm.website),
        clean(firm.linkedin_url),
        clean(firm.phone_number),
        clean_all(company.technologies),
    )


def _company_values(firm: Firm) -> tuple[Any, ...]:
    company, meta = firm.company, _clean_company_metadata(firm.metadata)
    known = meta or _NO_COMPANY_METADATA
    return (
        company.uuid,
        clean(company.name),
        company.employees_count,
        company.annual_revenue,
        company.total_funding,
        joined(company.industries),
        known.city,
        known.state,
        known.country,
        known.website,
        known.linkedin_url,
        known.phone_number,
        clean_all(company.technologies),
        clean_all(company.keywords),
        meta,
    )


def _clean_contact_metadata(meta: ContactMetadata | None) -> ContactMetadata | None:
    """`linkedin_sales_url` is never filled outside the LinkedIn search."""
    if meta is None:
        return None
    values = (clean(value) for value in (getattr(meta, name) for name in _CONTACT_METADATA_TEXTS))
    return ContactMetadata(meta.uuid, clean(meta.linkedin_url), None, *values)


def _clean_company_metadata(meta: CompanyMetadata | None) -> CompanyMetadata | None:
    if meta is None:
        return None
    return CompanyMetadata(
        meta.uuid,
        clean(meta.linkedin_url),
        None,
        clean(meta.facebook_url),
        clean(meta.twitter_url),
        clean(meta.website),
        clean(meta.company_name_for_emails),
        clean(meta.phone_number),
        clean(meta.latest_funding),
        meta.latest_funding_amount,
        clean(meta.last_raised_at),
        clean(meta.city),
        clean(meta.state),
        clean(meta.country),
    )


_CONTACT_METADATA_TEXTS = tuple(ContactMetadata.__slots__[3:])
_NO_CONTACT_METADATA = ContactMetadata("", *(None for _ in range(12)))
_NO_COMPANY_METADATA = CompanyMetadata("", *(None for _ in range(13)))
