"""Every parameter of legacy's lists (legacy-api.md §6.3, §6.7, §6.9), and what can be made of it.

One table for the contacts of a company, one for all contacts, one for companies. `docs/filters.md` is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum


class Kind(Enum):
    """How legacy reads a value (legacy-api.md §4), and what is no filter at all. The text is for docs/filters.md."""

    ANY = "A: any token as a substring"
    ONE = "B: a substring"
    IN_LIST = "C: any token as a substring of the joined list"
    ALL_IN_LIST = "C: every token as a substring of the joined list"
    WITHOUT = "D: no value as a substring"
    WITHOUT_IN_LIST = "D: no value as a substring of the joined list"
    NOT_TITLED = "E: the words of the title, sorted, equal none"
    EQUAL = "F: equal"
    LEAST = "F: at least"
    MOST = "F: at most"
    AFTER = "F: not before"
    BEFORE = "F: not after"
    NOT_OF = "the company's uuid is none of these"
    INERT = "no effect"
    PAGING = "paging and order"
    REFUSED = "not expressible"


class Of(Enum):
    """Whose column a parameter speaks of, as legacy has it."""

    CONTACT = "contacts"
    PERSON = "contacts_metadata"
    COMPANY = "companies"
    FIRM = "companies_metadata"
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `column` is the key of Connectra's record, `index` the text field that narrows the search.

    `note` says for people why it is refused, or what else is to be known; `rows` are rows of legacy-api.md §10.
    """

    name: str
    kind: Kind
    of: Of = Of.NOBODY
    column: str = ""
    index: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""
    rows: str = ""
    most: int | None = None
    """Tokens beyond which legacy compares by similarity, which nothing here can (D-39)."""
    spelled: bool = False
    """Whether its values can be looked up in Connectra's own table, where a derived filter reads that column."""
    blank_is_none: bool = False
    """Of one that is refused: a blank value is no filter on legacy, and so none here."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases, the first that is present counts."""
        return (self.name, *self.aliases)


def table(*parts: Iterable[Parameter]) -> Mapping[str, Parameter]:
    """Parameters by their names; aliases too."""
    return {name: one for part in parts for one in part for name in one.names}


def _columns(kind: Kind, of: Of, names: Iterable[str], note: str = "", rows: str = "") -> list[Parameter]:
    return [Parameter(name, kind, of, name, note=note, rows=rows) for name in names]


def _bounds(name: str, column: str, of: Of, *aliases: str) -> list[Parameter]:
    """Equal, at least and at most of one number."""
    note, rows = "a lower bound of at least 1 is wanted: 0 and nothing are one in the index", "D-43"
    return [
        Parameter(column, Kind.EQUAL, of, column, aliases=aliases, note=note, rows=rows),
        Parameter(f"{name}_min", Kind.LEAST, of, column, note=note, rows=rows),
        Parameter(f"{name}_max", Kind.MOST, of, column, note=note, rows=rows),
    ]


_NUMBERS = [
    ("employees", "employees_count", "employees"),
    ("annual_revenue", "annual_revenue"),
    ("total_funding", "total_funding"),
]
_TIMES = [
    Parameter(f"{name}_{side}", kind, Of.CONTACT, name, note="the index has the time of writing only", rows="D-43")
    for name in ("created_at", "updated_at")
    for side, kind in (("after", Kind.AFTER), ("before", Kind.BEFORE))
]
_PAGES = [
    Parameter("ordering", Kind.PAGING, note="of lists: `created_at`, `updated_at`, either way", rows="D-44 to D-48"),
    Parameter("page", Kind.PAGING),
    Parameter("page_size", Kind.PAGING, note="1,000 at most"),
    Parameter("cursor", Kind.PAGING, note="as legacy makes them: base64 of `o=…`", rows="D-52"),
    Parameter("limit", Kind.PAGING, note="a part of the list must be certain", rows="D-49"),
    Parameter("offset", Kind.PAGING, note="a part of the list must be certain", rows="D-50"),
    Parameter("distinct", Kind.INERT, note="but for attribute values, where it is applied"),
]  # fmt: skip
_SEARCH = Parameter(
    "search", Kind.REFUSED, note="looks into text_search, which Connectra has not", rows="D-34", blank_is_none=True
)
_WORDS = "declined where the collation decides how words sort"
_LOCATION = "text_search is not in Connectra"
_SOCIAL_AS_BUILT = "as built, legacy also demands some company's metadata (LQ-09)"
_FIRM_AS_BUILT = "as built, legacy asks for some contact's company, not this one's (LQ-09)"
_ROW = "blank: declined (LQ-08)"


