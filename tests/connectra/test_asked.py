"""What was asked for, as legacy reads it: the query and its numbers (legacy-api.md §2.6)."""

from __future__ import annotations

import pytest

from connectra.asked import MOST_PARAMETERS, Asked, check_pages, number, read_query
from connectra.errors import Declined


def asked(query: str) -> Asked:
    return Asked({}, "http://api.test/x/", query=read_query(f"/x/?{query}"))


def test_the_last_of_a_repeated_parameter_counts() -> None:
    assert asked("limit=1&limit=2").last("limit") == "2"


def test_a_parameter_that_is_not_there_is_none() -> None:
    assert asked("limit=1").last("page") is None


@pytest.mark.parametrize(
    ("target", "pairs"),
    [
        ("/x/", []),
        ("/x/?", []),
        ("/x/?a=&b", [("a", ""), ("b", "")]),
        ("/x/?a=1+2&a=%C3%A9", [("a", "1 2"), ("a", "é")]),
        ("/x/?a=b=c", [("a", "b=c")]),
        ("/x/?a=1;b=2", [("a", "1;b=2")]),
        ("/x/?a=1?b=2", [("a", "1?b=2")]),
        ("/x/?a=%FF", [("a", "\ufffd")]),
    ],
)
def test_a_query_is_read_in_its_order_with_blanks(target: str, pairs: list[tuple[str, str]]) -> None:
    assert read_query(target) == pairs


def test_a_query_with_too_many_parameters_is_declined() -> None:
    assert len(read_query("/x/?" + "&".join(["a=1"] * MOST_PARAMETERS))) == MOST_PARAMETERS
    with pytest.raises(Declined, match="parameters"):
        read_query("/x/?" + "&" * MOST_PARAMETERS)


@pytest.mark.parametrize("target", ["/x/?a=é", "/x/?a=\udcff", "/é/", "/x/?a=b#c", "/x/?a=b#"])
def test_a_target_that_is_not_encoded_is_declined(target: str) -> None:
    with pytest.raises(Declined, match="percent-encoded"):
        read_query(target)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("%2025%20", 25), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_number_may_have_spaces_around_it(text: str, value: int) -> None:
    assert number(asked(f"limit={text}"), "limit", least=0) == value


def test_a_number_that_is_not_there_is_none() -> None:
    assert number(asked(""), "limit", least=1) is None


@pytest.mark.parametrize(
    "text",
    ["", "+", "abc", "-1", "%2B1", "1.0", "1e3", "NaN", "%C2%B2", "%D9%A3", "%00", "1%00", "%1C5", "%C2%A05", "1_0",
     "9" * 19, "9" * 5000],
)  # fmt: skip
def test_any_other_number_is_declined_by_the_parameters_name(text: str) -> None:
    with pytest.raises(Declined, match=r"^parameter limit$"):
        number(asked(f"limit={text}"), "limit", least=0)


def test_a_number_below_the_least_is_declined() -> None:
    with pytest.raises(Declined, match=r"^parameter offset$"):
        number(asked("offset=0"), "offset", least=1)


@pytest.mark.parametrize("query", ["page=0", "page=x", "page_size=0", "page=1&page_size="])
def test_a_page_that_legacy_refuses_is_declined_where_it_is_not_used(query: str) -> None:
    with pytest.raises(Declined, match=r"^parameter page"):
        check_pages(asked(query))


@pytest.mark.parametrize("query", ["", "page=3", "page_size=7", "limit=abc", "offset=-1", "cursor=x"])
def test_nothing_else_of_a_page_is_looked_at_where_it_is_not_used(query: str) -> None:
    check_pages(asked(query))
