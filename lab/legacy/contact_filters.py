"""Which contacts a request means: the filters of the contact list and of one company's contacts as SQL.

Everything is about the table `contacts c`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.legacy.parameters import CompanyContactFilters, ContactFilters
from lab.legacy.quirks import Quirk, Quirks
from lab.legacy.sql import Where, joined, split

_METADATA_COLUMNS = {
    "work_direct_phone": "m.work_direct_phone",
    "home_phone": "m.home_phone",
    "other_phone": "m.other_phone",
    "city": "m.city",
    "state": "m.state",
    "country": "m.country",
    "person_linkedin_url": "m.linkedin_url",
    "website": "m.website",
    "stage": "m.stage",
}
_SOCIAL = ("facebook_url", "twitter_url")
_COMPANY_TEXTS = {
    "company": "co.name",
    "include_company_name": "co.name",
    "company_location": "co.text_search",
    "company_address": "co.text_search",
}
_COMPANY_NUMBERS = {
    "employees": "co.employees_count",
    "annual_revenue": "co.annual_revenue",
    "total_funding": "co.total_funding",
}
_COMPANY_ARRAYS = {
    "technologies": "co.technologies",
    "technologies_uids": "co.technologies",
    "keywords": "co.keywords",
    "industries": "co.industries",
}
_COMPANY_EXCLUSIONS = {
    "exclude_company_locations": "co.text_search",
    "exclude_company_name": "co.name",
    "exclude_technologies": joined("co.technologies"),
    "exclude_keywords": joined("co.keywords"),
    "exclude_industries": joined("co.industries"),
}
_COMPANY_FIELDS = (
    *_COMPANY_TEXTS,
    *("employees_count", "annual_revenue", "total_funding"),
    *(f"{name}_{bound}" for name in _COMPANY_NUMBERS for bound in ("min", "max")),
    *_COMPANY_ARRAYS,
    "keywords_and",
    *_COMPANY_EXCLUSIONS,
)
_FIRM_TEXTS = {
    "company_name_for_emails": "cm.company_name_for_emails",
    "company_city": "cm.city",
    "company_state": "cm.state",
    "company_country": "cm.country",
    "company_linkedin_url": "cm.linkedin_url",
}
_FIRM_FIELDS = (
    *_FIRM_TEXTS,
    *("corporate_phone", "company_phone", "latest_funding_amount_min", "latest_funding_amount_max"),
    *("include_domain_list", "exclude_domain_list"),
)
_CONTACT_SEARCH = ("c.first_name", "c.last_name", "c.email", "c.title", "c.seniority", "c.text_search")
_COMPANY_SEARCH = (
    *("co.name", "co.address", "co.text_search"),
    *(joined(f"co.{name}") for name in ("industries", "keywords", "technologies")),
)
_FIRM_SEARCH = ("cm.city", "cm.state", "cm.country", "cm.phone_number", "cm.website", "cm.linkedin_url")
_METADATA_SEARCH = ("m.city", "m.state", "m.country", "m.linkedin_url", "m.twitter_url")
_MANY_TITLES = 10
_MANY_NAMES = 50

_FROM_METADATA = "SELECT 1 FROM contacts_metadata m WHERE m.uuid = c.uuid"
_FROM_COMPANY = "SELECT 1 FROM companies co WHERE co.uuid = c.company_id"
_FROM_FIRM = "SELECT 1 FROM companies_metadata cm JOIN companies co ON co.uuid = cm.uuid WHERE co.uuid = c.company_id"
_FROM_SOME_FIRM = (
    "SELECT 1 FROM companies_metadata cm"
    " WHERE cm.uuid IN (SELECT co.uuid FROM companies co, contacts c2 WHERE co.uuid = c2.company_id)"
)
"""LQ-09: some company that has a contact anywhere."""

Filters = ContactFilters | CompanyContactFilters


@dataclass(frozen=True, slots=True)
class Flavour:
    """How one kind of endpoint reads the contact filters.

    `company_search`: `search` also looks into company columns; `departments`: the filter has an effect;
    `social_needs_firm`: facebook and twitter filters demand company metadata as well (LQ-09's class I);
    `similar_seniority`: many seniorities are compared by trigrams, too.
    """

    company_search: bool = True
    departments: bool = True
    social_needs_firm: bool = True
    similar_seniority: bool = False


def list_flavour(quirks: Quirks) -> Flavour:
    """Of the contacts of one company and their attribute values."""
    return Flavour(departments=Quirk.DEPARTMENTS_IGNORED not in quirks)


def count_flavour(quirks: Quirks) -> Flavour:
    """Of the count and the uuids of one company's contacts."""
    searches_less = Quirk.COUNT_SEARCHES_LESS in quirks
    return Flavour(company_search=not searches_less, social_needs_firm=False, similar_seniority=True)


def contacts_where(filters: Filters, quirks: Quirks, flavour: Flavour, company: str | None = None) -> Where:
    """The conditions on `contacts c`; `company` keeps the contacts of that company alone."""
    where = Where()
    if company is not None:
        where.add(f"c.company_id = {where.bind(company)}")
    _own_columns(where, filters, quirks, flavour)
    if isinstance(filters, ContactFilters):
        _company_columns(where, filters, quirks)
    _firm_columns(where, filters, quirks, flavour)
    _metadata_columns(where, filters, quirks)
    where.within("c.created_at", filters.created_at_after, filters.created_at_before)
    where.within("c.updated_at", filters.updated_at_after, filters.updated_at_before)
    _search(where, filters, quirks, flavour)
    return where


def _own_columns(where: Where, filters: Filters, quirks: Quirks, flavour: Flavour) -> None:
    _name(where, "c.first_name", filters.first_name, quirks)
    _name(where, "c.last_name", filters.last_name, quirks)
    _title(where, filters, quirks)
    where.single("c.email_status", filters.email_status, trimmed=True)
    where.substring("c.email", filters.email)
    where.substring("c.text_search", filters.contact_location)
    if flavour.similar_seniority:
        _name(where, "c.seniority", filters.seniority, quirks)
    else:
        where.substring("c.seniority", filters.seniority)
    where.substring("c.mobile_phone", filters.mobile_phone)
    where.without("c.text_search", filters.exclude_contact_locations)
    where.without("c.seniority", filters.exclude_seniorities)
    where.not_titled("c.title", filters.exclude_titles, sorted_words=Quirk.EXCLUDE_TITLES_SORTED in quirks)
    if isinstance(filters, ContactFilters) and filters.exclude_company_ids:
        excluded = where.bind(filters.exclude_company_ids)
        where.add(f"(c.company_id IS NULL OR c.company_id <> ALL ({excluded}::text[]))")
    if flavour.departments:
        where.in_array("c.departments", filters.departments)
    where.without(joined("c.departments"), filters.exclude_departments)


def _name(where: Where, column: str, raw: str | None, quirks: Quirks, many: int = _MANY_NAMES) -> None:
    tokens = split(raw) if raw and Quirk.TRIGRAM in quirks else []
    if len(tokens) > many:
        where.similar(column, tokens)
    else:
        where.substring(column, raw)


def _title(where: Where, filters: Filters, quirks: Quirks) -> None:
    if isinstance(filters, ContactFilters) and filters.jumble_title_words:
        for word in filters.jumble_title_words:
            where.add(where.any_like("c.title", [word]))
    elif isinstance(filters, ContactFilters) and filters.normalize_title_column:
        where.titled("c.title", filters.title)
    else:
        _name(where, "c.title", filters.title, quirks, _MANY_TITLES)


def _present(filters: Filters, names: tuple[str, ...], quirks: Quirks) -> bool:
    """Whether any of the fields is given; LQ-08 counts the blank ones as well."""
    values = [getattr(filters, name) for name in names]
    if Quirk.BLANK_NEEDS_ROW in quirks:
        return any(value is not None for value in values)
    return any(value is not None and str(value).strip() for value in values)


def _company_columns(where: Where, filters: ContactFilters, quirks: Quirks) -> None:
    """Class H: one EXISTS with all of them; who has no company fails all."""
    if not _present(filters, _COMPANY_FIELDS, quirks):
        return
    inner = where.inner()
    for name, column in _COMPANY_TEXTS.items():
        inner.substring(column, getattr(filters, name))
    inner.equal("co.employees_count", filters.employees_count)
    inner.equal("co.annual_revenue", filters.annual_revenue)
    inner.equal("co.total_funding", filters.total_funding)
    for name, column in _COMPANY_NUMBERS.items():
        inner.within(column, getattr(filters, f"{name}_min"), getattr(filters, f"{name}_max"))
    for name, column in _COMPANY_ARRAYS.items():
        inner.in_array(column, getattr(filters, name))
    inner.all_in_array("co.keywords", filters.keywords_and)
    for name, column in _COMPANY_EXCLUSIONS.items():
        inner.without(column, getattr(filters, name))
    where.add(f"EXISTS ({_FROM_COMPANY}{inner.text(' AND ')})")


def _firm_columns(where: Where, filters: Filters, quirks: Quirks, flavour: Flavour) -> None:
    """Class I. As built it means "some contact's company" (LQ-09), and social filters join in without a predicate."""
    uncorrelated = Quirk.UNCORRELATED_METADATA in quirks
    full = filters if isinstance(filters, ContactFilters) else None
    social = uncorrelated and flavour.social_needs_firm and _present(filters, _SOCIAL, quirks)
    if not social and (full is None or not _present(full, _FIRM_FIELDS, quirks)):
        return
    inner = where.inner()
    if full is not None:
        inner.within("cm.latest_funding_amount", full.latest_funding_amount_min, full.latest_funding_amount_max)
        inner.domain("cm.website", full.include_domain_list, wanted=True)
        inner.domain("cm.website", full.exclude_domain_list, wanted=False)
        for name, column in _FIRM_TEXTS.items():
            inner.substring(column, getattr(full, name))
        inner.substring("cm.phone_number", full.corporate_phone or full.company_phone)
    where.add(f"EXISTS ({_FROM_SOME_FIRM if uncorrelated else _FROM_FIRM}{inner.text(' AND ')})")


def _metadata_columns(where: Where, filters: Filters, quirks: Quirks) -> None:
    """Class G: one EXISTS with all of them."""
    if not _present(filters, (*_METADATA_COLUMNS, *_SOCIAL), quirks):
        return
    inner = where.inner()
    for name, column in _METADATA_COLUMNS.items():
        inner.substring(column, getattr(filters, name))
    for name in _SOCIAL:
        inner.single(f"m.{name}", getattr(filters, name), trimmed=False)
    where.add(f"EXISTS ({_FROM_METADATA}{inner.text(' AND ')})")


def _search(where: Where, filters: Filters, quirks: Quirks, flavour: Flavour) -> None:
    """Class K."""
    term = (filters.search or "").strip()
    if not term:
        return
    found = [where.like_term(_CONTACT_SEARCH, term)]
    if flavour.company_search:
        found.append(f"EXISTS ({_FROM_COMPANY} AND ({where.like_term(_COMPANY_SEARCH, term)}))")
        firm = _FROM_SOME_FIRM if Quirk.UNCORRELATED_METADATA in quirks else _FROM_FIRM
        found.append(f"EXISTS ({firm} AND ({where.like_term(_FIRM_SEARCH, term)}))")
    if _present(filters, (*_METADATA_COLUMNS, *_SOCIAL), quirks):
        found.append(f"EXISTS ({_FROM_METADATA} AND ({where.like_term(_METADATA_SEARCH, term)}))")
    where.add(f"({' OR '.join(found)})")
