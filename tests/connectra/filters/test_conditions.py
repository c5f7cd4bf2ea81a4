"""Legacy's predicates on one record (legacy-api.md §4), compared with its own SQL on the same rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectra.errors import Declined
from connectra.filters.conditions import LONGEST_TERM, MOST_TERMS, Condition, always, condition, numbers
from connectra.filters.parameters import COMPANIES, CONTACTS, OF_COMPANY_COUNT, Of, Parameter
from connectra.vql import Keyword, Range, Text
from connectra.wire import Record
from lab.legacy.sql import Where, joined

TEXTS = (
    "Sales Manager", "VP Sales", "vp", "svp", "_", "CEO & Founder", "  Manager  Sales", "50%", "a_b", "back\\slash",
    "İstanbul Müdürü", "GRÖSSE", "co-founder ceo", "Zoë Éa", "ceo", "x" * 300,
)  # fmt: skip
LISTS = (["Sales", "IT"], ["_"], ["", ""], ["", "Ops"], ["Java", "JavaScript"], ["A,B"], ["Éa"])


def only(found: Condition | None) -> Condition:
    assert found is not None
    return found


def kept(one: Condition, column: str, values: tuple[Any, ...]) -> list[Any]:
    """Which values of a column are kept; whatever is declined is None."""
    found: list[Any] = []
    for value in values:
        try:
            found.append(one.keeps({"uuid": "p", column: value}))
        except Declined:
            found.append(None)
    return found


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def kept_by_legacy(
    connection: asyncpg.Connection, kind: str, values: tuple[Any, ...], add: Callable[[Where], None]
) -> list[bool]:
    where = Where()
    parts = [f"({number}, {where.bind(value)}::{kind})" for number, value in enumerate(values)]
    add(where)
    query = f"SELECT place FROM (VALUES {', '.join(parts)}) AS one(place, v) {where.text()}"
    found = {row[0] for row in await connection.fetch(query, *where.parameters)}
    return [number in found for number in range(len(values))]


def agree(ours: list[Any], theirs: list[bool]) -> bool:
    """Equal, or declined."""
    return all(we is None or we is they for we, they in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    "raw",
    ["sales", "SALES,vp", " vp , ,", ",", "_", "a\\_b", "50\\%", "50%", "e\\", "müdürü", "GRÖSSE,ceo", "s%m", "&"],
)
async def test_any_token_is_a_substring(connection: asyncpg.Connection, raw: str) -> None:
    ours = kept(only(condition(CONTACTS["title"], [raw])), "title", TEXTS)
    theirs = await kept_by_legacy(connection, "text", TEXTS, lambda where: where.substring("v", raw))
    assert agree(ours, theirs)
    assert ours.count(None) <= 1


@pytest.mark.parametrize("raw", ["sales, vp", " vp ", "a_b", "İ", ","])
async def test_a_single_substring_keeps_its_commas(connection: asyncpg.Connection, raw: str) -> None:
    ours = kept(only(condition(CONTACTS["email_status"], [raw])), "email_status", (*TEXTS, "sales, vp"))
    theirs = await kept_by_legacy(
        connection, "text", (*TEXTS, "sales, vp"), lambda where: where.single("v", raw, trimmed=True)
    )
    assert agree(ours, theirs)


@pytest.mark.parametrize("raw", ["java", "it,ops", ",", " ", "a,b", "_", "java%sc", "sales\\", "éA"])
@pytest.mark.parametrize("name", ["keywords", "keywords_and"])
async def test_tokens_within_the_joined_list(connection: asyncpg.Connection, name: str, raw: str) -> None:
    def asked(where: Where) -> None:
        (where.in_array if name == "keywords" else where.all_in_array)("v", raw)

    values: tuple[Any, ...] = (*LISTS, [])
    ours = kept(only(condition(CONTACTS[name], [raw])), "keywords", values)
    assert agree(ours, await kept_by_legacy(connection, "text[]", values, asked))


@pytest.mark.parametrize("values", [["vp"], ["VP, _"], ["sales", "ceo"], ["[\"a_b\", \"50\"]"], ["zoë\\"], ["%x%"]])
async def test_exclusions_let_nothing_pass(connection: asyncpg.Connection, values: list[str]) -> None:
    ours = kept(only(condition(CONTACTS["exclude_seniorities"], values)), "seniority", (*TEXTS, None))
    given = [token for value in values for token in value.strip("[]").replace('"', "").split(",")]
    theirs = await kept_by_legacy(
        connection, "text", (*TEXTS, None), lambda where: where.without("v", [one.strip() for one in given])
    )
    assert agree(ours, theirs)
    assert ours[-1] is True


@pytest.mark.parametrize("values", [["java"], ["it", "ops"], ["_"], ["A"]])
async def test_exclusions_of_lists_look_into_the_joined_list(
    connection: asyncpg.Connection, values: list[str]
) -> None:
    rows: tuple[Any, ...] = (*LISTS, [], None)
    ours = kept(only(condition(CONTACTS["exclude_departments"], values)), "departments", rows)
    theirs = await kept_by_legacy(connection, "text[]", rows, lambda where: where.without(joined("v"), values))
    assert agree(ours, theirs)


@pytest.mark.parametrize(
    "values",
    [["CEO"], ["ceo"], ["manager sales"], ["sales manager"], ["sales vp"], ["& ceo founder"], ["ceo co-founder"],
     ["zoë éa"], ["éa zoë"], ["ceo", "vp"]],
)  # fmt: skip
async def test_excluded_titles_equal_the_sorted_words(connection: asyncpg.Connection, values: list[str]) -> None:
    ours = kept(only(condition(CONTACTS["exclude_titles"], values)), "title", (*TEXTS, None))
    theirs = await kept_by_legacy(
        connection, "text", (*TEXTS, None), lambda where: where.not_titled("v", values, sorted_words=True)
    )
    assert agree(ours, theirs)
    assert ours.count(None) <= 1


def test_a_title_whose_words_sort_by_the_collation_is_declined_only_where_it_matters() -> None:
    one = only(condition(CONTACTS["exclude_titles"], ["& ceo founder"]))
    assert kept(one, "title", ("CEO & Founder", "CEO", "Chief & Founder")) == [None, True, True]


@pytest.mark.parametrize(("name", "kept_at"), [("created_at_after", [1, 2]), ("created_at_before", [0, 1])])
def test_bounds_of_time_are_inclusive_and_want_a_time(name: str, kept_at: list[int]) -> None:
    one = only(condition(CONTACTS[name], ["2024-01-03T04:05:06.5+02:00"]))
    values = ("2024-01-03T02:05:06.499999Z", "2024-01-03T02:05:06.5Z", "2024-01-03T03:05:06.500001+01:00", None, "")
    assert [number for number, keeps in enumerate(kept(one, "created_at", values)) if keeps] == kept_at


def bounds(*given: tuple[str, str], table: Any = CONTACTS) -> list[Condition]:
    return numbers([(table[name], raw) for name, raw in given])


NAMES = ("employees_count", "employees_min", "employees_max")


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 6)), min_size=1, max_size=3, unique_by=lambda x: x[0]))
def test_all_bounds_of_a_number_hold_or_are_declined(given_bounds: list[tuple[str, int]]) -> None:
    try:
        (one,) = bounds(*((name, str(value)) for name, value in given_bounds))
    except Declined:
        assert max((value for name, value in given_bounds if name != "employees_max"), default=0) == 0
        return
    holds = {"employees_count": int.__eq__, "employees_min": int.__ge__, "employees_max": int.__le__}
    for stored in range(1, 8):
        wanted = all(holds[name](stored, value) for name, value in given_bounds)
        assert one.keeps({"employees_count": stored}) is wanted
    assert not one.keeps({})  # 0 or nothing: Connectra leaves both out


@pytest.mark.parametrize("given_bounds", [("employees_count", "0"), ("employees_min", "0"), ("employees_max", "5")])
def test_a_bound_that_lets_0_pass_is_declined(given_bounds: tuple[str, str]) -> None:
    with pytest.raises(Declined, match=f"^parameter {given_bounds[0]}: 0 and nothing are one$"):
        bounds(given_bounds)


def test_bounds_narrow_by_the_range_that_they_make() -> None:
    (one,) = bounds(("employees_min", "5"), ("employees_max", "9"), ("employees_count", "7"))
    assert one.narrows == Range("employees_count", 7, 7)


def test_bounds_of_what_the_index_has_not_do_not_narrow() -> None:
    (one,) = bounds(("latest_funding_amount_min", "5"), table=COMPANIES)
    assert one.narrows is None


@pytest.mark.parametrize(
    ("name", "raw", "narrows"),
    [
        ("title", "Sales Manager", Text("title", ("sales manag nager",))),
        ("title", "sales,manager", Text("title", ("sales", "manag nager"))),
        ("title", "sales,vp", None),
        ("title", "sales,SALES", Text("title", ("sales",))),
        ("email", "someone", None),
        ("company", "Sample", Text("name", ("sampl ample",))),
        ("exclude_titles", "manager", None),
    ],
)
def test_a_filter_narrows_only_where_every_token_does(name: str, raw: str, narrows: Text | None) -> None:
    assert only(condition(CONTACTS[name], [raw])).narrows == narrows


def test_companies_are_left_out_by_their_uuids_in_the_index() -> None:
    one = only(condition(CONTACTS["exclude_company_ids"], ["a,B", "b"]))
    assert one.without == Keyword("company_id", ("a", "B", "b"))
    assert [one.keeps({"company_id": uuid}) for uuid in ("a", "A", None)] == [False, True, True]


# -- blanks (LQ-08) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "email_status", "departments", "exclude_seniorities", "exclude_titles"])
def test_a_blank_filter_on_the_contact_itself_is_none(name: str) -> None:
    assert condition(CONTACTS[name], [""]) is None


@pytest.mark.parametrize("name", ["company", "technologies", "keywords_and", "industries"])
def test_a_blank_filter_on_the_company_asks_for_a_company(name: str) -> None:
    one = only(condition(CONTACTS[name], [""]))
    assert (one.keeps, one.of) == (always, Of.COMPANY)


@pytest.mark.parametrize("value", ["", " , ", "[]"])
@pytest.mark.parametrize("name", ["exclude_keywords", "exclude_company_name", "exclude_company_ids"])
def test_an_exclusion_of_nothing_does_not_even_ask_for_a_company(name: str, value: str) -> None:
    assert condition(CONTACTS[name], [value]) is None


@pytest.mark.parametrize(
    "one", [CONTACTS["city"], CONTACTS["stage"], OF_COMPANY_COUNT["facebook_url"], COMPANIES["website"]]
)
def test_a_blank_filter_on_metadata_is_declined(one: Parameter) -> None:
    with pytest.raises(Declined, match=f"^parameter {one.name}: blank$"):
        condition(one, [""])


def test_a_single_substring_that_is_blank_once_it_is_trimmed_is_declined() -> None:
    with pytest.raises(Declined, match=r"^parameter email_status: blank$"):
        condition(CONTACTS["email_status"], [" "])


def test_a_blank_of_a_text_that_is_not_trimmed_is_literal() -> None:
    one = only(condition(OF_COMPANY_COUNT["facebook_url"], [" "]))
    assert kept(one, "facebook_url", ("a b", "ab")) == [True, False]


# -- what is declined -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "departments", "exclude_seniorities"])
@pytest.mark.parametrize("term", ["%", "%%"])
def test_what_matches_the_empty_text_is_declined(name: str, term: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}: matches the empty text$"):
        condition(CONTACTS[name], [f"a,{term}"])


@pytest.mark.parametrize("name", ["email", "departments", "exclude_departments"])
@pytest.mark.parametrize("term", [",".join(map(str, range(MOST_TERMS + 1))), "x" * (LONGEST_TERM + 1)])
def test_more_than_can_be_looked_for_meanwhile_is_declined(name: str, term: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}: over"):
        condition(CONTACTS[name], [term])


def test_a_record_without_the_column_is_not_kept() -> None:
    record: Record = {"uuid": "p"}
    assert not only(condition(CONTACTS["title"], ["a"])).keeps(record)


def test_dates_of_two_forms_are_the_same_moment() -> None:
    one = only(condition(CONTACTS["created_at_after"], ["2024-01-03"]))
    assert one.keeps({"created_at": "2024-01-03T01:00:00.000000000+01:00"})
