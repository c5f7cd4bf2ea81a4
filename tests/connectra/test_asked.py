"""What was asked for, as legacy reads it: the query, the page, the link to the next (legacy-api.md §2.6, §2.7)."""

from __future__ import annotations

import pytest

from connectra.asked import Asked, Paging, first_page, next_link, read_query
from connectra.errors import Declined

BASE = "http://api.test/api/v1/companies/company/c/contacts/"


def asked(query: str) -> Asked:
    target = f"/api/v1/companies/company/c/contacts/?{query}"
    return Asked({"company_uuid": "c"}, f"http://api.test{target}", query=read_query(target))


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
    ],
)
def test_a_query_is_read_in_its_order_with_blanks(target: str, pairs: list[tuple[str, str]]) -> None:
    assert read_query(target) == pairs


def test_a_query_with_too_many_parameters_is_declined() -> None:
    with pytest.raises(Declined, match="parameters"):
        read_query("/x/?" + "&" * 1001)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", None),
        ("limit=25", 25),
        ("limit=%2025%20", 25),
        ("limit=5000", 5000),
        ("page_size=25", 25),
        ("page_size=5000", 1000),
        ("limit=5&page_size=7", 5),
        ("page=1&page_size=7", 7),
        ("page=3", None),
        ("offset=0&limit=3", 3),
        ("cursor=&limit=3", 3),
        ("other=abc", None),
    ],
)
def test_a_first_page_has_legacys_size(query: str, size: int | None) -> None:
    assert first_page(asked(query)) == Paging(size)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=abc", "limit"),
        ("limit=", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=%00", "limit"),
        ("limit=" + "9" * 19, "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("page=0", "page"),
        ("page=2&limit=5", "page"),
        ("page=2&page_size=5", "page"),
        ("page_size=0", "page_size"),
        ("offset=1", "offset"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("cursor=bz0yNQ%3D%3D", "cursor"),
    ],
)
def test_any_other_page_is_declined_by_the_parameters_name(query: str, name: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}$"):
        first_page(asked(query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=2", "limit=2&offset=2"),
        ("offset=0&limit=2", "offset=2&limit=2"),
        ("page_size=2", "page_size=2&limit=2&offset=2"),
        ("page=1&page_size=2", "page=1&page_size=2&limit=2&offset=2"),
        ("distinct=a+b&limit=2", "distinct=a+b&limit=2&offset=2"),
        ("x=1&x=2&limit=2&y=", "x=2&limit=2&offset=2"),
        ("x=%C3%A9&limit=2", "x=%C3%A9&limit=2&offset=2"),
    ],
)
def test_a_full_page_has_a_next_link_in_legacys_form(query: str, expected: str) -> None:
    request = asked(query)
    assert next_link(request, first_page(request), 2) == f"{BASE}?{expected}"


@pytest.mark.parametrize(("query", "returned"), [("limit=2", 1), ("limit=2", 0), ("", 25)])
def test_a_page_that_is_not_full_has_no_next_link(query: str, returned: int) -> None:
    request = asked(query)
    assert next_link(request, first_page(request), returned) is None
