"""The `ordering` parameter as SQL (contract §2.8): comma list of keys, `-` for descending, PostgreSQL's NULL order.

The original has no tie-breaker. The reference adds the row's id, or, to prove that nobody leans on it, chance;
the quirk `ties` leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lab.legacy.quirks import Quirk, Quirks

_ANY_COMPANY = "(SELECT co.{column} FROM companies co WHERE co.uuid = c.company_id)"
_METADATA = "(SELECT m.{column} FROM contacts_metadata m WHERE m.uuid = c.uuid)"
_FIRM = (
    "(SELECT cm.{column} FROM companies_metadata cm"
    " JOIN companies co ON co.uuid = cm.uuid WHERE co.uuid = c.company_id)"
)
_SOME_FIRM = (
    "(SELECT cm.{column} FROM companies_metadata cm"
    " WHERE cm.uuid IN (SELECT co.uuid FROM companies co, contacts c2 WHERE co.uuid = c2.company_id))"
)
"""LQ-13: more than one row as soon as two companies have contacts and metadata, and then PostgreSQL refuses."""
_OWN = (
    "created_at",
    "updated_at",
    "first_name",
    "last_name",
    "title",
    "email",
    "email_status",
    "seniority",
    "mobile_phone",
)
_COMPANY = {
    "employees": "employees_count",
    "annual_revenue": "annual_revenue",
    "total_funding": "total_funding",
    "company": "name",
    "industry": "industries::text",
    "keywords": "keywords::text",
    "technologies": "technologies::text",
    "company_address": "address",
}
_METADATA_KEYS = {
    "person_linkedin_url": "linkedin_url",
    **{key: key for key in ("work_direct_phone", "home_phone", "other_phone", "stage")},
    **{key: key for key in ("website", "city", "state", "country")},
}
_FIRM_KEYS = {
    "corporate_phone": "phone_number",
    "company_phone": "phone_number",
    "company_city": "city",
    "company_state": "state",
    "company_country": "country",
    "company_linkedin_url": "linkedin_url",
    **{key: key for key in ("latest_funding_amount", "company_name_for_emails", "latest_funding", "last_raised_at")},
}


class UnknownOrdering(ValueError):
    """The text is the key that does not exist, without its minus."""


@lru_cache(maxsize=64)
def contact_keys(quirks: Quirks) -> dict[str, str]:
    """Ordering keys of contact lists, as expressions on `contacts c`."""
    firm = _SOME_FIRM if Quirk.METADATA_ORDERING_FAILS in quirks else _FIRM
    social = {
        key: f"coalesce({_METADATA.format(column=key)}, {firm.format(column=key)})"
        for key in ("facebook_url", "twitter_url")
    }
    return {
        **{key: f"c.{key}" for key in _OWN},
        "primary_email_catch_all_status": "c.email_status",
        "departments": "c.departments::text",
        **{key: _ANY_COMPANY.format(column=column) for key, column in _COMPANY.items()},
        **{key: _METADATA.format(column=column) for key, column in _METADATA_KEYS.items()},
        **{key: firm.format(column=column) for key, column in _FIRM_KEYS.items()},
        **social,
    }


def company_keys() -> dict[str, str]:
    """Ordering keys of the company list, as expressions on `companies co`."""
    metadata = "(SELECT m.{column} FROM companies_metadata m WHERE m.uuid = co.uuid)"
    meta_keys = (
        *("city", "state", "country", "latest_funding_amount", "phone_number"),
        *("website", "linkedin_url", "latest_funding", "last_raised_at"),
    )
    return {
        **{key: f"co.{key}" for key in ("created_at", "updated_at", "name", "annual_revenue", "total_funding")},
        "employees_count": "co.employees_count",
        "employees": "co.employees_count",
        **{key: f"co.{key}::text" for key in ("industries", "keywords", "technologies")},
        **{key: metadata.format(column=key) for key in meta_keys},
    }


def order_by(ordering: str | None, keys: Mapping[str, str], default: str, tie: str) -> str:
    """The ORDER BY clause: the keys asked for, then `tie` unless it is empty; `default` when no key is asked for.

    Raises `UnknownOrdering`.
    """
    terms = []
    for token in (ordering or "").split(","):
        key = token.strip()
        if not key:
            continue
        descending = key.startswith("-")
        key = key[1:] if descending else key
        if key not in keys:
            raise UnknownOrdering(key)
        terms.append(f"{keys[key]} DESC" if descending else f"{keys[key]} ASC")
    if not terms:
        return f"ORDER BY {default}"
    return f"ORDER BY {', '.join([*terms, tie] if tie else terms)}"
