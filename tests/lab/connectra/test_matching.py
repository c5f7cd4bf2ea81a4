"""What queries match, in which order, and how cursors go on."""

from __future__ import annotations

from typing import Any

import pytest

from lab.connectra.engine import Engine
from lab.connectra.errors import EngineRefused, Failed
from tests.support.standin import filled, search, uuids

BY_UUID = [{"order_by": "uuid"}]
NAMES = [
    {"uuid": "a", "name": "Acme Sales Engineering", "country": "india", "employees_count": 50,
      "industries": ["x", "y"]},
    {"uuid": "b", "name": "Imagineer Sales", "country": "India", "employees_count": 0, "industries": []},
    {"uuid": "c", "name": "Sales of Acme", "country": "", "employees_count": 200, "industries": ["y"]},
]


@pytest.fixture
def engine() -> Engine:
    return filled("company", NAMES)


def found(engine: Engine, **where: Any) -> str:
    return "".join(uuids(engine, "company", where=where, order_by=BY_UUID))


def text(value: str, search_type: str, **more: Any) -> dict[str, Any]:
    return {"must": [{"filter_key": "name", "text_value": value, "search_type": search_type, **more}]}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"country": "india"}, "a"),
        ({"country": {"value": "INDIA", "case_insensitive": True}}, "ab"),
        ({"country": ["india", ""]}, "ac"),
        ({"country": ""}, "c"),
        ({"industries": "y"}, "ac"),
        ({"employees_count": "50"}, "a"),
        ({"employees_count": 50.5}, ""),
        ({"employees_count": 0}, "b"),
        ({"name": "Acme"}, ""),
        ({"name": "acme"}, "ac"),
        ({"_id": ["a", "b"]}, "ab"),
        ({"nope": "x"}, ""),
        ({"industries": [{"a": 1}]}, ""),
        ({"country": "india", "industries": "y"}, "a"),
    ],
)
def test_keyword_values_are_compared_by_the_kind_of_the_field(
    engine: Engine, value: dict[str, Any], wanted: str
) -> None:
    assert found(engine, keyword_match={"must": value}) == wanted


@pytest.mark.parametrize(
    "value",
    [
        {"country": []}, {"country": None}, {"country": ["x", None]}, {"country": [["x"]]}, {"country": {}},
        {"country": {"wrong": 1}}, {"": "x"}, {"employees_count": "x"}, {"created_at": "not a date"},
        {"country": ["x"] * 65_537},
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_engine_can_not_parse_is_an_error_under_must_and_must_not(
    engine: Engine, value: dict[str, Any]
) -> None:
    for part in ("must", "must_not"):
        with pytest.raises(EngineRefused):
            found(engine, keyword_match={part: value})


@pytest.mark.parametrize(
    ("bounds", "wanted"),
    [
        ({"gte": 50}, "ac"), ({"gt": 50}, "c"), ({"lte": 50}, "ab"), ({"gt": 49.5, "lt": 50.5}, "a"),
        ({"gte": "50"}, "ac"), ({}, "abc"), ({"gte": None}, "abc"), ({"from": 50, "to": 100}, "a"),
        ({"gte": 1, "boost": 2}, "ac"), ({"gte": 100, "lte": 10}, ""),
    ],
)
def test_ranges_of_numbers(engine: Engine, bounds: dict[str, Any], wanted: str) -> None:
    assert found(engine, range_query={"must": {"employees_count": bounds}}) == wanted


@pytest.mark.parametrize("bounds", [5, [], {"min": 1}, {"gte": "x"}, {"gte": True}, {"gte": 1e30}, {"gte": [1]}])
def test_odd_ranges_are_refused(engine: Engine, bounds: Any) -> None:
    with pytest.raises(EngineRefused):
        found(engine, range_query={"must": {"employees_count": bounds}})


def test_a_range_on_a_list_finds_what_has_a_value(engine: Engine) -> None:
    assert found(engine, range_query={"must": {"industries": {"gte": ""}}}) == "ac"


def test_the_date_in_the_index_is_that_of_the_write(engine: Engine) -> None:
    assert found(engine, range_query={"must": {"created_at": {"gte": "now-1d/d", "lte": "now"}}}) == "abc"


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (text("acme sales", "exact"), "a"),
        (text("sales acme", "exact"), ""),
        (text("sales acme", "exact", slop=1), "c"),
        (text("acme engineering", "exact", slop=1), "a"),
        (text("engineering acme", "exact", slop=2), ""),
        (text("sales acme", "shuffle"), "ac"),
        (text("of engineering", "shuffle", operator="OR"), "ac"),
        (text("acne", "shuffle"), ""),
        (text("acne", "shuffle", fuzzy=True), "ac"),
        (text("engineering", "substring"), "ab"),
        (text("sale", "substring"), ""),
        (text("", "exact"), ""),
        (text("acme", "EXACT"), "abc"),
    ],
)
def test_texts_match_by_search_type(engine: Engine, condition: dict[str, Any], wanted: str) -> None:
    assert found(engine, text_matches=condition) == wanted


