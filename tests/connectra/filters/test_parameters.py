"""The tables of parameters and legacy's models name the same things: nothing is dropped, nothing is made up."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import AliasChoices, BaseModel

from connectra.asked import Asked
from connectra.errors import Declined
from connectra.filters.conditions import condition
from connectra.filters.parameters import (
    COLLECTED,
    COMPANIES,
    CONTACTS,
    INDEXED_NUMBERS,
    OF_COMPANY,
    OF_COMPANY_COUNT,
    Kind,
    Of,
    Parameter,
)
from connectra.filters.selection import conditions
from connectra.vql import NUMBERS, TEXTS
from lab.legacy import contact_filters, parameters
from lab.legacy.parameters import AttributeParameters, CompanyContactFilters, CompanyFilters, ContactFilters

TABLES = {"of a company": OF_COMPANY, "counted": OF_COMPANY_COUNT, "contacts": CONTACTS, "companies": COMPANIES}
OUTSIDE = {"limit", "offset"}
"""Not in the models: typed parameters of the endpoints themselves."""
INERT_ON_LEGACY = {"status", "distinct", "keyword_search_fields", "keyword_exclude_fields"}
"""Accepted without effect (§4.12, §4.8)."""


def every(table: str) -> list[Parameter]:
    """The parameters of a table, each once."""
    return list(dict.fromkeys(TABLES[table].values()))


def names(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Each field's public names, in the order in which they count."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        found[name] = tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (name,)
    return found


@pytest.mark.parametrize(
    ("model", "table", "more"),
    [
        (CompanyContactFilters, OF_COMPANY, OUTSIDE),
        (CompanyContactFilters, OF_COMPANY_COUNT, OUTSIDE),
        (ContactFilters, CONTACTS, OUTSIDE | {"view"}),
        (CompanyFilters, COMPANIES, OUTSIDE),
    ],
)
def test_a_table_has_the_names_of_legacys_model_and_no_others(
    model: type[BaseModel], table: Mapping[str, Parameter], more: set[str]
) -> None:
    known = {alias for aliases in names(model).values() for alias in aliases}
    assert set(table) == known | more


@pytest.mark.parametrize(
    ("model", "table"),
    [(CompanyContactFilters, OF_COMPANY), (ContactFilters, CONTACTS), (CompanyFilters, COMPANIES)],
)
def test_aliases_count_in_legacys_order(model: type[BaseModel], table: Mapping[str, Parameter]) -> None:
    for aliases in names(model).values():
        assert table[aliases[0]].names == aliases


def test_the_attribute_lists_have_no_other_parameters() -> None:
    assert set(AttributeParameters.model_fields) <= set(OF_COMPANY)


@pytest.mark.parametrize(
    ("model", "table"),
    [(CompanyContactFilters, OF_COMPANY), (ContactFilters, CONTACTS), (CompanyFilters, COMPANIES)],
)
def test_the_same_lists_are_gathered_from_their_repetitions(
    model: type[BaseModel], table: Mapping[str, Parameter]
) -> None:
    assert COLLECTED & set(table) == set(parameters.collected_keys(model))


@pytest.mark.parametrize("table", TABLES)
def test_what_has_no_effect_here_has_none_on_legacy(table: str) -> None:
    assert {one.name for one in every(table) if one.kind is Kind.INERT} == INERT_ON_LEGACY & set(TABLES[table])


@pytest.mark.parametrize("table", TABLES)
def test_what_is_refused_is_declined_by_its_name_whatever_it_is_called(table: str) -> None:
    for one in every(table):
        for name in one.names if one.kind is Kind.REFUSED else ():
            with pytest.raises(Declined, match=f"^parameter {one.name}$"):
                conditions(Asked({}, "", query=[(name, "x")]), TABLES[table])


@pytest.mark.parametrize("table", TABLES)
def test_what_is_refused_says_why(table: str) -> None:
    assert [one.name for one in every(table) if one.kind is Kind.REFUSED and not one.note] == []


@pytest.mark.parametrize("table", TABLES)
def test_only_what_is_asked_has_a_column(table: str) -> None:
    for one in every(table):
        asked = one.kind not in (Kind.REFUSED, Kind.INERT, Kind.PAGING)
        assert (bool(one.column), one.of is not Of.NOBODY) == (asked, asked), one.name


@pytest.mark.parametrize("table", TABLES)
def test_what_is_asked_is_one_condition(table: str) -> None:
    for one in every(table):
        if one.column:
            value = "2024-01-01" if one.kind in (Kind.AFTER, Kind.BEFORE) else "3"
            query = [(one.name, value), *lower_bound(one)]
            assert len(conditions(Asked({}, "", query=query), TABLES[table])) == 1, one.name


def lower_bound(one: Parameter) -> list[tuple[str, str]]:
    """An upper bound is declined without a lower one."""
    return [(one.name.replace("_max", "_min"), "1")] if one.kind is Kind.MOST else []


@pytest.mark.parametrize("table", TABLES)
def test_what_narrows_is_a_text_of_the_index(table: str) -> None:
    entities = {Of.COMPANY: "companies", Of.FIRM: "companies"}
    fields = [(entities.get(one.of, "contacts"), one.index) for one in every(table) if one.index]
    assert [(entity, name) for entity, name in fields if name not in TEXTS[entity]] == []


def test_the_numbers_that_narrow_are_those_of_the_index() -> None:
    assert NUMBERS["companies"] == INDEXED_NUMBERS


@pytest.mark.parametrize(
    ("table", "name", "most"),
    [
        (OF_COMPANY, "title", 10),
        (OF_COMPANY, "first_name", 50),
        (OF_COMPANY_COUNT, "last_name", 50),
        (OF_COMPANY_COUNT, "seniority", 50),
        (CONTACTS, "title", 10),
    ],
)
def test_many_tokens_that_legacy_compares_by_similarity_are_declined(
    table: Mapping[str, Parameter], name: str, most: int
) -> None:
    assert condition(table[name], [",".join(["abc"] * most)]) is not None
    with pytest.raises(Declined, match=rf"^parameter {name}: over {most} tokens$"):
        condition(table[name], [",".join(["abc"] * (most + 1))])


@pytest.mark.parametrize("table", [OF_COMPANY, CONTACTS])
def test_seniority_is_compared_by_similarity_only_where_legacys_count_does(table: Mapping[str, Parameter]) -> None:
    assert not contact_filters.Flavour().similar_seniority
    assert condition(table["seniority"], [",".join(["abc"] * 60)]) is not None
