"""What the two indexes and the two tables of Connectra hold: field kinds, columns in the order of their JSON keys."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """How a field of an index is mapped."""

    KEYWORD = "keyword"
    TEXT = "text"
    LONG = "long"
    DATE = "date"


class Type(enum.Enum):
    """What a column of a table holds."""

    TEXT = "text"
    LIST = "list"
    INTEGER = "integer"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Schema:
    """One service: its name in paths, alias in SQL, index mapping, and columns in key order.

    `copied` maps an index field to the company column of which it is a copy (contacts only).
    """

    name: str
    alias: str
    struct: str
    mapping: dict[str, Kind]
    columns: dict[str, Type]
    copied: dict[str, str]


def _columns(text: str, lists: str, integers: str) -> dict[str, Type]:
    special = dict.fromkeys(lists.split(), Type.LIST) | dict.fromkeys(integers.split(), Type.INTEGER)
    times = dict.fromkeys(("created_at", "updated_at", "deleted_at"), Type.TIME)
    return {name: special.get(name, times.get(name, Type.TEXT)) for name in [*text.split(), *times]}


def _mapping(keyword: str, text: str, integers: str) -> dict[str, Kind]:
    return (
        dict.fromkeys(keyword.split(), Kind.KEYWORD)
        | dict.fromkeys(text.split(), Kind.TEXT)
        | dict.fromkeys(integers.split(), Kind.LONG)
        | {"created_at": Kind.DATE}
    )


_COMPANY_KEYWORD = "industries keywords technologies city state country linkedin_url"
_COMPANY_TEXT = "name address website normalized_domain"
_COMPANY_LONG = "employees_count annual_revenue total_funding"
_COPIED = {f"company_{name}": name for name in f"{_COMPANY_KEYWORD} {_COMPANY_TEXT} {_COMPANY_LONG}".split()}

CONTACT = Schema(
    name="contact",
    alias="c",
    struct="PgContact",
    mapping=_mapping(
        "uuid company_id email email_status departments seniority mobile_phone city state country linkedin_url "
        + " ".join(f"company_{name}" for name in _COMPANY_KEYWORD.split()),
        "first_name last_name title " + " ".join(f"company_{name}" for name in _COMPANY_TEXT.split()),
        " ".join(f"company_{name}" for name in _COMPANY_LONG.split()),
    ),
    columns=_columns(
        "id uuid first_name last_name company_id email title departments mobile_phone email_status seniority city state"
        " country linkedin_url facebook_url twitter_url website work_direct_phone home_phone other_phone stage",
        "departments",
        "id",
    ),
    copied=_COPIED,
)

COMPANY = Schema(
    name="company",
    alias="cp",
    struct="PgCompany",
    mapping=_mapping(f"uuid {_COMPANY_KEYWORD}", _COMPANY_TEXT, _COMPANY_LONG),
    columns=_columns(
        "id uuid name employees_count industries keywords address annual_revenue total_funding technologies city state"
        " country linkedin_url website normalized_domain facebook_url twitter_url company_name_for_emails phone_number"
        " latest_funding latest_funding_amount last_raised_at",
        "industries keywords technologies",
        "id employees_count annual_revenue total_funding latest_funding_amount",
    ),
    copied={},
)