@pytest.mark.parametrize("more", [{"slop": -1, "search_type": "exact"}, {"operator": "xor"}, {"filter_key": ""}])
def test_a_bad_slop_operator_or_field_is_refused(engine: Engine, more: dict[str, Any]) -> None:
    with pytest.raises(EngineRefused):
        found(engine, text_matches={"must": [text("x", "shuffle")["must"][0] | more]})


def test_conditions_on_one_field_are_alternatives_and_fields_are_joined(engine: Engine) -> None:
    either = [{"filter_key": "name", "text_value": word, "search_type": "exact"} for word in ("of", "imagineer")]
    assert found(engine, text_matches={"must": either}) == "bc"
    assert found(engine, text_matches={"must": either}, keyword_match={"must": {"industries": "y"}}) == "c"


def test_must_not_drops_whatever_matches_and_keeps_the_missing(engine: Engine) -> None:
    assert found(engine, keyword_match={"must_not": {"country": ["india", "India"]}}) == "c"
    assert found(engine, text_matches={"must_not": text("imagineer", "exact")["must"]}) == "ac"
    assert found(engine, range_query={"must_not": {"employees_count": {"gte": 1}}}) == "abc"


@pytest.mark.parametrize(
    "query",
    [
        {"order_by": [{"order_by": "name"}]}, {"order_by": [{"order_by": "updated_at"}]},
        {"order_by": [{"order_by": "_id"}]}, {"cursor": ["x"]}, {"cursor": ["x", "y"], "order_by": BY_UUID},
        {"cursor": ["x"], "order_by": BY_UUID, "page": 2, "limit": 1}, {"page": 3, "limit": -5},
    ],
)
def test_illegal_sorts_cursors_and_pages_are_refused(engine: Engine, query: dict[str, Any]) -> None:
    with pytest.raises(EngineRefused):
        search(engine, "company", **query)


def test_a_numeric_sort_fails_as_soon_as_there_is_a_hit(engine: Engine) -> None:
    order = [{"order_by": "employees_count"}]
    with pytest.raises(Failed, match="cannot unmarshal number"):
        search(engine, "company", order_by=order)
    assert search(engine, "company", order_by=order, where={"keyword_match": {"must": {"uuid": "z"}}}) == []


def test_missing_values_come_last_in_both_directions() -> None:
    first: dict[str, Any] = {"uuid": "a", "industries": ["m", "b"]}
    engine = filled("company", [first, {"uuid": "b"}, {"uuid": "c", "industries": ["a", "k"]}])
    for direction, wanted in (("asc", "cab"), ("desc", "acb")):
        order = [{"order_by": "industries", "order_direction": direction}]
        assert "".join(uuids(engine, "company", order_by=order)) == wanted


def test_a_cursor_walk_by_uuid_sees_every_record_once() -> None:
    engine = filled("company", [{"uuid": f"{number:03}"} for number in range(57)])
    seen: list[str] = []
    query: dict[str, Any] = {"order_by": BY_UUID, "limit": 10}
    while page := search(engine, "company", **query):
        seen += [record["uuid"] for record in page]
        query["cursor"] = page[-1]["cursor"]
    assert seen == [f"{number:03}" for number in range(57)]


def test_the_kept_order_follows_a_write() -> None:
    engine = filled("company", [{"uuid": "b"}, {"uuid": "c"}])
    assert uuids(engine, "company", order_by=BY_UUID) == ["b", "c"]
    filled("company", [{"uuid": "a"}], engine)
    assert uuids(engine, "company", order_by=BY_UUID) == ["a", "b", "c"]


def test_a_missing_value_makes_an_ascending_walk_start_over() -> None:
    engine = filled("company", [{"uuid": "a", "industries": ["x"]}, {"uuid": "b"}])
    order = [{"order_by": "industries"}]
    last = search(engine, "company", order_by=order)[-1]
    assert last["cursor"] == [""]
    assert uuids(engine, "company", order_by=order, cursor=[""]) == ["a", "b"]
