"""Generated requests: every endpoint, every parameter, values taken out of the data and bent. Seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from loadtests.replay.columns import (
    ATTRIBUTES,
    COLUMN_OF,
    COMPANY_LISTS,
    COMPANY_TEXTS,
    CONTACT_TEXTS,
    FIRM_TEXTS,
    NUMBERS,
    OWN_FIRM_TEXTS,
    PERSON_TEXTS,
    TIMES,
)

Row = dict[str, Any]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `endpoint` is its name in rollout.yaml."""

    endpoint: str
    method: str
    target: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """What the sides hold: contacts and companies with their metadata merged in, each with its uuid."""

    contacts: Sequence[Row]
    companies: Sequence[Row]
    exports: Sequence[str] = field(default=())
    """Targets of downloads that are ready."""


class Questions:
    """An endless supply; the same seed and data give the same requests."""

    def __init__(self, data: Data, seed: int) -> None:
        self._data = data
        self._rng = random.Random(f"questions {seed}")

    def __iter__(self) -> Iterator[Question]:
        kinds = {
            self._contact: 8, self._company: 8, self._company_contacts: 14, self._company_count: 8,
            self._company_uuids: 6, self._attribute: 8, self._contacts: 10, self._contacts_count: 8,
            self._contacts_uuids: 4, self._companies: 8, self._companies_count: 6, self._companies_uuids: 4,
            self._linkedin: 8,
        }  # fmt: skip
        if self._data.exports:
            kinds[self._download] = 1
        makers, weights = list(kinds), list(kinds.values())
        while True:
            yield self._rng.choices(makers, weights)[0]()

    # -- single records -----------------------------------------------------------------------------------------

    def _contact(self) -> Question:
        uuid = self._uuid(self._data.contacts)
        return Question("contact", "GET", f"/api/v1/contacts/{quote(uuid, safe='')}/")

    def _company(self) -> Question:
        uuid = self._uuid(self._data.companies)
        return Question("company", "GET", f"/api/v1/companies/{quote(uuid, safe='')}/")

    def _uuid(self, rows: Sequence[Row]) -> str:
        uuid = str(self._rng.choice(rows)["uuid"])
        bent = self._rng.random()
        if bent < 0.03:
            return uuid.upper()
        return uuid[:-1] if bent < 0.05 else "not-a-uuid" if bent < 0.06 else uuid

    # -- contacts of a company ----------------------------------------------------------------------------------

    def _of_company(self, tail: str, endpoint: str, pairs: Pairs) -> Question:
        uuid = quote(self._uuid(self._data.companies), safe="")
        return _get(endpoint, f"/api/v1/companies/company/{uuid}/contacts/{tail}", pairs)

    def _company_contacts(self) -> Question:
        return self._of_company("", "company-contacts", self._own(0.5) + self._page())

    def _company_count(self) -> Question:
        return self._of_company("count/", "company-contacts-count", self._own(0.6))

    def _company_uuids(self) -> Question:
        return self._of_company("count/uuids/", "company-contacts-uuids", self._own(0.5) + self._limit())

    def _attribute(self) -> Question:
        name = self._rng.choice(ATTRIBUTES)
        pairs = self._own(0.3) + self._limit()
        if self._rng.random() < 0.5:
            pairs.append(("distinct", self._rng.choice(("true", "1", "yes", "false", "maybe"))))
        if self._rng.random() < 0.2:
            pairs.append(("ordering", self._rng.choice(("-value", "value", "-"))))
        return self._of_company(f"{name}/", "company-contacts-attribute", pairs)

    # -- lists --------------------------------------------------------------------------------------------------

    def _contacts(self) -> Question:
        filters = self._colleagues() if self._rng.random() < 0.3 else self._own(0.9) + self._by_company(0.3)
        pairs = filters + self._page(0.9)
        if self._rng.random() < 0.15:
            pairs.append(("view", "simple"))
        return _get("contacts", "/api/v1/contacts/", pairs)

    def _contacts_count(self) -> Question:
        return _get("contacts-count", "/api/v1/contacts/count/", self._own(0.7) + self._by_company(0.4))

    def _contacts_uuids(self) -> Question:
        filters = self._colleagues() if self._rng.random() < 0.3 else self._own(0.9) + self._by_company(0.4)
        pairs = [*filters, ("limit", "1000")]
        return _get("contacts-uuids", "/api/v1/contacts/count/uuids/", pairs)

    def _companies(self) -> Question:
        return _get("companies", "/api/v1/companies/", self._firm(0.9) + self._page(0.9))

    def _companies_count(self) -> Question:
        return _get("companies-count", "/api/v1/companies/count/", self._firm(0.8))

    def _companies_uuids(self) -> Question:
        pairs = [*self._firm(0.9), ("limit", "1000")]
        return _get("companies-uuids", "/api/v1/companies/count/uuids/", pairs)

    # -- LinkedIn, exports --------------------------------------------------------------------------------------

    def _linkedin(self) -> Question:
        rows = self._data.contacts if self._rng.random() < 0.6 else self._data.companies
        url = str(self._rng.choice(rows).get("linkedin_url") or "https://www.linkedin.com/in/nobody-at-all")
        bends = (
            url, url, url.upper(), url + "/", url + "?trk=y", url.replace("https://", "http://"), f" {url} ",
            url.replace("www.", ""), url.rpartition("/")[2], url[:-2], url.replace("-", "_", 1),
        )  # fmt: skip
        body = orjson.dumps({"url": self._rng.choice(bends)})
        return Question("linkedin", "POST", "/api/v2/linkedin/", body)

    def _download(self) -> Question:
        return Question("export-download", "GET", self._rng.choice(self._data.exports))

    # -- filters ------------------------------------------------------------------------------------------------

    def _own(self, chance: float) -> Pairs:
        """Filters on contacts and their metadata."""
        pairs: Pairs = []
        while self._rng.random() < chance and len(pairs) < 4:
            kind = self._rng.random()
            row = self._rng.choice(self._data.contacts)
            if kind < 0.55:
                pairs.append(self._text(row, CONTACT_TEXTS))
            elif kind < 0.72:
                pairs.append(self._text(row, PERSON_TEXTS))
            elif kind < 0.78:
                pairs.append(self._list(row, {"departments": "departments", "exclude_departments": "departments"}))
            elif kind < 0.86:
                excluded = {"exclude_seniorities": "seniority", "exclude_titles": "title"}
                pairs.append(self._text(row, excluded | {"exclude_contact_locations": "text_search"}))
            elif kind < 0.95:
                pairs.append(self._time(row))
            else:
                pairs.append(("search", self._bent(str(row.get("last_name") or "x"))))
            chance *= 0.6
        return pairs

    def _by_company(self, chance: float) -> Pairs:
        """Filters on a contact's company."""
        pairs: Pairs = []
        while self._rng.random() < chance and len(pairs) < 3:
            kind = self._rng.random()
            row = self._rng.choice(self._data.companies)
            if kind < 0.4:
                pairs.append(self._text(row, COMPANY_TEXTS))
            elif kind < 0.6:
                pairs.append(self._list(row, COMPANY_LISTS))
            elif kind < 0.7:
                pairs.append(self._text(row, FIRM_TEXTS))
            elif kind < 0.8:
                pairs.append(("exclude_company_ids", str(row["uuid"])))
            else:
                pairs += self._number(row)
            chance *= 0.6
        return pairs

    def _colleagues(self) -> Pairs:
        """Filters that few contacts meet: those of one company, by its whole name."""
        return [("company", str(self._rng.choice(self._data.companies).get("name") or "Acme")), *self._own(0.3)]

    def _firm(self, chance: float) -> Pairs:
        """Filters of the company list."""
        pairs: Pairs = []
        while self._rng.random() < chance and len(pairs) < 4:
            kind = self._rng.random()
            row = self._rng.choice(self._data.companies)
            if kind < 0.4:
                named = {"name": "name", "address": "address", "company_location": "text_search"}
                pairs.append(self._text(row, named | {"exclude_locations": "text_search"}))
            elif kind < 0.6:
                pairs.append(self._text(row, OWN_FIRM_TEXTS))
            elif kind < 0.75:
                known = {name: column for name, column in COMPANY_LISTS.items() if name[-5:] not in ("_uids", "s_and")}
                pairs.append(self._list(row, known))
            elif kind < 0.9:
                pairs += self._number(row)
            elif kind < 0.96:
                pairs.append(self._time(row))
            else:
                pairs.append(("search", self._bent(str(row.get("name") or "x"))))
            chance *= 0.6
        return pairs

    def _text(self, row: Row, columns: dict[str, str]) -> tuple[str, str]:
        name = self._rng.choice(list(columns))
        value = str(row.get(columns[name]) or "sales")
        texts = [self._bent(value)]
        while self._rng.random() < 0.15:
            texts.append(self._bent(value))
        if name == "title" and self._rng.random() < 0.05:
            texts += [f"word{at}" for at in range(10)]  # more than legacy compares one by one
        return name, ",".join(texts)

    def _list(self, row: Row, columns: dict[str, str]) -> tuple[str, str]:
        name = self._rng.choice(list(columns))
        elements = [one for one in row.get(columns[name]) or ["Sales"] if one] or ["Sales"]
        return name, ",".join(self._bent(self._rng.choice(elements)) for _ in range(self._rng.randint(1, 2)))

    def _number(self, row: Row) -> Pairs:
        name = self._rng.choice(NUMBERS)
        value = int(row.get(COLUMN_OF.get(name, name)) or 0)
        return self._rng.choice((
            [(name, str(value))],
            [(f"{name}_min", str(value))],
            [(f"{name}_max", str(value))],
            [(f"{name}_min", str(value)), (f"{name}_max", str(value + 500))],
        ))  # fmt: skip

    def _time(self, row: Row) -> tuple[str, str]:
        name = self._rng.choice(TIMES)
        at = row.get(name)
        text = at.isoformat() if at is not None else "2024-01-03"
        return f"{name}_{self._rng.choice(('after', 'before'))}", self._rng.choice((text, text[:10], f"{text[:19]}Z"))

    def _bent(self, value: str) -> str:
        """A piece of the value, as people type it."""
        if len(value) > 3 and self._rng.random() < 0.5:
            begin = self._rng.randrange(len(value) - 2)
            value = value[begin : begin + self._rng.randint(2, 12)]
        chance = self._rng.random()
        if chance < 0.2:
            return value.upper()
        if chance < 0.35:
            return value.lower()
        if chance < 0.38:
            return value.replace("a", "_", 1)
        if chance < 0.40:
            return value.replace("e", "%", 1)
        return f" {value} " if chance < 0.42 else "" if chance < 0.43 else value

    # -- pages --------------------------------------------------------------------------------------------------

    def _page(self, limited: float = 0.4) -> Pairs:
        pairs = self._limit(limited)
        chance = self._rng.random()
        if chance < 0.06:
            pairs.append(("ordering", self._rng.choice(("-created_at", "updated_at", "title", "nonsense"))))
        elif chance < 0.10:
            pairs.append(("cursor", self._rng.choice(("bz0w", "bz0yNQ==", "!!", "eyJhIjoxfQ=="))))
        elif chance < 0.14:
            pairs += [("page", str(self._rng.randint(0, 3))), ("page_size", "25")]
        return pairs

    def _limit(self, limited: float = 0.4) -> Pairs:
        pairs: Pairs = []
        if self._rng.random() < limited:
            limits = ("25", "100", "1000", "5", "0", "abc")
            pairs.append(("limit", self._rng.choices(limits, (30, 40, 30, 5, 1, 1))[0]))
        if self._rng.random() < 0.05:
            pairs.append(("offset", self._rng.choice(("0", "25", "-1"))))
        return pairs


def _get(endpoint: str, path: str, pairs: Pairs) -> Question:
    return Question(endpoint, "GET", f"{path}?{urlencode(pairs)}" if pairs else path)
