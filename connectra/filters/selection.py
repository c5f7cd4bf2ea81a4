"""A request's filters → which records Connectra is asked for, and which of them are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined
from connectra.filters.conditions import Condition, Spelled, always, condition, numbers
from connectra.filters.parameters import COLLECTED, Kind, Of, Parameter
from connectra.filters.reading import listed
from connectra.vql import REACH, Keyword, Query, Range, Text
from connectra.wire import Record

_NUMBERS = (Kind.EQUAL, Kind.LEAST, Kind.MOST)
_OF_COMPANY = (Of.COMPANY, Of.FIRM)
MOST_LOOKED_UP = 5
"""Terms of one filter that are looked up, one call each."""
AT_ONCE = 100
"""Records that are looked at before other requests get a turn: some milliseconds with the longest filters."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Records to ask for (`query`), and what legacy demands of each. `exact`: the query alone says it all.

    `nothing`: no record can be meant, and nobody has to be asked.
    """

    query: Query
    kept: tuple[Condition, ...] = ()
    exact: bool = True
    nothing: bool = False

    def keeps(self, record: Record) -> bool:
        """Whether legacy would have found it. A contact's company is the one that came with it."""
        return all(_holds(self.query.entity, one, record) for one in self.kept)

    async def records(self, client: Client, endpoint: str, most: int = REACH) -> list[Record]:
        """All records that are kept. Raises TooMany when more than `most` would have to be looked through."""
        if self.nothing:
            return []
        found, kept = await client.collect(self.query, most, endpoint), []
        for start in range(0, len(found), AT_ONCE):
            kept += [one for one in found[start : start + AT_ONCE] if self.keeps(one)]
            await asyncio.sleep(0)
        return kept

    async def uuids(self, client: Client, endpoint: str) -> list[str]:
        """The uuids of all that are kept. Raises TooMany."""
        lean = replace(self, query=replace(self.query, columns=("uuid",), populate=False)) if self.exact else self
        return [str(one["uuid"]) for one in await lean.records(client, endpoint)]

    async def count(self, client: Client, endpoint: str) -> int:
        """How many are kept. Raises TooMany."""
        if self.exact and not self.nothing:
            return await client.count(self.query, endpoint)
        return len(await self.records(client, endpoint))


def _holds(entity: str, one: Condition, record: Record) -> bool:
    if entity == "contacts" and one.of in _OF_COMPANY:
        company = record.get("company")
        return company is not None and one.keeps(company)
    return one.keeps(record)


def conditions(asked: Asked, known: Mapping[str, Parameter]) -> list[Condition]:
    """The conditions of a request's filters. Raises Declined with the name of the parameter that can not be said."""
    given: dict[str, tuple[Parameter, list[str]]] = {}
    for name in dict.fromkeys(name for name, _ in asked.query):
        one = known.get(name)
        if one is None or one.kind is Kind.PAGING:
            continue
        values = _values(asked, one)
        if one.kind is Kind.INERT:
            listed(one.name, values)  # what legacy can not even read it refuses
        elif one.kind is not Kind.REFUSED:
            given[one.name] = (one, values)
        elif not one.blank_is_none or any(value.strip() for value in values):
            raise Declined(f"parameter {one.name}")
    found = [made for one, values in given.values() if one.kind not in _NUMBERS and (made := condition(one, values))]
    return found + numbers([(one, values[-1]) for one, values in given.values() if one.kind in _NUMBERS])


def _values(asked: Asked, one: Parameter) -> list[str]:
    """Of several aliases the first that is present counts; lists are gathered, of the rest the last value counts."""
    name = next(name for name in one.names if asked.last(name) is not None)
    every = [value for key, value in asked.query if key == name]
    if any("\0" in value for value in every):
        raise Declined(f"parameter {one.name}: NUL")
    return every if one.name in COLLECTED else every[-1:]


