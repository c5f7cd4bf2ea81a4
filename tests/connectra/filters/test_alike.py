"""Whatever is asked: the gateway gives what legacy gives out of the same rows, or declines and says why."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from comparators.answer import Answer
from comparators.rules import Rules
from connectra.filters.parameters import COMPANIES, CONTACTS, OF_COMPANY_COUNT, Kind, Of, Parameter
from lab.legacy.quirks import Quirk
from loadtests.replay.asking import ask
from loadtests.replay.questions import Question, Row
from tests.support.replay import Both, both

VALUES = 12
"""Of each parameter that can be asked for."""
NOT_ASKED = (Kind.INERT, Kind.PAGING, Kind.REFUSED)
FAILING = {
    Quirk.COMPANY_UUIDS_FAIL, Quirk.SIMPLE_VIEW_FAILS, Quirk.BROKEN_USER, Quirk.RELATIVE_UPLOADS,
    Quirk.LINKEDIN_ONE_SESSION,
}  # fmt: skip
"""Defects by which legacy answers 500, or nothing of use, where the gateway answers."""
LISTED = (Kind.IN_LIST, Kind.ALL_IN_LIST, Kind.WITHOUT_IN_LIST)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_generated_request_is_answered_wrongly(dsn: str, seed: int) -> None:
    async with both(dsn) as sides:
        tally = await sides.ask(sides.questions(500, seed))
    assert [(one.question.target, one.verdict) for one in tally.bad] == []
    assert len(tally.asked) >= 13
    assert sum(tally.verdicts.values()) > 150


async def test_no_generated_request_is_answered_wrongly_by_legacy_as_it_was_built(dsn: str) -> None:
    async with both(dsn) as sides:
        sides.legacy.server.lab.quirks = frozenset(Quirk) - FAILING
        tally = await sides.ask(sides.questions(500, 4))
    assert [(one.question.target, one.verdict) for one in tally.bad] == []
    assert sum(tally.verdicts.values()) > 150


@dataclass
class Counts:
    """What came of counts: targets that were answered wrongly, and by parameter what was answered and declined."""

    wrong: list[tuple[str, Any, Any]] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)

    async def ask(self, sides: Both, one: Parameter, target: str) -> None:
        """Asks both sides for one count."""
        asked = await ask(sides.sides, Question("", "GET", target), Rules(), datetime.now(UTC).date())
        if asked.declined is not None:
            self.declined[one.name] += 1
            return
        self.answered[one.name] += 1
        ours, theirs = said(asked.candidate), said(asked.legacy)
        if ours != theirs:
            self.wrong.append((target, ours, theirs))


def said(answer: Answer) -> tuple[int, Any]:
    """Status and body."""
    assert isinstance(answer.body, bytes)
    return answer.status, orjson.loads(answer.body)


def values(one: Parameter, rows: list[Row], rng: random.Random) -> list[str]:
    """Values of a parameter as people type them: pieces of what the rows have, and odd ones."""
    held = [row[one.column] for row in rows if row.get(one.column)]
    odd = ["", " ", ",", "a_", "%", "\\", "é", "x" * 600, "0", "5,7"]
    return [*(_bent(one, rng.choice(held), rng) for _ in range(VALUES - 3) if held), *rng.sample(odd, 3)]


def _bent(one: Parameter, value: Any, rng: random.Random) -> str:
    if isinstance(value, datetime):
        moved = value + timedelta(seconds=rng.choice((0, 0, -1, 3600)))
        return rng.choice((moved.isoformat(), moved.isoformat()[:10], f"{moved.isoformat()}+02:00", f"{moved}Z"))
    if isinstance(value, int):
        return str(value + rng.choice((0, 0, 0, 1, -1)))
    text = str(rng.choice([part for part in value if part] or ["x"])) if one.kind in LISTED else str(value)
    if one.kind is Kind.NOT_OF:
        return rng.choice((text, f"{text},{text.upper()}", f'["{text}"]'))
    if one.kind is Kind.NOT_TITLED:
        return rng.choice((text, text.lower(), " ".join(sorted(text.lower().split(" ")))))
    begin = rng.randrange(len(text))
    piece = text[begin : begin + rng.randint(1, 12)]
    whole = rng.choice((text, piece, piece.upper(), piece.lower(), f" {piece} ", f"{piece},{text}"))
    return whole.replace(rng.choice(whole), rng.choice("_%"), 1) if rng.random() < 0.2 else whole


async def counted(
    sides: Both, known: Mapping[str, Parameter], path: str, rows: Mapping[Of, list[Row]], beside: list[tuple[str, str]]
) -> Counts:
    """Counts with each parameter of a table. `beside` are filters that narrow what is looked through."""
    found = Counts()
    for name, one in known.items():
        rng = random.Random(f"alike {path} {name}")
        if one.kind in NOT_ASKED:
            given = ["x", ""] if one.kind is not Kind.PAGING else ["1"]
        else:
            given = values(one, rows[one.of], rng)
        for value in given:
            more = [(name.replace("_max", "_min"), "1")] if one.kind is Kind.MOST else []
            others = [pair for pair in beside if pair[0] != one.name]
            await found.ask(sides, one, f"{path}?{urlencode([*others, *more, (name, value)])}")
    return found


def expressible(known: Mapping[str, Parameter]) -> set[str]:
    """The parameters that are no paging and are not refused."""
    return {one.name for one in known.values() if one.kind not in (Kind.PAGING, Kind.REFUSED)}


def rows_of(sides: Both, company: str = "") -> dict[Of, list[Row]]:
    """The rows that each kind of parameter takes its values from."""
    contacts = [row for row in sides.data.contacts if not company or row["company_id"] == company]
    companies = list(sides.data.companies)
    return {Of.CONTACT: contacts, Of.PERSON: contacts, Of.COMPANY: companies, Of.FIRM: companies}


def frequent_word(rows: Sequence[Row], column: str) -> str:
    """The word of five letters or more that most rows have."""
    words = Counter(word for row in rows for word in str(row[column] or "").split() if len(word) > 4 and word.isalpha())
    return words.most_common(1)[0][0]


async def test_every_parameter_of_a_companys_contacts_counts_what_legacy_counts_or_is_declined(dsn: str) -> None:
    async with both(dsn, companies=3, contacts=150) as sides:
        company = Counter(row["company_id"] for row in sides.data.contacts).most_common(1)[0][0]
        path = f"/api/v1/companies/company/{company}/contacts/count/"
        found = await counted(sides, OF_COMPANY_COUNT, path, rows_of(sides, company), [])
    assert found.wrong == []
    assert expressible(OF_COMPANY_COUNT) - set(found.answered) == set()


async def test_every_parameter_of_contacts_counts_what_legacy_counts_or_is_declined(dsn: str) -> None:
    async with both(dsn, companies=30, contacts=150) as sides:
        beside = [("title", frequent_word(sides.data.contacts, "title"))]
        found = await counted(sides, CONTACTS, "/api/v1/contacts/count/", rows_of(sides), beside)
    assert found.wrong == []
    assert expressible(CONTACTS) - set(found.answered) == set()


async def test_every_parameter_of_companies_counts_what_legacy_counts_or_is_declined(dsn: str) -> None:
    async with both(dsn, companies=80, contacts=10) as sides:
        companies = {of: list(sides.data.companies) for of in Of}
        found = await counted(sides, COMPANIES, "/api/v1/companies/count/", companies, [("employees_min", "1")])
    assert found.wrong == []
    assert expressible(COMPANIES) - set(found.answered) == set()
