"""Connectra's records in legacy's shapes (legacy-api.md §5), key by key in its order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectra.cleaning import joined, moment, text, texts, whole
from connectra.wire import Record

Shape = dict[str, Any]
_CONTACT_ITEM = (
    "uuid", "first_name", "last_name", "title", "company", "company_name_for_emails", "email", "email_status",
    "primary_email_catch_all_status", "seniority", "departments", "work_direct_phone", "home_phone", "mobile_phone",
    "corporate_phone", "other_phone", "stage", "employees", "industry", "keywords", "person_linkedin_url", "website",
    "company_linkedin_url", "facebook_url", "twitter_url", "city", "state", "country", "company_address",
    "company_city", "company_state", "company_country", "company_phone", "technologies", "annual_revenue",
    "total_funding", "latest_funding", "latest_funding_amount", "last_raised_at", "meta_data", "created_at",
    "updated_at",
)  # fmt: skip
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
    return _filled(_of_company(contact.get("company") or {}), contact)


def contact_items(contacts: Iterable[Record]) -> list[Shape]:
    """Of each the ContactListItem. What neighbours have of one and the same company is made once."""
    found: list[Shape] = []
    last: Record = {}
    part = _of_company(last)
    for contact in contacts:
        company: Record = contact.get("company") or {}
        if company != last:
            last, part = company, _of_company(company)
        found.append(_filled(part, contact))
    return found


def _filled(part: Shape, contact: Record) -> Shape:
    """The item. Of the two addresses that both may have, the company's counts first."""
    get = contact.get
    return {
        **part,
        "uuid": contact["uuid"],
        "first_name": text(get("first_name")),
        "last_name": text(get("last_name")),
        "title": text(get("title")),
        "email": text(get("email")),
        "email_status": text(get("email_status")),
        "seniority": text(get("seniority"), keep_placeholder=True),
        "departments": joined(get("departments")),
        "work_direct_phone": text(get("work_direct_phone")),
        "home_phone": text(get("home_phone")),
        "mobile_phone": text(get("mobile_phone")),
        "other_phone": text(get("other_phone")),
        "stage": text(get("stage")),
        "person_linkedin_url": text(get("linkedin_url")),
        "website": text(get("website")),
        "facebook_url": part["facebook_url"] or text(get("facebook_url")),
        "twitter_url": part["twitter_url"] or text(get("twitter_url")),
        "city": text(get("city")),
        "state": text(get("state")),
        "country": text(get("country")),
        "created_at": moment(get("created_at")),
        "updated_at": moment(get("updated_at")),
    }


def _of_company(company: Record) -> Shape:
    """All 42 keys in their order, of which the company's have values."""
    get = company.get
    phone, amount = text(get("phone_number")), whole(get("latest_funding_amount"))
    return dict.fromkeys(_CONTACT_ITEM) | {
        "company": text(get("name")),
        "company_name_for_emails": text(get("company_name_for_emails")),
        "corporate_phone": phone,
        "employees": whole(get("employees_count")),
        "industry": joined(get("industries")),
        "keywords": joined(get("keywords")),
        "company_linkedin_url": text(get("linkedin_url")),
        "facebook_url": text(get("facebook_url")),
        "twitter_url": text(get("twitter_url")),
        "company_address": text(get("address")),
        "company_city": text(get("city")),
        "company_state": text(get("state")),
        "company_country": text(get("country")),
        "company_phone": phone,
        "technologies": joined(get("technologies")),
        "annual_revenue": whole(get("annual_revenue")),
        "total_funding": whole(get("total_funding")),
        "latest_funding": text(get("latest_funding")),
        "latest_funding_amount": amount,
        "last_raised_at": text(get("last_raised_at")),
        "meta_data": None if amount is None else {"latest_funding_amount": str(amount)},
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