async def select(
    client: Client, asked: Asked, entity: str, known: Mapping[str, Parameter], *, within: Keyword | None = None
) -> Selection:
    """What to ask for. `within` is a condition that always holds (the company of a company's contacts).

    Raises Declined when nothing narrows the search, ConnectraError, TooMany.
    """
    found = conditions(asked, known)
    if entity == "companies":  # a blank filter asks for the company's row, which is there
        found = [one for one in found if one.keeps is not always]
    query = Query(entity, (within,) if within else (), everything=within is None, populate=entity == "contacts")
    if not found:
        return Selection(query)
    own = [one for one in found if entity == "companies" or one.of not in _OF_COMPANY]
    narrowed = _narrowed(query, own)
    excluded = [one.without for one in own if one.without is not None]
    if not narrowed.everything or len(excluded) == len(found):
        kept = tuple(one for one in found if one.without is None)
        return Selection(replace(narrowed, must_not=tuple(excluded)), kept, exact=not kept)
    values = await _looked_up(client, asked, entity, own)
    if values is not None:
        by_value = replace(query, must=(values,), must_not=tuple(excluded), everything=False)
        kept = tuple(one for one in found if one.without is None)
        return Selection(by_value, kept, exact=False, nothing=not values.values)
    if entity == "companies":
        raise Declined(_unspoken(asked, known))
    uuids = await _companies(client, asked, found, known)
    if not uuids:
        return Selection(query, nothing=True)
    kept = tuple(one for one in own if one.without is None)
    by_company = replace(query, must=(Keyword("company_id", uuids),), must_not=tuple(excluded), everything=False)
    return Selection(by_company, kept, exact=not kept)


def _narrowed(query: Query, found: Sequence[Condition]) -> Query:
    """The query with one condition for each field: more of them on one field would widen it."""
    texts: dict[str, Text] = {}
    ranges: dict[str, Range] = {}
    for one in found:
        if isinstance(one.narrows, Text):
            texts.setdefault(one.narrows.field, one.narrows)
        elif isinstance(one.narrows, Range):
            ranges.setdefault(one.narrows.field, one.narrows)
    everything = query.everything and not (texts or ranges)
    return replace(query, texts=tuple(texts.values()), ranges=tuple(ranges.values()), everything=everything)


async def _looked_up(client: Client, asked: Asked, entity: str, found: Sequence[Condition]) -> Keyword | None:
    """The values that the first filter of a kind that can be looked up means; None where none can, or too many are.

    Raises ConnectraError.
    """
    for one in found:
        if one.spelled is None or len(one.spelled.terms) > MOST_LOOKED_UP:
            continue
        try:
            values = await _spellings(client, asked, entity, one.spelled)
        except Declined:  # more rows than one look-up tells of
            continue
        if values is not None:
            return Keyword(one.spelled.field, tuple(dict.fromkeys(values)))
    return None


async def _spellings(client: Client, asked: Asked, entity: str, meant: Spelled) -> list[str] | None:
    found: list[str] = []
    for term in meant.terms:
        values = await client.vocabulary.spellings(entity, meant.field, term, asked.endpoint)
        if values is None:
            return None
        found += values
    return found


async def _companies(
    client: Client, asked: Asked, found: list[Condition], known: Mapping[str, Parameter]
) -> tuple[str, ...]:
    """The companies that the filters mean: their own documents are fresh, the copies in contacts' may be stale."""
    of_company = tuple(replace(one, of=Of.CONTACT) for one in found if one.of in _OF_COMPANY)
    query = _narrowed(Query("companies", everything=True), of_company)
    if query.everything:
        raise Declined(_unspoken(asked, known))
    companies = await Selection(query, of_company, exact=False).records(client, asked.endpoint)
    return tuple(str(one["uuid"]) for one in companies)


def _unspoken(asked: Asked, known: Mapping[str, Parameter]) -> str:
    """The parameter that is named: nothing of it can be looked for in the index."""
    names = [known[name].name for name, _ in asked.query if name in known]
    kinds = (Kind.INERT, Kind.PAGING)
    return f"parameter {next(name for name in names if known[name].kind not in kinds)}: nothing to look for"
