"""The known differences D-01 to D-70 (legacy-api.md §10): what becomes of each here, and how a replay sees it.

docs/differences.md says the same in words. A row of which two signs are given is seen by either.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from loadtests.replay.asking import Asked
from loadtests.replay.questions import Data
from loadtests.replay.signs import (
    Seen,
    Sign,
    asked,
    field_differs,
    gave_up,
    held,
    other_address,
    stored,
    took,
    within_words,
    world_of,
)


class Treatment(Enum):
    """What becomes of a difference."""

    SAME = "same"
    """The gateway gives legacy's own form."""
    NORMALISED = "normalised"
    """A rule of rollout.yaml makes both the same."""
    ACCEPTED = "accepted"
    """Under a known gap: counted, with an owner and an end."""
    REPORTED = "reported"
    """A mismatch, or a failure of the candidate, on purpose."""
    DECLINED = "declined"
    """The gateway lets legacy answer, and says why."""
    NEVER_MIRRORED = "never mirrored"
    """The request never gets to the candidate, or its effect does not."""


@dataclass(frozen=True, slots=True)
class Row:
    """One difference. Without signs a replay can not show it, and `why` says why."""

    treatment: Treatment
    signs: tuple[Sign, ...] = ()
    why: str = ""


def _row(treatment: Treatment, *signs: Sign, why: str = "") -> Row:
    return Row(treatment, signs, why)


def _some(value: Any) -> bool:
    return bool(value)


