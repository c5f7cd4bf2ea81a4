"""The two-phase read: the index decides which records, the table holds what they say."""

from __future__ import annotations

import pytest

from lab.connectra.bodies import read_search
from lab.connectra.engine import Engine
from lab.connectra.errors import Failed
from tests.support.standin import filled, search

FIRM = "53a8d655-c38a-5551-bcb0-a6816ec9b42c"


@pytest.fixture
def engine() -> Engine:
    engine = filled("company", [{"uuid": FIRM, "name": "Works", "country": "Atlantis"}])
    people = [{"uuid": "a", "first_name": "Ana", "company_id": FIRM, "email": ""}, {"uuid": "b", "first_name": "Bo"}]
    return filled("contact", people, engine)


def test_empty_values_are_left_out(engine: Engine) -> None:
    record = search(engine, "contact", where={"keyword_match": {"must": {"uuid": "b"}}})[0]
    assert list(record) == ["id", "uuid", "first_name", "created_at", "updated_at"]


def test_a_hit_without_a_row_is_dropped_but_counted(engine: Engine) -> None:
    engine.contacts.delete("a")
    assert [record["uuid"] for record in search(engine, "contact")] == ["b"]
    assert engine.count("contact", read_search(b"{}")) == 2


def test_the_row_is_shown_even_when_the_index_is_stale(engine: Engine) -> None:
    engine.contacts.patch("a", {"first_name": "Zoe"})
    where = {"text_matches": {"must": [{"filter_key": "first_name", "text_value": "ana", "search_type": "exact"}]}}
    assert search(engine, "contact", where=where)[0]["first_name"] == "Zoe"


def test_a_contact_keeps_the_company_fields_of_when_it_was_written(engine: Engine) -> None:
    filled("company", [{"uuid": FIRM, "name": "Works", "country": "Lemuria"}], engine)
    for country, wanted in (("Atlantis", 1), ("Lemuria", 0)):
        body = b'{"where":{"keyword_match":{"must":{"company_country":"%s"}}}}' % country.encode()
        assert engine.count("contact", read_search(body)) == wanted


def test_select_columns_without_uuid_gives_nothing(engine: Engine) -> None:
    assert search(engine, "contact", select_columns=["email"]) == []
    assert search(engine, "company", select_columns=["name"]) == []


def test_contacts_always_have_their_company_id(engine: Engine) -> None:
    assert search(engine, "contact", select_columns=["uuid"])[0] == {"uuid": "a", "company_id": FIRM}


def test_an_unknown_column_fails_each_route_in_its_way(engine: Engine) -> None:
    with pytest.raises(Failed, match="ERR_DATA_FETCH_FAILED"):
        search(engine, "contact", select_columns=["uuid", "nope"])
    with pytest.raises(Failed, match='column "nope" does not exist'):
        search(engine, "company", select_columns=["uuid", "nope"])


def test_populate_adds_the_company_only_with_its_uuid(engine: Engine) -> None:
    whole = search(engine, "contact", company_config={"populate": True})[0]
    assert whole["company"]["name"] == "Works"
    named = {"populate": True, "select_columns": ["name"]}
    assert "company" not in search(engine, "contact", company_config=named)[0]
    assert "company" not in search(engine, "contact", company_config={"select_columns": ["uuid"]})[0]


def test_no_company_when_index_and_table_disagree(engine: Engine) -> None:
    other = "11111111-1111-5111-8111-111111111111"
    filled("company", [{"uuid": other, "name": "Other"}], engine)
    engine.contacts.patch("a", {"company_id": other})
    assert "company" not in search(engine, "contact", company_config={"populate": True})[0]
