"""All that the service holds: two tables, two indexes, filters, jobs. Everything in memory, one thread."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lab.connectra import reading
from lab.connectra.bodies import Search
from lab.connectra.fields import COMPANY, CONTACT, Kind, Schema
from lab.connectra.filters import Filters
from lab.connectra.index import Index, Source
from lab.connectra.jobs import Jobs
from lab.connectra.matching import Finder, count
from lab.connectra.outages import Outages
from lab.connectra.postings import KeywordField
from lab.connectra.table import Record, Table


class Engine:
    """The stores, and the reads and writes on them. Reads raise what the service answers (errors.py)."""

    def __init__(self) -> None:
        self.contacts = Table(CONTACT)
        self.companies = Table(COMPANY)
        self.contact_index = Index(CONTACT)
        self.company_index = Index(COMPANY)
        self.outages = Outages()
        self.filters = Filters({"contact": self.contacts, "company": self.companies}, self.outages)
        self.jobs = Jobs(self.outages)
        self._finders = {"contact": Finder(self.contact_index), "company": Finder(self.company_index)}

    def obey(self, outages: Outages) -> None:
        """From now on these outages rule what can be read and written."""
        self.outages = self.filters.outages = self.jobs.outages = outages

    def table(self, service: str) -> Table:
        """`contact` or `company`."""
        return self.contacts if service == "contact" else self.companies

    def index(self, service: str) -> Index:
        """`contact` or `company`."""
        return self.contact_index if service == "contact" else self.company_index

    def search(self, service: str, search: Search) -> list[Record]:
        """One page of records."""
        self.outages.ask_engine()
        finder = self._finders[service]
        if service == "contact":
            return reading.contacts(finder, self.contacts, self.companies, search, self.outages)
        return reading.companies(finder, self.companies, search, self.outages)

    def count(self, service: str, search: Search) -> int:
        """How many documents match; rows play no part."""
        self.outages.ask_engine()
        return count(self.index(service), search)

    def put_document(self, service: str, record: Record, company: Record | None, at: datetime) -> None:
        """Writes a record's document; a contact's holds the company's fields as they are now."""
        schema = CONTACT if service == "contact" else COMPANY
        self.index(service).write(document(schema, record, company, at))

    def company_of(self, record: Record) -> Record | None:
        """The row of a contact's company."""
        row = self.companies.rows.get(record.get("company_id") or "")
        return None if row is None else row.shown

    def contacts_at(self, company: str) -> list[str]:
        """The uuids of the contacts whose documents name this company."""
        field = self.contact_index.fields["company_id"]
        found = field.having(company) if isinstance(field, KeywordField) else ()
        return [self.contact_index.documents[number].uuid for number in found]


_EMPTY: dict[Kind, Any] = {Kind.KEYWORD: "", Kind.TEXT: "", Kind.LONG: 0}


def document(schema: Schema, record: Record, company: Record | None, at: datetime) -> Source:
    """The index document of a record: text empty, numbers 0, lists null where there is no value.

    `created_at` is the time of the write, not the record's.
    """
    source: Source = {"created_at": int(at.astimezone(UTC).timestamp() * 1000)}
    firm = company or {}
    for name, kind in schema.mapping.items():
        if kind is Kind.DATE:
            continue
        value = firm.get(schema.copied[name]) if name in schema.copied else record.get(name)
        column = schema.copied.get(name, name)
        source[name] = value or (None if column in _LISTS else _EMPTY[kind])
    return source


_LISTS = frozenset({"departments", "industries", "keywords", "technologies"})
