"""Bytes to and from Connectra: nothing it would misread leaves, nothing unexpected is taken for an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectra.errors import Misread, RefusedByUs
from connectra.vql import KEYWORDS, Keyword, Query, Range, Text
from connectra.wire import check_found, decode, encode, number, records, said

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "recordings"
ONE = Keyword("uuid", ("a",))


def exchanges(path: str, status: int) -> list[dict[str, Any]]:
    """The recorded exchanges of one path and status."""
    files = sorted(RECORDINGS.glob("exchanges-*.jsonl"))
    if not files:
        pytest.skip(f"no recorded exchanges in {RECORDINGS.name}/ beside the repository")
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [one for one in lines if one["request"].get("path") == path and one["response"]["status"] == status]


def body_of(exchange: dict[str, Any]) -> bytes:
    text: str = exchange["response"].get("body", "")
    return text.encode()


@pytest.mark.parametrize(("path", "least"), [("/contacts/", 300), ("/companies/", 100)])
def test_every_recorded_search_is_read(path: str, least: int) -> None:
    found = exchanges(path, 200)
    assert len(found) >= least
    for exchange in found:
        assert records(decode(body_of(exchange))) == json.loads(exchange["response"]["body"])["data"], exchange["name"]


@pytest.mark.parametrize("path", ["/contacts/count", "/companies/count"])
def test_every_recorded_count_is_read(path: str) -> None:
    found = exchanges(path, 200)
    assert found
    for exchange in found:
        assert number(decode(body_of(exchange))) == json.loads(exchange["response"]["body"])["count"], exchange["name"]


@pytest.mark.parametrize("status", [400, 401, 500])
def test_every_recorded_refusal_gives_words(status: int) -> None:
    found = [one for path in ("/contacts/", "/companies/", "/contacts/count") for one in exchanges(path, status)]
    assert found
    for exchange in found:
        text = said(body_of(exchange), status)
        assert len(text) <= 200
        if exchange["response"].get("body"):
            assert text


def expressible(entity: str, body: dict[str, Any]) -> Query | None:
    """A recorded query as ours, if it is one of keywords only."""
    where, columns = body.get("where") or {}, body.get("select_columns") or []
    must = (where.get("keyword_match") or {}).get("must") or {}
    lists = {name: [value] if isinstance(value, str) else value for name, value in must.items()}
    texts = all(isinstance(values, list) and all(isinstance(one, str) for one in values) for values in lists.values())
    if not must or set(must) - KEYWORDS[entity] or not texts or (columns and "uuid" not in columns):
        return None
    conditions = tuple(Keyword(name, tuple(values)) for name, values in lists.items())
    return Query(entity, conditions, limit=body.get("limit") or 25, columns=tuple(columns))


@pytest.mark.parametrize(("entity", "least"), [("contacts", 10), ("companies", 5)])
def test_the_records_of_every_recorded_keyword_search_meet_its_conditions(entity: str, least: int) -> None:
    checked = 0
    for exchange in exchanges(f"/{entity}/", 200):
        if "keyword" not in exchange["kind"]:
            continue
        query = expressible(entity, json.loads(exchange["request"]["body"]))
        if query is not None:
            check_found(query, records(decode(body_of(exchange))))
            checked += 1
    assert checked >= least


def test_a_recorded_count_is_no_search() -> None:
    with pytest.raises(Misread):
        records(decode(body_of(exchanges("/contacts/count", 200)[0])))


def test_a_recorded_search_is_no_count() -> None:
    with pytest.raises(Misread):
        number(decode(body_of(exchanges("/contacts/", 200)[0])))


def test_a_query_becomes_the_dialect_that_connectra_reads() -> None:
    query = Query(
        "contacts",
        (Keyword("company_id", ("c",)),),
        (Keyword("city", ("x",)),),
        order=("uuid",),
        limit=50,
        page=2,
        populate=True,
        columns=("uuid",),
    )
    assert json.loads(encode(query)) == {
        "where": {"keyword_match": {"must": {"company_id": ["c"]}, "must_not": {"city": ["x"]}}},
        "limit": 50,
        "page": 2,
        "order_by": [{"order_by": "uuid", "order_direction": "asc"}],
        "select_columns": ["uuid"],
        "company_config": {"populate": True},
    }


def test_a_plain_query_says_no_more_than_it_must() -> None:
    assert json.loads(encode(Query("companies", (ONE,), limit=1))) == {
        "where": {"keyword_match": {"must": {"uuid": ["a"]}}}, "limit": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (Query("people", (ONE,)), "nothing called people"),
        (Query("contacts"), "finds everything"),
        (Query("contacts", (), (ONE,)), "finds everything"),
        (Query("contacts", (ONE,), everything=True), "everything"),
        (Query("contacts", texts=(Text("title", ("sales", "vp")),)), "word of 5 letters"),
        (Query("contacts", texts=(Text("title", ()),)), "word of 5 letters"),
        (Query("contacts", texts=(Text("email", ("sales",)),)), "email is no text field"),
        (Query("contacts", texts=(Text("title", ("sales",)), Text("title", ("other",)))), "either would do"),
        (Query("contacts", ranges=(Range("company_employees_count", 0),)), "0 for unknown"),
        (Query("contacts", ranges=(Range("employees_count", 1),)), "no number"),
        (Query("contacts", (Keyword("uuid", ("a",) * 65_537),)), "65536 at most"),
        (Query("contacts", (Keyword("uuid", ()),)), "empty list"),
        (Query("contacts", (ONE, Keyword("uuid", ("b",)))), "the last would win"),
        (Query("contacts", (Keyword("title", ("x",)),)), "title is no keyword field"),
        (Query("contacts", (ONE,), (Keyword("title", ("x",)),)), "title is no keyword field"),
        (Query("contacts", (ONE,), order=("created_at",)), "created_at"),
        (Query("contacts", (ONE,), limit=101), "limit 101"),
        (Query("contacts", (ONE,), limit=0), "limit 0"),
        (Query("contacts", (ONE,), page=11), "page 11"),
        (Query("contacts", (ONE,), page=0), "page 0"),
        (Query("contacts", (ONE,), columns=("email",)), "without uuid"),
    ],
)
def test_a_query_that_would_be_misread_never_leaves(query: Query, said: str) -> None:
    with pytest.raises(RefusedByUs, match=said):
        encode(query)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data":[{"uu', b"[]", b"null", b"3", b'{"a":"\xff"}', b"NaN"])
def test_what_is_no_json_object_is_misread(body: bytes) -> None:
    with pytest.raises(Misread):
        decode(body)


def test_only_filters_may_be_null() -> None:
    assert records({"data": None}, nullable=True) == []
    with pytest.raises(Misread):
        records({"data": None})


def test_an_answer_that_says_it_failed_is_misread() -> None:
    with pytest.raises(Misread):
        decode(b'{"data":[],"success":false}')


@pytest.mark.parametrize(
    "value", [{}, {"success": True}, {"status": "ok"}, {"data": {}}, {"data": "x"}, {"data": [1]}, {"data": [None]}]
)
def test_an_answer_without_a_list_of_records_is_misread(value: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        records(value)


def test_a_record_of_other_types_is_no_answer() -> None:
    with pytest.raises(Misread):
        check_found(Query("contacts", everything=True), [{"uuid": "p", "title": 5}])


@pytest.mark.parametrize("value", [{}, {"count": None}, {"count": True}, {"count": "3"}, {"count": 1.0}, {"count": -1}])
def test_a_count_without_a_whole_number_is_misread(value: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        number(value)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error":"E: text","success":false}', "E: text"),
        (b'{"message":"only this"}', "only this"),
        (b"404 page not found", "404 page not found"),
        (b"", ""),
        (b"[1]", "500"),
        (b"{}", "500"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_the_words_of_an_error_come_from_whatever_branch_gave_it(body: bytes, text: str) -> None:
    assert said(body, 500) == text


def test_texts_and_ranges_are_written_as_connectra_reads_them() -> None:
    query = Query(
        "contacts",
        texts=(Text("title", ("vp sales", "engineer")),),
        ranges=(Range("company_employees_count", 10, 20), Range("company_total_funding", 1)),
    )
    assert json.loads(encode(query))["where"] == {
        "text_matches": {
            "must": [
                {"text_value": value, "filter_key": "title", "search_type": "substring", "operator": "and"}
                for value in ("sales", "engineer")
            ]
        },
        "range_query": {
            "must": {"company_employees_count": {"gte": 10, "lte": 20}, "company_total_funding": {"gte": 1}}
        },
    }


def test_a_query_for_everything_has_no_condition() -> None:
    assert json.loads(encode(Query("contacts", everything=True)))["where"] == {}
