"""Query parameters as the original's models read them: types, aliases, lists, and the words of their errors.

The order of the fields is the order in which their errors are found; only the first one is ever told (§2.5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lab.legacy.http import Call, Failure

_TRUE = {"true", "1", "yes", "y", "on"}


def _loose_bool(value: Any) -> bool:
    """Anything that is not clearly true is false."""
    return isinstance(value, str) and value.strip().lower() in _TRUE


def _naive_utc(value: datetime | None) -> datetime | None:
    """Aware moments in UTC without their zone, as the columns hold them; naive ones as they are."""
    if value is None or value.tzinfo is None:
        return value
    return value.astimezone(UTC).replace(tzinfo=None)


def _tokens(value: Any) -> list[str]:
    """The items of repeated keys, comma lists, JSON arrays and mixtures of them."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [token for item in value for token in _tokens(item)]
    text = str(value).strip()
    if isinstance(value, str) and text.startswith("[") and text.endswith("]"):
        try:
            return _tokens(json.loads(text))
        except json.JSONDecodeError:
            pass  # not JSON after all: a comma list that happens to have brackets
    if isinstance(value, str):
        return [token for part in text.split(",") if (token := part.strip())]
    return [text] if text else []


def _caseless(value: Any) -> list[str] | None:
    """Duplicates dropped ignoring case, the first spelling kept."""
    found: dict[str, str] = {}
    for token in _tokens(value):
        found.setdefault(token.lower(), token)
    return list(found.values()) or None


def _exact(value: Any) -> list[str] | None:
    return list(dict.fromkeys(_tokens(value))) or None


Text = str | None
Flag = Annotated[bool, BeforeValidator(_loose_bool)]
Count = Annotated[int | None, Field(ge=0)]
Ordinal = Annotated[int | None, Field(ge=1)]
Moment = Annotated[datetime | None, AfterValidator(_naive_utc)]
Listed = Annotated[list[str] | None, BeforeValidator(_caseless)]
ListedExactly = Annotated[list[str] | None, BeforeValidator(_exact)]
RawList = list[str] | None