def _located(name: str, *aliases: str) -> Parameter:
    return Parameter(name, Kind.REFUSED, aliases=aliases, note=_LOCATION, rows="D-38", blank_is_none=True)


_OWN = [
    Parameter("email", Kind.ANY, Of.CONTACT, "email", rows="D-28", spelled=True),
    Parameter("mobile_phone", Kind.ANY, Of.CONTACT, "mobile_phone", rows="D-28", spelled=True),
    Parameter("seniority", Kind.ANY, Of.CONTACT, "seniority", rows="D-28"),
    Parameter("first_name", Kind.ANY, Of.CONTACT, "first_name", "first_name", most=50, rows="D-26, D-39"),
    Parameter("last_name", Kind.ANY, Of.CONTACT, "last_name", "last_name", most=50, rows="D-26, D-39"),
    Parameter("title", Kind.ANY, Of.CONTACT, "title", "title", most=10, rows="D-26, D-39"),
    Parameter("email_status", Kind.ONE, Of.CONTACT, "email_status", rows="D-28"),
    Parameter("status", Kind.INERT, note="legacy knows it and does not look at it", rows="D-35"),
    _located("contact_location", "text_search"),
    _located("exclude_contact_locations"),
    Parameter("exclude_seniorities", Kind.WITHOUT, Of.CONTACT, "seniority", rows="D-32"),
    Parameter("exclude_departments", Kind.WITHOUT_IN_LIST, Of.CONTACT, "departments", rows="D-32"),
    Parameter("exclude_titles", Kind.NOT_TITLED, Of.CONTACT, "title", note=_WORDS, rows="D-33"),
]
_PERSON = [
    *_columns(Kind.ANY, Of.PERSON, ("work_direct_phone", "home_phone", "other_phone"), _ROW, "D-40"),
    *_columns(Kind.ANY, Of.PERSON, ("city", "state", "country", "website", "stage"), _ROW, "D-40"),
    Parameter("person_linkedin_url", Kind.ANY, Of.PERSON, "linkedin_url", note=_ROW, rows="D-40, D-41", spelled=True),
]
_DEPARTMENTS = Parameter("departments", Kind.IN_LIST, Of.CONTACT, "departments", rows="D-36")
_DEPARTMENTS_REFUSED = replace(
    _DEPARTMENTS, kind=Kind.REFUSED, of=Of.NOBODY, column="",
    note="as built, legacy's list does not look at it (LQ-11)",
)  # fmt: skip
_SOCIAL = _columns(Kind.ONE, Of.PERSON, ("facebook_url", "twitter_url"), note=_ROW, rows="D-40")
_SOCIAL_REFUSED = [
    Parameter(name, Kind.REFUSED, note=_SOCIAL_AS_BUILT, rows="D-37") for name in ("facebook_url", "twitter_url")
]

_SENIORITY = Parameter("seniority", Kind.ANY, Of.CONTACT, "seniority", rows="D-28, D-39", most=50)
OF_COMPANY_COUNT = table(_OWN, _PERSON, _SOCIAL, [_DEPARTMENTS, _SENIORITY, _SEARCH], _TIMES, _PAGES)
"""The count and the uuids of a company's contacts."""
OF_COMPANY = table(_OWN, _PERSON, _SOCIAL_REFUSED, [_DEPARTMENTS_REFUSED, _SEARCH], _TIMES, _PAGES)
"""The contacts of a company, and their attribute values."""

