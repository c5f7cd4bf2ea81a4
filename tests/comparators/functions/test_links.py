"""Links of a page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.functions.links import same_page_link

LEGACY = "http://legacy.test:8000/api/v1/contacts/"


@pytest.mark.parametrize(
    ("legacy", "candidate", "same"),
    [
        ("?limit=25&offset=25", "?offset=25&limit=25", True),
        ("?title=VP+Sales&limit=25&offset=25", "?limit=25&offset=25&title=VP%20Sales", True),
        ("?limit=None&offset=0", "?offset=0", True),
        ("?limit=None", "", True),
        ("?page_size=25&cursor=bz0yNQ%3D%3D", "?cursor=bz0yNQ%3D%3D&page_size=25", True),
        ("?cursor=bz0yNQ%3D%3D", "?cursor=25", True),
        ("?limit=25&offset=25", "?limit=25&offset=50", False),
        ("?limit=25&offset=25", "?limit=50&offset=25", False),
        ("?limit=25&offset=25", "?limit=25&cursor=bz0yNQ%3D%3D", False),
        ("?title=VP&limit=25&offset=25", "?limit=25&offset=25", False),
        ("?cursor=bz0yNQ%3D%3D", "?cursor=bz01MA%3D%3D", False),
        ("?cursor=search-after-1", "?cursor=search-after-1", False),
        ("?limit=many", "?limit=many", False),
        ("?offset=-1", "?offset=-1", False),
    ],
)
def test_links_are_the_same_by_mode_offset_and_limit(legacy: str, candidate: str, same: bool) -> None:
    assert same_page_link(LEGACY + legacy, f"https://gateway.test/api/v1/contacts/{candidate}") is same


def test_another_path_is_another_page() -> None:
    assert not same_page_link(LEGACY + "?offset=25", "http://legacy.test:8000/api/v1/companies/?offset=25")


@pytest.mark.parametrize("other", [None, 3, ["?offset=25"], "http://["])
def test_what_is_no_link_is_not_the_same(other: Any) -> None:
    assert not same_page_link(LEGACY, other)
    assert not same_page_link(other, LEGACY)


PIECES = st.lists(
    st.sampled_from(["http://", "[", "?", "&", "=", "limit", "offset", "cursor", "é", "²", "9" * 30, "%ff"])
)


@given(PIECES.map("".join), PIECES.map("".join))
def test_no_text_makes_it_raise(legacy: str, candidate: str) -> None:
    assert same_page_link(legacy, candidate) in (True, False)
