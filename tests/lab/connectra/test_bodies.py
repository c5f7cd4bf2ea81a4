"""Search bodies: types, limits, and what is silently ignored."""

from __future__ import annotations

import pytest

from lab.connectra.bodies import MAX_LIMIT, read_search
from lab.connectra.errors import BadRequest


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"[]", "json: cannot unmarshal array into Go value of type utilities.VQLQuery"),
        (b'{"page":"1"}', "json: cannot unmarshal string into Go struct field VQLQuery.page of type int"),
        (b'{"page":1.5}', "json: cannot unmarshal number 1.5 into Go struct field VQLQuery.page of type int"),
        (b'{"cursor":["x",1]}', "json: cannot unmarshal number into Go struct field VQLQuery.cursor of type string"),
        (
            b'{"where":{"text_matches":{"must":[{"text_value":1}]}}}',
            (
                "json: cannot unmarshal number into Go struct field "
                "TextMatchStruct.where.text_matches.must.text_value of type string"
            ),
        ),
        (
            b'{"where":{"keyword_match":{"must":[]}}}',
            (
                "json: cannot unmarshal array into Go struct field "
                "ElasticQuery.where.keyword_match.must of type map[string]interface {}"
            ),
        ),
        (b'{"page":true,"limit":"x"}', "json: cannot unmarshal bool into Go struct field VQLQuery.page of type int"),
    ],
)
def test_the_first_wrong_type_is_reported_as_go_does(body: bytes, wanted: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_search(body)
    assert refused.value.text == wanted


def test_a_limit_over_100_is_refused_before_a_page_over_10() -> None:
    with pytest.raises(BadRequest, match="ERR_PAGE_SIZE_EXCEEDED"):
        read_search(b'{"limit":101,"page":11}')
    with pytest.raises(BadRequest, match="ERR_PAGE_OUT_OF_RANGE"):
        read_search(b'{"limit":100,"page":11}')
    assert read_search(b'{"limit":100}').size == MAX_LIMIT


def test_another_dialect_is_ignored_and_matches_everything() -> None:
    search = read_search(
        b'{"filters":{"and":[]},"offset":5,"sort_by":"x","search_after":["y"],'
        b'"where":{"range_query":{"must_not":{"a":{}}}}}'
    )
    assert search == read_search(b"{}") == read_search(b"null")


def test_keys_are_found_in_any_case_and_objects_are_merged() -> None:
    search = read_search(
        b'{"LIMIT":2,"limit":null,"where":{"keyword_match":{"must":{"a":1}}},"Where":{"keyword_match":{"must":{"b":2}}}}'
    )
    assert (search.size, search.keyword_must) == (2, {"a": 1, "b": 2})


def test_free_numbers_pass_through_float64() -> None:
    search = read_search(b'{"where":{"keyword_match":{"must":{"a":12345678901234567890,"b":50.0,"c":0.5}}}}')
    assert search.keyword_must == {"a": 12345678901234567000, "b": 50, "c": 0.5}


@pytest.mark.parametrize(
    ("body", "start", "size"),
    [
        (b"{}", None, 25),
        (b'{"limit":-1}', None, 25),
        (b'{"page":3,"limit":20}', 40, 20),
        (b'{"page":3}', 0, 25),
        (b'{"page":3,"limit":-5}', -10, 25),
        (b'{"page":-1,"limit":7}', None, 7),
    ],
)
def test_page_and_limit_become_from_and_size(body: bytes, start: int | None, size: int) -> None:
    search = read_search(body)
    assert (search.start, search.size) == (start, size)