_COMPANY_OF_CONTACT = [
    Parameter("company", Kind.ANY, Of.COMPANY, "name", "name", aliases=("name",), rows="D-26"),
    Parameter("include_company_name", Kind.ANY, Of.COMPANY, "name", "name", rows="D-26"),
    Parameter("company_location", Kind.REFUSED, aliases=("company_text_search",), note=_LOCATION, rows="D-38"),
    Parameter("company_address", Kind.REFUSED, note="legacy looks into text_search, not the address", rows="D-38"),
    *(one for name in _NUMBERS for one in _bounds(name[0], name[1], Of.COMPANY, *name[2:])),
    *_columns(Kind.IN_LIST, Of.COMPANY, ("technologies", "keywords"), rows="D-29"),
    Parameter("technologies_uids", Kind.IN_LIST, Of.COMPANY, "technologies", rows="D-29"),
    Parameter("industries", Kind.IN_LIST, Of.COMPANY, "industries", aliases=("industry",), rows="D-29"),
    Parameter("keywords_and", Kind.ALL_IN_LIST, Of.COMPANY, "keywords", rows="D-29"),
    *(
        Parameter(f"exclude_{name}", Kind.WITHOUT_IN_LIST, Of.COMPANY, name, rows="D-32")
        for name in ("technologies", "keywords", "industries")
    ),
    Parameter("exclude_company_name", Kind.WITHOUT, Of.COMPANY, "name", rows="D-32"),
    _located("exclude_company_locations"),
    Parameter("exclude_company_ids", Kind.NOT_OF, Of.CONTACT, "company_id"),
    Parameter("keyword_search_fields", Kind.INERT, note="legacy accepts it and does not use it"),
    Parameter("keyword_exclude_fields", Kind.INERT, note="legacy accepts it and does not use it"),
]
_FIRM_OF_CONTACT = [
    Parameter(name, Kind.REFUSED, note=_FIRM_AS_BUILT, rows="D-37")
    for name in (
        "company_name_for_emails", "company_city", "company_state", "company_country", "company_linkedin_url",
        "corporate_phone", "company_phone", "latest_funding_amount_min", "latest_funding_amount_max",
    )
]  # fmt: skip
_LISTS_REFUSED = [
    Parameter(name, Kind.REFUSED, note="legacy always refuses it (LQ-02)")
    for name in ("include_domain_list", "exclude_domain_list", "jumble_title_words")
]
_TITLE_WORDS = Parameter("normalize_title_column", Kind.REFUSED, note="another reading of title", rows="D-33")
_VIEW = Parameter("view", Kind.PAGING, note="`simple` gives short items")

CONTACTS = table(
    _OWN, _PERSON, _SOCIAL_REFUSED, [_DEPARTMENTS, _SEARCH, _TITLE_WORDS, _VIEW], _COMPANY_OF_CONTACT,
    _FIRM_OF_CONTACT, _LISTS_REFUSED, _TIMES, _PAGES,
)  # fmt: skip
"""All contacts: list, count, uuids."""

COMPANIES = table(
    [
        Parameter("name", Kind.ANY, Of.COMPANY, "name", "name", rows="D-26"),
        Parameter("address", Kind.ANY, Of.COMPANY, "address", "address", rows="D-26"),
        _located("company_location", "text_search"),
        _located("exclude_locations"),
        Parameter("industries", Kind.IN_LIST, Of.COMPANY, "industries", aliases=("industry",), rows="D-29"),
        *_columns(Kind.IN_LIST, Of.COMPANY, ("keywords", "technologies"), rows="D-29"),
        *(
            Parameter(f"exclude_{name}", Kind.WITHOUT_IN_LIST, Of.COMPANY, name, rows="D-32")
            for name in ("industries", "keywords", "technologies")
        ),
        *_columns(Kind.ANY, Of.FIRM, ("city", "state", "country", "phone_number"), _ROW, "D-40"),
        Parameter("linkedin_url", Kind.ANY, Of.FIRM, "linkedin_url", note=_ROW, rows="D-40, D-41", spelled=True),
        *_columns(Kind.ANY, Of.FIRM, ("facebook_url", "twitter_url", "latest_funding"), _ROW, "D-40"),
        Parameter("website", Kind.ANY, Of.FIRM, "website", "website", note=_ROW, rows="D-26, D-40"),
        *_bounds("latest_funding_amount", "latest_funding_amount", Of.FIRM)[1:],
    ],
    [one for name in _NUMBERS for one in _bounds(name[0], name[1], Of.COMPANY, *name[2:])],
    [_SEARCH], _TIMES, _PAGES,
)  # fmt: skip
"""All companies: list, count, uuids."""

INDEXED_NUMBERS = frozenset({"employees_count", "annual_revenue", "total_funding"})
COLLECTED = frozenset({
    "exclude_company_ids", "exclude_titles", "exclude_company_locations", "exclude_contact_locations",
    "exclude_seniorities", "exclude_departments", "exclude_technologies", "exclude_keywords", "exclude_industries",
    "exclude_locations",
})  # fmt: skip
"""Lists that are gathered from all their repetitions; of others the last one counts (§6.7)."""
