"""Pages of legacy's lists: size, offset, cursor, order, links (legacy-api.md §2.7, §2.8)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectra.asked import Asked, read_query
from connectra.errors import Declined
from connectra.paging import Order, Paging, links, meta, order, paging, window
from lab.legacy import paging as legacy
from lab.legacy.http import Failure
from lab.legacy.quirks import DEFAULT

HOST = "http://api.test"
PATH = "/api/v1/companies/company/c/contacts/"
BASE = HOST + PATH
DEFAULT_ORDER = Order("created_at", descending=True, nulls_last=True)


def asked(query: str, path: str = PATH) -> Asked:
    target = f"{path}?{query}"
    return Asked({"company_uuid": "c"}, HOST + target, query=read_query(target))


# -- size and offset --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Paging(None)),
        ("limit=25", Paging(25)),
        ("limit=%2025%20", Paging(25)),
        ("limit=5000", Paging(5000)),
        ("page_size=25", Paging(25)),
        ("page_size=5000", Paging(1000)),
        ("limit=5&page_size=7", Paging(5)),
        ("page=1&page_size=7", Paging(7)),
        ("page=3", Paging(None)),
        ("page=3&page_size=7", Paging(7, 14)),
        ("page=3&limit=5&page_size=7", Paging(5, 10)),
        ("page=3&page_size=7&offset=2", Paging(7, 2)),
        ("offset=2", Paging(None, 2)),
        ("offset=0&limit=3", Paging(3)),
        ("cursor=&limit=3", Paging(3)),
        ("cursor=bz0yNQ%3D%3D", Paging(None, 25, cursor=True)),
        ("cursor=bz0yNQ%3D%3D&limit=3&offset=9&page=4", Paging(3, 25, cursor=True)),
        ("cursor=bz0w", Paging(None, 0, cursor=True)),
        ("other=abc", Paging(None)),
    ],
)
def test_a_page_is_where_legacy_has_it(query: str, page: Paging) -> None:
    assert paging(asked(query)) == page


@pytest.mark.parametrize(("query", "size"), [("limit=5000", 1000), ("limit=999", 999), ("page_size=2000", 1000)])
def test_a_limit_may_be_capped(query: str, size: int) -> None:
    assert paging(asked(query), cap=1000) == Paging(size)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=abc", "limit"),
        ("limit=", "limit"),
        ("limit=" + "9" * 19, "limit"),
        ("page=0", "page"),
        ("page_size=0", "page_size"),
        ("offset=-1", "offset"),
        ("offset=x&cursor=bz0w", "offset"),
        ("cursor=!!", "cursor"),
        ("cursor=25", "cursor"),
        ("cursor=eyJhIjoxfQ%3D%3D", "cursor"),
        ("cursor=bz0tMQ%3D%3D", "cursor"),
        ("cursor=bz0yNQ", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        (f"page={'9' * 18}&limit=1000", "page"),
    ],
)
def test_a_page_that_legacy_refuses_or_fails_at_is_declined_by_name(query: str, name: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}$"):
        paging(asked(query))


TOKENS = st.one_of(
    st.text(st.sampled_from("bz0yNQ=-_+/! 1"), min_size=1, max_size=10),
    st.text(st.sampled_from("o=0123 -+"), max_size=8).map(
        lambda text: base64.urlsafe_b64encode(text.encode()).decode()
    ),
)


@given(TOKENS.filter(bool))
def test_a_cursor_is_legacys_or_declined(token: str) -> None:
    request = Asked({}, HOST, query=[("cursor", token)])
    try:
        page = paging(request)
    except Declined:
        return
    assert page == Paging(None, legacy.decode_cursor(token), cursor=True)


@given(st.integers(0, 10**9))
def test_a_cursor_of_legacys_is_read(offset: int) -> None:
    request = Asked({}, HOST, query=[("cursor", legacy.encode_cursor(offset))])
    assert paging(request).offset == offset


# -- order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", DEFAULT_ORDER),
        ("ordering=", DEFAULT_ORDER),
        ("ordering=created_at", Order("created_at", descending=False, nulls_last=True)),
        ("ordering=-updated_at", Order("updated_at", descending=True, nulls_last=False)),
        ("ordering=title&ordering=created_at", Order("created_at", descending=False, nulls_last=True)),
    ],
)
def test_only_times_order(query: str, found: Order) -> None:
    assert order(asked(query), DEFAULT_ORDER) == found


@pytest.mark.parametrize(
    "text", ["+", ",", "%20,%20", "-", "title", "--created_at", "created_at,title", "created_at,", "Created_at", "%00"]
)
def test_any_other_order_is_declined(text: str) -> None:
    with pytest.raises(Declined, match=r"^parameter ordering$"):
        order(asked(f"ordering={text}"), DEFAULT_ORDER)


# -- the page itself --------------------------------------------------------------------------------------------


def rows(*times: str | None) -> list[dict[str, Any]]:
    return [{"uuid": f"p{number}", "created_at": at} for number, at in enumerate(times)]


def places(found: list[dict[str, Any]]) -> list[str]:
    return [str(one["uuid"]) for one in found]


TIMES = rows("2024-01-02T00:00:00Z", None, "2024-01-02T00:00:00.5Z", "2024-01-01T23:00:00-02:00", "")


@pytest.mark.parametrize(
    ("by", "found"),
    [
        (DEFAULT_ORDER, ["p3", "p2", "p0", "p1", "p4"]),
        (Order("created_at", descending=True, nulls_last=False), ["p1", "p4", "p3", "p2", "p0"]),
        (Order("created_at", descending=False, nulls_last=True), ["p0", "p2", "p3", "p1", "p4"]),
    ],
)
def test_rows_are_in_the_order_of_their_moments(by: Order, found: list[str]) -> None:
    assert places(window(TIMES, Paging(None), by)) == found


@pytest.mark.parametrize(
    ("page", "found"),
    [(Paging(2), ["p3", "p2"]), (Paging(1, 1), ["p2"]), (Paging(9, 2), ["p0", "p1", "p4"]), (Paging(None, 5), [])],
)
def test_a_page_is_cut_where_it_is_known_who_is_on_it(page: Paging, found: list[str]) -> None:
    assert places(window(TIMES, page, DEFAULT_ORDER)) == found


@pytest.mark.parametrize("page", [Paging(4), Paging(1, 3), Paging(None, 4)])
def test_a_cut_between_equal_times_is_declined(page: Paging) -> None:
    with pytest.raises(Declined, match="equal times"):
        window(TIMES, page, DEFAULT_ORDER)


@pytest.mark.parametrize("page", [Paging(4), Paging(5, 1), Paging(None, 1)])
def test_a_cut_of_an_unordered_list_is_declined(page: Paging) -> None:
    with pytest.raises(Declined, match="unordered"):
        window(TIMES, page, None)


@pytest.mark.parametrize("page", [Paging(None), Paging(5), Paging(100)])
def test_an_unordered_list_is_whole(page: Paging) -> None:
    assert window(TIMES, page, None) == TIMES


@pytest.mark.parametrize("page", [Paging(5, 5), Paging(None, 9)])
def test_beyond_the_end_of_an_unordered_list_there_is_nothing(page: Paging) -> None:
    assert window(TIMES, page, None) == []


# -- links and meta ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "returned", "after", "before"),
    [
        ("limit=2", 2, "limit=2&offset=2", None),
        ("offset=0&limit=2", 2, "offset=2&limit=2", None),
        ("page_size=2", 2, "page_size=2&limit=2&offset=2", None),
        ("page=2&page_size=2", 2, "page=2&page_size=2&limit=2&offset=4", "page=2&page_size=2&limit=2&offset=0"),
        ("distinct=a+b&limit=2", 2, "distinct=a+b&limit=2&offset=2", None),
        ("x=1&x=2&limit=2&y=", 2, "x=2&limit=2&offset=2", None),
        ("x=%C3%A9&limit=2", 2, "x=%C3%A9&limit=2&offset=2", None),
        ("limit=2", 1, None, None),
        ("limit=2", 0, None, None),
        ("", 25, None, None),
        ("offset=3", 25, None, "offset=3&limit=None"),
        ("limit=2&offset=1", 0, None, "limit=2&offset=0"),
        ("cursor=bz0yNQ%3D%3D&limit=5", 5, "cursor=bz0zMA%3D%3D", "cursor=bz0yMA%3D%3D"),
        ("cursor=bz0y&page_size=5", 5, "cursor=bz03&page_size=5", "cursor=bz0w&page_size=5"),
        ("cursor=bz0yNQ%3D%3D", 9, None, "cursor=bz0yNQ%3D%3D"),
    ],
)
def test_links_have_legacys_form(query: str, returned: int, after: str | None, before: str | None) -> None:
    request = asked(query)
    found = links(request, paging(request), returned)
    assert found == {"next": after and f"{BASE}?{after}", "previous": before and f"{BASE}?{before}"}


def test_links_show_a_limit_as_it_was_capped() -> None:
    request = asked("limit=5000")
    assert links(request, paging(request, cap=1000), 1000)["next"] == f"{BASE}?limit=1000&offset=1000"


def test_links_go_to_the_decoded_path() -> None:
    request = asked("limit=1", "/api/v1/companies/company/%61%20b/contacts/")
    assert links(request, paging(request), 1)["next"] == (
        f"{HOST}/api/v1/companies/company/a b/contacts/?limit=1&offset=1"
    )


def test_a_host_that_makes_no_url_is_declined() -> None:
    request = Asked({}, "http://[x/api/?limit=1", query=[("limit", "1")])
    with pytest.raises(Declined, match="Host"):
        links(request, paging(request), 1)


PAIRS = st.lists(
    st.tuples(
        st.sampled_from(("limit", "offset", "page", "page_size", "cursor", "title", "é", "")),
        st.sampled_from(("1", "2", "7", "5000", "", "bz0yNQ%3D%3D", "bz0w", "a+b", "%C3%A9", "%2B", "x%26y", "-")),
    ),
    max_size=5,
)


@given(PAIRS, st.integers(0, 7), st.sampled_from((None, 1000)))
def test_pages_and_links_are_those_that_legacy_makes(
    pairs: list[tuple[str, str]], returned: int, cap: int | None
) -> None:
    request = asked("&".join(f"{name.replace('é', '%C3%A9')}={value}" for name, value in pairs))
    try:
        page = paging(request, cap)
    except Declined:
        return
    theirs = legacy_page(request, cap)
    assert (page.size, page.offset, page.cursor) == (theirs.size, theirs.offset, theirs.cursor)
    wanted = legacy.links(request.url, theirs, returned, DEFAULT)
    assert links(request, page, returned) == {"next": wanted.next, "previous": wanted.previous}


def legacy_page(request: Asked, cap: int | None) -> legacy.Paging:
    def number(name: str) -> int | None:
        text = request.last(name)
        return None if text is None else int(text)

    try:
        return legacy.resolve(
            number("limit"), number("offset") or 0, page=number("page"), page_size=number("page_size"),
            cursor=request.last("cursor"), cap=cap, quirks=DEFAULT,
        )  # fmt: skip
    except Failure:
        pytest.fail("legacy refuses a page that is answered")


def test_meta_says_how_the_page_came_about() -> None:
    request = asked("limit=5")
    assert meta(request, paging(request), 3) == {
        "strategy": "limit-offset",
        "count_mode": "actual",
        "filters_applied": True,
        "ordering": "-created_at",
        "returned_records": 3,
        "page_size": 5,
        "page_size_cap": 1000,
        "using_replica": False,
    }


def test_meta_names_the_cursor_and_the_order() -> None:
    request = asked("cursor=bz0w&ordering=updated_at")
    found = meta(request, paging(request), 0)
    assert (found["strategy"], found["ordering"], found["page_size"]) == ("cursor", "updated_at", None)
