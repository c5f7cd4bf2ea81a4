"""How a known difference between the two systems is seen in one exchange: signs, of which the table of rows is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from comparators.verdict import Outcome
from loadtests.replay.asking import Asked
from loadtests.replay.questions import Data, Row

LOOKED_AT = 50
"""Elements of a list, of which a sign needs one."""
_WORD = re.compile(r"[^\W_]+")
_WORDY = ("first_name", "last_name", "title", "name", "address", "website")


@dataclass(frozen=True, slots=True)
class World:
    """What the rows hold: each by its uuid, the words of their texts, and their profile addresses."""

    rows: dict[str, Row] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def world_of(data: Data) -> World:
    """Of all rows of both sides."""
    every = [*data.contacts, *data.companies]
    texts = (row.get(name) for row in every for name in _WORDY)
    words = frozenset(word.lower() for text in texts if isinstance(text, str) for word in _WORD.findall(text))
    addresses = frozenset(str(row["linkedin_url"]) for row in every if row.get("linkedin_url"))
    return World({str(row["uuid"]): row for row in every}, words, addresses)


class Seen:
    """One exchange, as signs look at it."""

    def __init__(self, asked: Asked, world: World) -> None:
        self.asked = asked
        self.world = world
        self.endpoint = asked.question.endpoint
        self.verdict = asked.verdict
        self.declined = asked.declined
        found = None if self.verdict is None else self.verdict.outcome
        self.alike = found in (Outcome.MATCH, Outcome.ACCEPTED)

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Of the query, and the address of a LinkedIn search."""
        question = self.asked.question
        pairs = parse_qsl(urlsplit(question.target).query, keep_blank_values=True)
        return pairs if question.body is None else [*pairs, ("url", str(orjson.loads(question.body)["url"]))]

    @cached_property
    def row(self) -> Row:
        """The row of the record that the path names last; empty without one."""
        names = [unquote(one) for one in urlsplit(self.asked.question.target).path.split("/") if one]
        return next((self.world.rows[one] for one in reversed(names) if one in self.world.rows), {})

    @cached_property
    def body(self) -> Any:
        """Legacy's JSON, None for what is none."""
        answer = self.asked.legacy
        json = (answer.header("Content-Type") or "").startswith("application/json")
        return orjson.loads(answer.body) if json and isinstance(answer.body, bytes) else None


Sign = Callable[[Seen], bool]
Like = Callable[[Any], bool]


def took(rule: str, *at: str) -> Sign:
    """A rule, or a known gap, whose name begins so was needed."""

    def sign(seen: Seen) -> bool:
        verdict = seen.verdict
        return verdict is not None and _at(seen, at) and any(name.startswith(rule) for name in verdict.counts)

    return sign


def gave_up(reason: str, *at: str, asked: str = "", like: Like | None = None, status: int = 0) -> Sign:
    """The gateway declined; the reason matches. `asked` has to be a parameter like that, `status` be legacy's."""
    pattern = re.compile(reason)

    def sign(seen: Seen) -> bool:
        if seen.declined is None or not _at(seen, at) or not pattern.match(seen.declined):
            return False
        given = not asked or any(name == asked and _is(value, like) for name, value in seen.parameters)
        return given and status in (0, seen.asked.legacy.status)

    return sign


def asked(names: Iterable[str], *at: str, like: Like | None = None) -> Sign:
    """Such a parameter was asked with, found something, and both sides said the same."""
    wanted = frozenset(names)

    def sign(seen: Seen) -> bool:
        if not seen.alike or not _at(seen, at):
            return False
        return any(name in wanted and _is(value, like) for name, value in seen.parameters) and _anything(seen.body)

    return sign


def held(path: str, like: Like, *at: str, status: int = 200) -> Sign:
    """Legacy's answer has such a value at a place, and both sides said the same."""
    names = [name for name in path.replace("[]", ".[]").split(".") if name]

    def sign(seen: Seen) -> bool:
        if not seen.alike or not _at(seen, at) or seen.asked.legacy.status != status:
            return False
        return any(like(value) for value in _values(seen.body, names))

    return sign


def stored(like: Like, *at: str) -> Sign:
    """The record that was asked for has such a value in the database, and both sides gave the same of it."""
    return lambda seen: seen.alike and _at(seen, at) and any(like(value) for value in seen.row.values())


def within_words(*at: str) -> Sign:
    """A filter's text is no word of the rows, but a piece of some."""

    def piece(value: Any, words: frozenset[str]) -> bool:
        return any(word not in words for word in _WORD.findall(str(value).lower()))

    names = frozenset((*_WORDY, "company", "include_company_name"))
    return lambda seen: (
        seen.alike
        and _at(seen, at)
        and any(name in names and piece(value, seen.world.words) for name, value in seen.parameters)
        and _anything(seen.body)
    )


def other_address(*at: str) -> Sign:
    """A profile was found by an address that is stored nowhere like that."""
    return lambda seen: (
        seen.alike
        and _at(seen, at)
        and any(name == "url" and value.strip() not in seen.world.addresses for name, value in seen.parameters)
        and _anything(seen.body)
    )


def field_differs(name: str) -> Sign:
    """A header field has another value on either side, and both said the same."""
    return lambda seen: seen.alike and seen.asked.legacy.header(name) != seen.asked.candidate.header(name)


def _at(seen: Seen, endpoints: tuple[str, ...]) -> bool:
    return not endpoints or seen.endpoint in endpoints


def _is(value: Any, like: Like | None) -> bool:
    return like is None or like(value)


def _anything(body: Any) -> bool:
    """Whether an answer holds a record, a value, or a number of them."""
    if isinstance(body, dict):
        return any(body.get(name) for name in ("results", "uuids", "count", "contacts", "companies"))
    return bool(body)


def _values(value: Any, names: list[str]) -> Iterable[Any]:
    if not names:
        return [value]
    head, rest = names[0], names[1:]
    if head == "[]":
        some = value[:LOOKED_AT] if isinstance(value, list) else []
        return [found for one in some for found in _values(one, rest)]
    return _values(value[head], rest) if isinstance(value, dict) and head in value else []