def _several(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1


def _commas(value: Any) -> bool:
    return isinstance(value, str) and ", " in value


def _edges(value: Any) -> bool:
    """Quotes or spaces around it."""
    return isinstance(value, str) and len(value) > 1 and (value != value.strip() or value[0] in "'\"")


def _decomposed(value: Any) -> bool:
    return isinstance(value, str) and unicodedata.normalize("NFC", value) != value


def _twins(value: Any) -> bool:
    """Values that differ in their case alone."""
    return isinstance(value, list) and len({one.lower() for one in value}) < len(set(value))


_SAME, _DECLINED = Treatment.SAME, Treatment.DECLINED
_NORMALISED, _ACCEPTED, _REPORTED = Treatment.NORMALISED, Treatment.ACCEPTED, Treatment.REPORTED
_NEVER = Treatment.NEVER_MIRRORED
_PAGES = ("company-contacts", "contacts")
_ATTRIBUTE = "company-contacts-attribute"
_UUIDS = ("company-contacts-uuids", "contacts-uuids", "companies-uuids")
_EXCLUDED = tuple(
    f"exclude_{name}"
    for name in ("seniorities", "departments", "technologies", "keywords", "industries", "company_name")
)
_TEXTS = (
    "first_name", "last_name", "title", "email", "mobile_phone", "seniority", "email_status", "city", "state",
    "country", "website", "stage", "company", "name", "address", "phone_number", "include_company_name",
)  # fmt: skip
_LISTS = ("technologies", "technologies_uids", "keywords", "industries", "departments")
_BOUNDS = tuple(f"{name}_{side}" for name in ("created_at", "updated_at") for side in ("after", "before"))
_AS_BUILT = (
    "facebook_url|twitter_url|company_name_for_emails|company_city|company_state|company_country|company_linkedin_url|"
    "corporate_phone|latest_funding_amount_min|latest_funding_amount_max"
)
_FRESH = "the replay's index has no lag: every row is in it, as it is"
_SOUND = "the replay's Connectra does not fail"

ROWS: Mapping[int, Row] = {
    # -- §10.1, completeness
    1: _row(_SAME, held("metadata", _some, "contact"), held("company_detail", _some, "contact")),
    2: _row(_SAME, held("results[].company", _some, *_PAGES)),
    3: _row(_SAME, held("results[].meta_data", _some, *_PAGES), held("keywords", _some, "contact")),
    4: _row(_SAME, held("industry", _commas, "contact", "company"), held("results[].industry", _commas)),
    5: _row(_SAME, held("metadata", _some, "company"), held("results[].metadata", _some, "companies")),
    6: _row(_SAME, held("results[].company_domain", _some, "contacts")),
    7: _row(_SAME, held("results[].facebook_url", _some, *_PAGES), held("facebook_url", _some, "contact")),
    8: _row(_ACCEPTED, took("known gap companies[].contacts[]", "linkedin")),
    9: _row(_ACCEPTED, took("known gap [].", "export-download")),
    10: _row(_REPORTED, why=_FRESH),
    11: _row(_REPORTED, why="nothing is deleted while the replay asks"),
    12: _row(_REPORTED, why=_FRESH),
    # -- §10.2, values
    13: _row(_SAME, stored(lambda value: value == "_", "contact", "company")),
    14: _row(_NORMALISED, took("null_missing_empty", "linkedin")),
    15: _row(_SAME, stored(_edges, "contact", "company")),
    16: _row(_SAME, held("created_at", _some, "contact", "company")),
    17: _row(_SAME, held("departments", _commas, "contact"), held("results[].departments", _commas)),
    18: _row(_SAME, stored(lambda value: value == [], "contact", "company"), took("null_missing_empty", "linkedin")),
    19: _row(_SAME, held("employees", _some, "contact"), held("results[].employees", _some, *_PAGES)),
    20: _row(_NORMALISED, took("zero_is_null")),
    21: _row(_NORMALISED, took("null_missing_empty", "export-download"), took("placeholders", "export-download")),
    22: _row(_SAME, held("contacts[].metadata.other_phone", lambda value: value == "_", "linkedin")),
    23: _row(_SAME, held("uuid", _some, "contact", "company")),
    24: _row(_REPORTED, why="the replay's index is fed from legacy's own tables"),
    25: _row(_NORMALISED, stored(_decomposed, "contact", "company")),
    # -- §10.3, matching
    26: _row(_SAME, within_words()),
    27: _row(_SAME, asked(_TEXTS, like=lambda value: " " in value.strip())),
    28: _row(_SAME, asked(("email", "email_status", "seniority", "departments"))),
    29: _row(_SAME, asked((*_TEXTS, *_LISTS), like=lambda value: "," in value.strip(", "))),
    30: _row(_SAME, asked(_TEXTS, like=lambda value: any(sign in value for sign in "%_\\"))),
    31: _row(_SAME, asked(_TEXTS, like=lambda value: not value.isascii() or any(sign in value for sign in ".@-&'"))),
    32: _row(_SAME, asked(_EXCLUDED)),
    33: _row(_SAME, asked(("exclude_titles",))),
    34: _row(_DECLINED, gave_up("parameter search$")),
    35: _row(_SAME, asked(("status",))),
    36: _row(_DECLINED, gave_up("parameter departments$", "company-contacts", _ATTRIBUTE)),
    37: _row(_DECLINED, gave_up(f"parameter ({_AS_BUILT})$")),
    38: _row(_DECLINED, gave_up("parameter (contact_location|company_location|company_address)$")),
    39: _row(_DECLINED, gave_up(r"parameter \w+: over \d+ tokens")),
    40: _row(_DECLINED, gave_up(r"parameter \w+: blank")),
    41: _row(_SAME, other_address("linkedin")),
    42: _row(_DECLINED, gave_up("too many addresses|more hits than one page holds", "linkedin")),
    43: _row(_SAME, asked(_BOUNDS, like=lambda value: value.endswith("Z"))),
    # -- §10.4, order and counts
    44: _row(_NORMALISED, took("unordered"), took("sets", *_UUIDS)),
    45: _row(_NORMALISED, took("unordered", "contacts"), held("results", _several, "contacts")),
    46: _row(_SAME, asked(("ordering",), *_PAGES, "companies", like=lambda value: "_at" in value)),
    47: _row(_DECLINED, gave_up("page is a cut in the order of the database's collation")),
    48: _row(_DECLINED, gave_up("parameter ordering$", asked="ordering", like=lambda value: value == "title")),
    49: _row(_SAME, held("results", lambda value: isinstance(value, list) and len(value) > 100)),
    50: _row(_DECLINED, gave_up("over 1,000 records would have to be looked through")),
    51: _row(_SAME, held("next", _some), held("previous", _some)),
    52: _row(_SAME, asked(("cursor",)), gave_up("parameter cursor$")),
    53: _row(_SAME, held("meta", _some, "contacts", "companies")),
    54: _row(_SAME, held("count", _some, "company-contacts-count", "contacts-count", "companies-count")),
    55: _row(_SAME, held("detail", _some, "company-contacts-count", status=404)),
    56: _row(_SAME, held("uuids", _several)),
    57: _row(_SAME, held("", _several, _ATTRIBUTE)),
    58: _row(_SAME, held("", lambda value: isinstance(value, list) and "_" in value, _ATTRIBUTE)),
    59: _row(_SAME, held("", _twins, _ATTRIBUTE)),
    # -- §10.5, status and side effects
    60: _row(_DECLINED, why="the replay's caller is always somebody"),
    61: _row(_REPORTED, why=_SOUND),
    62: _row(_REPORTED, why=_SOUND),
    63: _row(_DECLINED, gave_up("parameter ordering$", asked="ordering", like=lambda value: value == "nonsense")),
    64: _row(_DECLINED, gave_up(".", status=500)),
    65: _row(_DECLINED, gave_up(".", status=422)),
    66: _row(_NEVER, why="the replay asks for paths of the route table only"),
    67: _row(_NORMALISED, field_differs("X-Process-Time")),
    68: _row(_NEVER, why="the replay's gateway is asked for answers; it is a worker that orders an effect"),
    69: _row(_SAME, why="neither the reference nor the gateway keeps a list, and the cache of single records is off"),
    70: _row(_REPORTED, why="every export of the replay is completed on legacy before it is asked for"),
}  # fmt: skip


class Occurred:
    """How often each row was seen."""

    def __init__(self, data: Data) -> None:
        self._world = world_of(data)
        self.rows: Counter[int] = Counter()

    def take(self, one: Asked) -> None:
        """Counts the rows of one exchange."""
        seen = Seen(one, self._world)
        self.rows.update(number for number, row in ROWS.items() if any(sign(seen) for sign in row.signs))

    def absent(self) -> list[int]:
        """Rows that could have been seen, and were not."""
        return [number for number, row in ROWS.items() if row.signs and not self.rows[number]]
