"""The values that Connectra's table holds: asked for where a derived filter is, and that remembered for a while."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.errors import ConnectraError, Declined, Misread, RefusedByIt, Unavailable
from connectra.vocabulary import REMEMBERED, Vocabulary, derived
from connectra.wire import Record


def row(**changed: Any) -> Record:
    found = {"key": "linkedin_url", "service": "contact", "direct_derived": True, "active": True, "deleted_at": None}
    return found | changed


class Told:
    """A source that gives what it was told to, and counts how often its definitions were asked for."""

    def __init__(self) -> None:
        self.rows: list[Record] = [row()]
        self.values: list[str] = ["x/in/ada"]
        self.fails: ConnectraError | None = None
        self.filters_fail: ConnectraError | None = None
        self.asked: list[tuple[str, ...]] = []
        self.now = 1000.0

    async def filters(self, service: str) -> list[Record]:
        self.asked.append((service,))
        if self.filters_fail is not None:
            raise self.filters_fail
        return self.rows

    async def filter_values(self, service: str, key: str, text: str, endpoint: str = "") -> list[str]:
        self.asked.append((service, key, text, endpoint))
        if self.fails is not None:
            raise self.fails
        return self.values

    def definitions(self) -> int:
        return sum(len(one) == 1 for one in self.asked)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def vocabulary(told: Told) -> Vocabulary:
    return Vocabulary(told, lambda: told.now)


async def test_values_are_asked_for_by_service_and_key(told: Told, vocabulary: Vocabulary) -> None:
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada", "linkedin") == ("x/in/ada",)
    assert told.asked == [("contact",), ("contact", "linkedin_url", "ada", "linkedin")]


async def test_companies_have_their_own_filters(told: Told, vocabulary: Vocabulary) -> None:
    await vocabulary.spellings("companies", "linkedin_url", "ada")
    assert told.asked == [("company",), ("company", "linkedin_url", "ada", "")]


async def test_there_is_one_value_for_each_row(told: Told, vocabulary: Vocabulary) -> None:
    told.values = ["a", "b", "a"]
    assert await vocabulary.spellings("contacts", "linkedin_url", "a") == ("a", "b", "a")


async def test_without_the_filter_there_are_none(told: Told, vocabulary: Vocabulary) -> None:
    told.rows = [row(key="city")]
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") is None
    assert told.asked == [("contact",)]


async def test_definitions_are_remembered_for_their_time(told: Told, vocabulary: Vocabulary) -> None:
    await vocabulary.spellings("contacts", "linkedin_url", "ada")
    told.now += REMEMBERED - 0.001
    await vocabulary.spellings("contacts", "linkedin_url", "eve")
    assert told.definitions() == 1


async def test_definitions_are_asked_for_again_after_their_time(told: Told, vocabulary: Vocabulary) -> None:
    told.rows = []
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") is None
    told.now, told.rows = told.now + REMEMBERED, [row()]
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") == ("x/in/ada",)


async def test_a_version_of_the_service_without_filters_has_none(told: Told, vocabulary: Vocabulary) -> None:
    told.filters_fail = RefusedByIt("404")
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") is None
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") is None
    assert told.definitions() == 1


@pytest.mark.parametrize("error", [Unavailable("500"), Misread("html")])
async def test_definitions_that_can_not_be_had_are_no_answer(
    told: Told, vocabulary: Vocabulary, error: ConnectraError
) -> None:
    told.filters_fail = error
    with pytest.raises(type(error)):
        await vocabulary.spellings("contacts", "linkedin_url", "ada")
    told.filters_fail = None
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") == ("x/in/ada",)


async def test_a_filter_that_fails_is_looked_for_anew(told: Told, vocabulary: Vocabulary) -> None:
    told.fails = Unavailable("sql: no rows in result set")
    with pytest.raises(Unavailable):
        await vocabulary.spellings("contacts", "linkedin_url", "ada")
    told.rows = []
    assert await vocabulary.spellings("contacts", "linkedin_url", "ada") is None


async def test_as_many_rows_as_one_look_up_gives_are_declined(told: Told, vocabulary: Vocabulary) -> None:
    told.values = ["x"] * 99
    assert len(await vocabulary.spellings("contacts", "linkedin_url", "x") or ()) == 99
    told.values = ["x"] * 100
    with pytest.raises(Declined, match="too many"):
        await vocabulary.spellings("contacts", "linkedin_url", "x")


@pytest.mark.parametrize("text", ["%", "%%"])
async def test_a_text_that_empty_values_contain_is_declined(told: Told, vocabulary: Vocabulary, text: str) -> None:
    with pytest.raises(Declined, match="wildcards only"):
        await vocabulary.spellings("contacts", "linkedin_url", text)


@pytest.mark.parametrize("text", ["_", "\\", "\\%", "%_"])
async def test_other_wildcards_are_connectras_to_read(told: Told, vocabulary: Vocabulary, text: str) -> None:
    assert await vocabulary.spellings("contacts", "linkedin_url", text) == ("x/in/ada",)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(direct_derived=False)],
        [row(direct_derived=None)],
        [row(active=False)],
        [row(deleted_at="2026-01-01T00:00:00Z")],
        [row(key=None)],
        [row(), row(direct_derived=False)],
    ],
)
def test_only_an_active_filter_that_reads_the_table_counts(rows: list[Record]) -> None:
    assert "linkedin_url" not in derived(rows)


def test_a_row_out_of_use_beside_the_filter_takes_nothing_from_it() -> None:
    assert derived([row(), row(), row(active=False, direct_derived=False), row(key="city")]) == {"linkedin_url", "city"}
