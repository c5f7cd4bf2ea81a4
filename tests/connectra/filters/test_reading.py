"""Values of parameters: read as legacy's own models read them (legacy-api.md §2.6), or declined."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from connectra.errors import Declined
from connectra.filters.reading import elements, flag, listed, moment, number, tokens
from lab.legacy import parameters, sql


class Model(BaseModel):
    """One field of each type of legacy's."""

    count: parameters.Count = None
    moment: parameters.Moment = None
    flag: parameters.Flag = False
    listed: parameters.Listed = None
    exact: parameters.ListedExactly = None


def legacy(field: str, value: Any) -> Any:
    """What legacy makes of a value; None where it refuses it."""
    try:
        return getattr(Model.model_validate({field: value}), field)
    except ValidationError:
        return None


def ours(read: Callable[[], Any]) -> Any:
    """What we make of it; None where it is declined."""
    try:
        return read()
    except Declined:
        return None


ODD = st.text(st.sampled_from("0123456789 -+_.eE٣²\x1c\x85\u00a0\t\nabc"), max_size=8)
DIGITS = st.integers(-5, 10**20).map(str)


@given(st.one_of(ODD, DIGITS, DIGITS.map(lambda text: f" {text} "), DIGITS.map(lambda text: "00" + text)))
@example("\x1c5")
@example("1_000")
@example("NaN")
@example("5.0")
@example("٣")
def test_a_number_is_legacys_or_declined(raw: str) -> None:
    found = ours(lambda: number("employees_min", raw))
    assert found is None or found == legacy("count", raw)


@pytest.mark.parametrize(("raw", "value"), [("0", 0), ("7", 7), (" 12 ", 12), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_whole_numbers_are_read(raw: str, value: int) -> None:
    assert number("employees_min", raw) == value


@pytest.mark.parametrize("raw", ["", " ", "-1", "+5", "1.0", "1e3", "NaN", "inf", "٣", "²", "\x1c5", "9" * 19, "0x10"])
def test_any_other_number_is_declined_by_the_parameters_name(raw: str) -> None:
    with pytest.raises(Declined, match=r"^parameter employees_min$"):
        number("employees_min", raw)


PARTS = st.tuples(
    st.sampled_from(("2024", "0001", "9999", "1970", "24")),
    st.sampled_from(("-01-31", "-02-29", "-02-30", "-13-01", "-6-1", "0101")),
    st.sampled_from(("", "T", " ", "t", "_")),
    st.sampled_from(("", "10", "10:20", "10:20:30", "23:59:60", "24:00", "24:00:00", "10:20:30,5")),
    st.sampled_from(("", ".5", ".123456", ".1234567")),
    st.sampled_from(("", "Z", "z", "+02:00", " 02:00", "-23:59", "+24:00", "+0200", "+02", "-00:00")),
)


@given(st.one_of(PARTS.map("".join), ODD))
@example("2024-02-30")
@example("2024-01-01T00:00:00 02:00")
@example("1704844800")
@example("0001-01-01T00:00:00+23:00")
def test_a_time_is_legacys_or_declined(raw: str) -> None:
    found = ours(lambda: moment("created_at_after", raw))
    assert found is None or found == legacy("moment", raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2024-01-03", "2024-01-03T00:00:00"),
        ("2024-01-03T04:05", "2024-01-03T04:05:00"),
        ("2024-01-03 04:05:06", "2024-01-03T04:05:06"),
        ("2024-01-03T04:05:06.5", "2024-01-03T04:05:06.500000"),
        ("2024-01-03T04:05:06Z", "2024-01-03T04:05:06"),
        ("2024-01-03T04:05:06+02:00", "2024-01-03T02:05:06"),
        ("2024-02-29", "2024-02-29T00:00:00"),
    ],
)
def test_dates_and_times_are_read_in_utc_without_a_zone(raw: str, value: str) -> None:
    assert moment("created_at_after", raw).isoformat() == value


@pytest.mark.parametrize(
    "raw",
    ["", " ", "yesterday", "2024-02-30", "2023-02-29", "2024-13-01", "1704844800", "2024-01-03T04:05:06 02:00",
     "2024-01-03T24:00:00", "٢٠٢٤-01-03", "NaN", " 2024-01-03", "0000-01-01", "0001-01-01T00:00:00+23:00"],
)  # fmt: skip
def test_any_other_time_is_declined_by_the_parameters_name(raw: str) -> None:
    with pytest.raises(Declined, match=r"^parameter created_at_after$"):
        moment("created_at_after", raw)


LISTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.sampled_from("aA, [é\t]"), max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=2)),
    max_leaves=6,
)
VALUES = st.one_of(st.text(st.sampled_from('aA, "[]{}é\t0n\\'), max_size=12), LISTS.map(json.dumps))


@given(st.lists(VALUES, min_size=1, max_size=3), st.booleans())
@example(["[1, [2, null, [\"a, B\"]], true]", "b"], True)
@example(["[NaN, Infinity]"], True)
@example(["[a,b]"], False)
@example(["[" + "9" * 5000 + "]"], True)
def test_a_list_is_legacys_or_declined(values: list[str], caseless: bool) -> None:
    found = ours(lambda: listed("exclude_titles", values, caseless=caseless))
    assert found is None or found == (legacy("listed" if caseless else "exact", values) or [])


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["a, b ,,a"], ["a", "b"]),
        (["CEO,ceo", "Ceo"], ["CEO"]),
        (["a", "[\"b\", \"c,d\"]"], ["a", "b", "c", "d"]),
        ([" ", ",,"], []),
        (["[]"], []),
        (["[a, b]"], ["[a", "b]"]),
    ],
)
def test_lists_are_read_from_repetitions_commas_and_json(values: list[str], found: list[str]) -> None:
    assert listed("exclude_titles", values) == found


@pytest.mark.parametrize(
    "value",
    ['["a\\u0000b"]', '["\\ud800"]', "[" + "9" * 5000 + "]", "[" * 3000 + "]" * 3000],
    ids=["NUL", "half a letter", "a number without end", "too deep"],
)
def test_json_that_legacy_fails_at_is_declined(value: str) -> None:
    with pytest.raises(Declined, match=r"^parameter exclude_titles"):
        listed("exclude_titles", [value])


def test_uuids_differ_by_their_case() -> None:
    assert listed("exclude_company_ids", ["A,a,A"], caseless=False) == ["A", "a"]


@given(st.text(st.sampled_from("aB, \t%é"), max_size=12))
def test_tokens_are_what_legacy_looks_for(raw: str) -> None:
    assert tokens(raw) == (sql.split(raw) or [one for one in (raw.strip(),) if one])


@given(st.text(st.sampled_from("aB, \t%é"), max_size=12))
def test_elements_are_what_legacy_looks_for(raw: str) -> None:
    assert elements(raw) == ((sql.split(raw) or [raw]) if raw else [])


@pytest.mark.parametrize("raw", [",", ",,", " , "])
def test_commas_alone_are_literal(raw: str) -> None:
    assert tokens(raw) == [raw.strip()]


@given(st.one_of(st.sampled_from(("true", " TRUE ", "1", "yes", "Y", "on", "false", "0", "", "maybe")), st.text()))
def test_a_flag_is_legacys(raw: str) -> None:
    assert flag(raw) is legacy("flag", raw)


def test_no_flag_is_false() -> None:
    assert flag(None) is False
