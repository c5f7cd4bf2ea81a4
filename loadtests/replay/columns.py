"""Parameters of legacy's lists, and the columns out of which a question takes its values (legacy-api.md §6)."""

from __future__ import annotations

CONTACT_TEXTS = {
    "first_name": "first_name", "last_name": "last_name", "title": "title", "email": "email",
    "mobile_phone": "mobile_phone", "seniority": "seniority", "email_status": "email_status",
    "contact_location": "text_search", "text_search": "text_search", "status": "status",
}  # fmt: skip
PERSON_TEXTS = {
    name: name
    for name in ("work_direct_phone", "home_phone", "other_phone", "city", "state", "country", "website", "stage")
} | {"person_linkedin_url": "linkedin_url", "facebook_url": "facebook_url", "twitter_url": "twitter_url"}
COMPANY_TEXTS = {
    "company": "name", "include_company_name": "name", "company_location": "text_search",
    "company_address": "text_search", "exclude_company_name": "name", "exclude_company_locations": "text_search",
}  # fmt: skip
COMPANY_LISTS = {
    "technologies": "technologies", "technologies_uids": "technologies", "keywords": "keywords",
    "keywords_and": "keywords", "industries": "industries", "exclude_technologies": "technologies",
    "exclude_keywords": "keywords", "exclude_industries": "industries",
}  # fmt: skip
FIRM_TEXTS = {
    "company_name_for_emails": "company_name_for_emails", "company_city": "city", "company_state": "state",
    "company_country": "country", "company_linkedin_url": "linkedin_url", "corporate_phone": "phone_number",
}  # fmt: skip
OWN_FIRM_TEXTS = {
    name: name
    for name in (
        "city", "state", "country", "phone_number", "website", "linkedin_url", "facebook_url", "twitter_url",
        "latest_funding",
    )
}  # fmt: skip
NUMBERS = ("employees", "annual_revenue", "total_funding")
COLUMN_OF = {"employees": "employees_count"}
TIMES = ("created_at", "updated_at")
ATTRIBUTES = ("first_name", "last_name", "title", "seniority", "department", "email_status")
