"""Legacy's filters of a company's contacts (legacy-api.md §6.3), each with what VQL can make of it.

Legacy's text filters are substrings with wildcards; Connectra's keywords are exact and its text fields are tokens.
None of them gives the same records, so a request with one is declined by the parameter's name and never answered
wrongly. Parameters that legacy does not know, or that have no effect there, change nothing here either.
"""

from __future__ import annotations

from connectra.asked import Asked
from connectra.errors import Declined

WITHOUT_EFFECT = frozenset({"status", "distinct"})
PAGING = frozenset({"limit", "offset", "page", "page_size", "cursor"})
NOT_EXPRESSIBLE = {
    "first_name": "substring", "last_name": "substring", "title": "substring", "email": "substring",
    "mobile_phone": "substring", "seniority": "substring", "departments": "substring in a list",
    "email_status": "substring", "contact_location": "not in the index", "text_search": "not in the index",
    "work_direct_phone": "not in the index", "home_phone": "not in the index", "other_phone": "not in the index",
    "city": "substring", "state": "substring", "country": "substring", "website": "not in the index",
    "stage": "not in the index", "person_linkedin_url": "substring", "facebook_url": "not in the index",
    "twitter_url": "not in the index", "exclude_titles": "equality of sorted words",
    "exclude_contact_locations": "not in the index", "exclude_seniorities": "substring",
    "exclude_departments": "substring in a list", "created_at_after": "the index has the time of writing",
    "created_at_before": "the index has the time of writing", "updated_at_after": "not in the index",
    "updated_at_before": "not in the index", "search": "substring over many columns",
    "ordering": "another order of equal keys",
}  # fmt: skip
"""Every parameter that selects or orders, and why VQL can not say it."""
LISTS_ALWAYS_REFUSED = frozenset({"include_domain_list", "exclude_domain_list", "jumble_title_words"})


def admit(asked: Asked) -> None:
    """Raises Declined with the name of the first parameter that VQL can not express."""
    for name, _ in asked.query:
        if name in NOT_EXPRESSIBLE or name in LISTS_ALWAYS_REFUSED:
            raise Declined(f"parameter {name}")
