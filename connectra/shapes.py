"""Connectra's records in legacy's shapes (legacy-api.md §5), key by key in its order."""

from __future__ import annotations

from typing import Any

from connectra.cleaning import joined, moment, text, texts, whole
from connectra.wire import Record

Shape = dict[str, Any]
_CONTACT_METADATA = (
    "facebook_url", "twitter_url", "website", "work_direct_phone", "home_phone", "city", "state", "country",
    "other_phone", "stage",
)  # fmt: skip
_COMPANY_METADATA = (
    "facebook_url", "twitter_url", "website", "company_name_for_emails", "phone_number", "latest_funding",
    "latest_funding_amount", "last_raised_at", "city", "state", "country",
)  # fmt: skip


def contact_item(contact: Record) -> Shape:
    """ContactListItem, 42 keys; the company's are None without a populated company."""
    company: Record = contact.get("company") or {}
    phone, amount = text(company.get("phone_number")), whole(company.get("latest_funding_amount"))
    return {
        "uuid": contact["uuid"],
        "first_name": text(contact.get("first_name")),
        "last_name": text(contact.get("last_name")),
        "title": text(contact.get("title")),
        "company": text(company.get("name")),
        "company_name_for_emails": text(company.get("company_name_for_emails")),
        "email": text(contact.get("email")),
        "email_status": text(contact.get("email_status")),
        "primary_email_catch_all_status": None,
        "seniority": text(contact.get("seniority"), keep_placeholder=True),
        "departments": joined(contact.get("departments")),
        "work_direct_phone": text(contact.get("work_direct_phone")),
        "home_phone": text(contact.get("home_phone")),
        "mobile_phone": text(contact.get("mobile_phone")),
        "corporate_phone": phone,
        "other_phone": text(contact.get("other_phone")),
        "stage": text(contact.get("stage")),
        "employees": whole(company.get("employees_count")),
        "industry": joined(company.get("industries")),
        "keywords": joined(company.get("keywords")),
        "person_linkedin_url": text(contact.get("linkedin_url")),
        "website": text(contact.get("website")),
        "company_linkedin_url": text(company.get("linkedin_url")),
        "facebook_url": text(company.get("facebook_url")) or text(contact.get("facebook_url")),
        "twitter_url": text(company.get("twitter_url")) or text(contact.get("twitter_url")),
        "city": text(contact.get("city")),
        "state": text(contact.get("state")),
        "country": text(contact.get("country")),
        "company_address": text(company.get("address")),
        "company_city": text(company.get("city")),
        "company_state": text(company.get("state")),
        "company_country": text(company.get("country")),
        "company_phone": phone,
        "technologies": joined(company.get("technologies")),
        "annual_revenue": whole(company.get("annual_revenue")),
        "total_funding": whole(company.get("total_funding")),
        "latest_funding": text(company.get("latest_funding")),
        "latest_funding_amount": amount,
        "last_raised_at": text(company.get("last_raised_at")),
        "meta_data": None if amount is None else {"latest_funding_amount": str(amount)},
        "created_at": moment(contact.get("created_at")),
        "updated_at": moment(contact.get("updated_at")),
    }


def contact_detail(contact: Record) -> Shape:
    """ContactDetail: the item, its company's summary, and its metadata as far as any of it is there."""
    company = contact.get("company")
    item = contact_item(contact)
    item["company_detail"] = None if not company else _company_summary(company)
    item["metadata"] = _contact_metadata(contact)
    return item


def contact_simple_item(contact: Record) -> Shape:
    """ContactSimpleItem; `company_domain` is the person's own website (legacy-api.md §5.5)."""
    company: Record = contact.get("company") or {}
    location = {name: text(contact.get(name)) for name in ("city", "state", "country")}
    return {
        "uuid": contact["uuid"],
        **{name: text(contact.get(name)) for name in ("first_name", "last_name", "title")},
        "location": location if any(location.values()) else None,
        "company_name": text(company.get("name")),
        "person_linkedin_url": text(contact.get("linkedin_url")),
        "company_domain": text(contact.get("website")),
    }


def _company_summary(company: Record) -> Shape:
    return {
        "uuid": company["uuid"],
        "name": text(company.get("name")) or company.get("name"),
        **_numbers(company),
        "industry": joined(company.get("industries")),
        **{name: text(company.get(name)) for name in ("city", "state", "country", "website", "linkedin_url")},
        "phone_number": text(company.get("phone_number")),
        "technologies": texts(company.get("technologies")),
    }


def _numbers(company: Record) -> Shape:
    return {name: whole(company.get(name)) for name in ("employees_count", "annual_revenue", "total_funding")}


def _contact_metadata(contact: Record) -> Shape | None:
    """Whether legacy has a metadata row is not known here: one without any value counts as none."""
    values = {name: text(contact.get(name)) for name in _CONTACT_METADATA}
    linkedin = text(contact.get("linkedin_url"))
    if linkedin is None and not any(values.values()):
        return None
    return {"uuid": contact["uuid"], "linkedin_url": linkedin, "linkedin_sales_url": None, **values}


def company_item(company: Record) -> Shape:
    """CompanyListItem."""
    return {
        "uuid": company["uuid"],
        "name": text(company.get("name")),
        **_numbers(company),
        "industry": joined(company.get("industries")),
        **{name: text(company.get(name)) for name in ("city", "state", "country", "website", "linkedin_url")},
        "phone_number": text(company.get("phone_number")),
        "technologies": texts(company.get("technologies")),
        "keywords": texts(company.get("keywords")),
        "metadata": _company_metadata(company),
    }


def company_detail(company: Record) -> Shape:
    """CompanyDetail."""
    times = {name: moment(company.get(name)) for name in ("created_at", "updated_at")}
    return {**company_item(company), **times}


def _company_metadata(company: Record) -> Shape | None:
    values: Shape = {
        name: (whole if name == "latest_funding_amount" else text)(company.get(name)) for name in _COMPANY_METADATA
    }
    linkedin = text(company.get("linkedin_url"))
    if linkedin is None and all(value is None for value in values.values()):
        return None
    return {"uuid": company["uuid"], "linkedin_url": linkedin, "linkedin_sales_url": None, **values}
