"""VQL values: what can be said."""

from __future__ import annotations

import dataclasses

import pytest

from connectra.vql import KEYWORDS, LAST_PAGE, MOST, Keyword, Query


def test_a_query_asks_for_the_first_page_of_25_unless_told() -> None:
    query = Query("contacts")
    assert (query.page, query.limit, query.populate, query.order) == (1, 25, False, ())


def test_equal_queries_are_equal_and_can_be_keys() -> None:
    one = Query("contacts", (Keyword("uuid", ("a",)),))
    assert {one: 1}[Query("contacts", (Keyword("uuid", ("a",)),))] == 1


def test_a_query_can_not_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Query("contacts").limit = 101  # type: ignore[misc]


def test_the_limits_are_those_of_the_service() -> None:
    assert (MOST, LAST_PAGE) == (100, 10)


@pytest.mark.parametrize(("entity", "count"), [("contacts", 18), ("companies", 8)])
def test_the_keyword_fields_are_those_that_the_service_sorts_by(entity: str, count: int) -> None:
    assert len(KEYWORDS[entity]) == count


@pytest.mark.parametrize("name", ["created_at", "title", "company_name", "employees_count", "website", "id"])
def test_fields_that_fail_or_match_tokens_are_no_keywords(name: str) -> None:
    assert name not in KEYWORDS["contacts"] | KEYWORDS["companies"]