def _either(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


def _size(*names: str) -> Any:
    return Field(default=None, ge=0, validation_alias=AliasChoices(*names))


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ContactFilters(_Parameters):
    """Those of the contact list, count and uuid endpoints (§6.7)."""

    first_name: Text = None
    last_name: Text = None
    title: Text = None
    normalize_title_column: bool | None = None
    jumble_title_words: RawList = None
    seniority: Text = None
    departments: Text = None
    email_status: Text = None
    status: Text = None
    email: Text = None
    company: Text = _either("company", "name")
    include_company_name: Text = None
    include_domain_list: RawList = None
    exclude_domain_list: RawList = None
    company_name_for_emails: Text = None
    company_location: Text = _either("company_location", "company_text_search")
    contact_location: Text = _either("contact_location", "text_search")
    employees_count: int | None = _size("employees_count", "employees")
    employees_min: Count = None
    employees_max: Count = None
    annual_revenue: Count = None
    annual_revenue_min: Count = None
    annual_revenue_max: Count = None
    total_funding: Count = None
    total_funding_min: Count = None
    total_funding_max: Count = None
    technologies: Text = None
    technologies_uids: Text = None
    keywords: Text = None
    keywords_and: Text = None
    keyword_search_fields: Listed = None
    keyword_exclude_fields: Listed = None
    industries: Text = _either("industries", "industry")
    search: Text = None
    ordering: Text = None
    page: Ordinal = None
    distinct: Flag = False
    page_size: Ordinal = None
    cursor: Text = None
    exclude_company_ids: ListedExactly = None
    exclude_titles: Listed = None
    exclude_company_locations: Listed = None
    exclude_company_name: Listed = None
    exclude_contact_locations: Listed = None
    exclude_seniorities: Listed = None
    exclude_departments: Listed = None
    exclude_technologies: Listed = None
    exclude_keywords: Listed = None
    exclude_industries: Listed = None
    latest_funding_amount_min: Count = None
    latest_funding_amount_max: Count = None
    work_direct_phone: Text = None
    home_phone: Text = None
    mobile_phone: Text = None
    corporate_phone: Text = None
    other_phone: Text = None
    city: Text = None
    state: Text = None
    country: Text = None
    company_address: Text = None
    company_city: Text = None
    company_state: Text = None
    company_country: Text = None
    company_phone: Text = None
    person_linkedin_url: Text = None
    website: Text = None
    company_linkedin_url: Text = None
    facebook_url: Text = None
    twitter_url: Text = None
    stage: Text = None
    created_at_after: Moment = None
    created_at_before: Moment = None
    updated_at_after: Moment = None
    updated_at_before: Moment = None


class CompanyContactFilters(_Parameters):
    """Those of the contacts of one company (§6.3)."""

    first_name: Text = None
    last_name: Text = None
    title: Text = None
    seniority: Text = None
    departments: Text = None
    email_status: Text = None
    status: Text = None
    email: Text = None
    contact_location: Text = _either("contact_location", "text_search")
    work_direct_phone: Text = None
    home_phone: Text = None
    mobile_phone: Text = None
    other_phone: Text = None
    city: Text = None
    state: Text = None
    country: Text = None
    person_linkedin_url: Text = None
    website: Text = None
    facebook_url: Text = None
    twitter_url: Text = None
    stage: Text = None
    exclude_titles: Listed = None
    exclude_contact_locations: Listed = None
    exclude_seniorities: Listed = None
    exclude_departments: Listed = None
    created_at_after: Moment = None
    created_at_before: Moment = None
    updated_at_after: Moment = None
    updated_at_before: Moment = None
    search: Text = None
    ordering: Text = None
    page: Ordinal = None
    distinct: Flag = False
    page_size: Ordinal = None
    cursor: Text = None


class AttributeParameters(_Parameters):
    """Those of the attribute lists beside the contact filters (§6.6)."""

    search: Text = None
    distinct: Flag = False
    limit: int | None = None
    offset: int = 0
    ordering: Text = None


class CompanyFilters(_Parameters):
    """Those of the company list, count and uuid endpoints (§6.9)."""

    name: Text = None
    employees_count: int | None = _size("employees_count", "employees")
    employees_min: Count = None
    employees_max: Count = None
    annual_revenue: Count = None
    annual_revenue_min: Count = None
    annual_revenue_max: Count = None
    total_funding: Count = None
    total_funding_min: Count = None
    total_funding_max: Count = None
    industries: Text = _either("industries", "industry")
    keywords: Text = None
    technologies: Text = None
    address: Text = None
    company_location: Text = _either("company_location", "text_search")
    city: Text = None
    state: Text = None
    country: Text = None
    phone_number: Text = None
    website: Text = None
    linkedin_url: Text = None
    facebook_url: Text = None
    twitter_url: Text = None
    latest_funding: Text = None
    latest_funding_amount_min: Count = None
    latest_funding_amount_max: Count = None
    search: Text = None
    ordering: Text = None
    page: Ordinal = None
    distinct: Flag = False
    page_size: Ordinal = None
    cursor: Text = None
    exclude_industries: Listed = None
    exclude_keywords: Listed = None
    exclude_technologies: Listed = None
    exclude_locations: Listed = None
    created_at_after: Moment = None
    created_at_before: Moment = None
    updated_at_after: Moment = None
    updated_at_before: Moment = None


class ExportFilters(_Parameters):
    """Those of every export endpoint; only the list heeds them (§7.1)."""

    status: Text = None
    export_type: Text = None
    user_id: Text = None
    created_at_after: Moment = None
    created_at_before: Moment = None
    page: Ordinal = None
    page_size: Ordinal = None


COLLECTED_ONCE = {"exclude_company_name"}
"""Lists of which only the last repetition counts, although its name begins with `exclude_`."""
_Model = TypeVar("_Model", bound=_Parameters)


def collected_keys(model: type[BaseModel]) -> Sequence[str]:
    """The list keys that are gathered from all their repetitions."""
    names = (name for name in model.model_fields if name.startswith("exclude_") and not name.endswith("domain_list"))
    return tuple(name for name in names if name not in COLLECTED_ONCE)


_COLLECTED: Mapping[type[BaseModel], Sequence[str]] = {
    model: collected_keys(model) for model in (ContactFilters, CompanyContactFilters, CompanyFilters)
}


def read(model: type[_Model], call: Call, *, split_lists: bool = False) -> _Model:
    """The parameters of a request. `split_lists` mends LQ-02. Raises `Failure` 400 with the first error's words."""
    values: dict[str, Any] = dict(call.query)
    for name in _COLLECTED.get(model, ()):
        if name in values:
            values[name] = call.repeated(name)
    if split_lists:
        for name in ("jumble_title_words", "include_domain_list", "exclude_domain_list"):
            if name in values and name in model.model_fields:
                values[name] = _caseless(call.repeated(name))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Failure(400, error.errors(include_url=False, include_context=False)[0]["msg"]) from None
