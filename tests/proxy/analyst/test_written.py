"""What counts as evidence of a write, and what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
import pytest

from comparators.answer import Answer
from comparators.rules import parse_rules
from proxy.analyst.written import Evidence, Writes, along
from proxy.exchange import Write
from tests.support.exchanges import AT, exchange

OLD, FRESH = "2020-01-01T00:00:00", "2026-03-01T11:59:50Z"
NOON = 1_772_366_400.0
JSON = (("content-type", "application/json"),)


def answer(value: Any) -> Answer:
    return Answer(200, JSON, orjson.dumps(value))


def evidence(before: Any, after: Any | None, *paths: str, **rules: Any) -> bool:
    again = None if after is None else answer(after)
    day = date(2026, 3, 1)
    return Evidence(answer(before), again, parse_rules(rules), day, paths, NOON - 60, NOON + 8).run()


def page(*records: dict[str, Any]) -> dict[str, Any]:
    return {"results": list(records)}


def test_a_differing_record_that_was_just_written_is_evidence() -> None:
    value = page({"uuid": "a", "updated_at": FRESH}, {"uuid": "b", "updated_at": OLD})
    assert evidence(value, value, "results[uuid=a].email")


def test_another_record_that_was_just_written_is_none() -> None:
    value = page({"uuid": "a", "updated_at": FRESH}, {"uuid": "b", "updated_at": OLD})
    assert not evidence(value, value, "results[uuid=b].email", "results[1].email", "count")


@pytest.mark.parametrize("stamp", [OLD, "2026-03-01T12:30:00Z", "soon", None, 5], ids=str)
def test_a_time_outside_the_window_or_no_time_is_none(stamp: Any) -> None:
    assert not evidence({"updated_at": stamp, "a": 1}, {"updated_at": stamp, "a": 1}, "a")


def test_legacy_that_says_something_else_now_is_evidence() -> None:
    assert evidence({"count": 1}, {"count": 2}, "count")


def test_what_the_rules_ignore_does_not_make_legacys_answer_another_one() -> None:
    assert not evidence({"count": 1, "asked_at": 1}, {"count": 1, "asked_at": 2}, "count", ignore=["asked_at"])


def test_legacy_that_is_not_asked_again_is_believed_by_its_kept_answer() -> None:
    assert evidence({"contacts": [{"contact": {"uuid": "a", "updated_at": FRESH}}]}, None,
                    "contacts[contact.uuid=a].contact.email")  # fmt: skip


def test_a_body_that_can_not_be_read_is_none() -> None:
    torn = Answer(200, JSON, b'{"updated_at":')
    assert not Evidence(torn, torn, parse_rules({}), date(2026, 3, 1), ("a",), 0.0, NOON).run()


def test_the_way_to_a_path_ends_where_it_can_not_be_followed() -> None:
    assert list(along({"a": [{"b": 1}]}, "a[0].c.d")) == [{"a": [{"b": 1}]}, {"b": 1}]
    assert list(along({"a": [1]}, "a[7].c")) == [{"a": [1]}]


CSV = (("content-type", "text/csv; charset=utf-8"),)
COLUMNS = "contact_uuid,contact_title,contact_updated_at,company_uuid,company_name,company_updated_at\n"


def csv(*rows: str) -> Answer:
    return Answer(200, CSV, (COLUMNS + "".join(f"{row}\n" for row in rows)).encode())


def told(answer: Answer, *paths: str) -> bool:
    rules = parse_rules({"csv": ["contact_uuid", "company_uuid"]})
    return Evidence(answer, answer, rules, date(2026, 3, 1), paths, NOON - 60, NOON + 8).run()


def test_a_differing_row_of_a_csv_that_was_just_written_is_evidence() -> None:
    table = csv(f"b,VP,{OLD},f,Works,{OLD}", f"a,VP,{FRESH},f,Works,{OLD}")
    assert told(table, "[contact_uuid=a].contact_title")
    assert told(table, "[contact_uuid=a].company_name")
    assert told(table, "[contact_uuid=a]")
    assert not told(table, "[contact_uuid=b].contact_title")
    assert not told(table, "[contact_uuid=none].contact_title", "[].contact_text_search")


def test_a_company_that_was_just_written_explains_its_own_columns_alone() -> None:
    table = csv(f"a,VP,{OLD},f,Works,{FRESH}")
    assert told(table, "[contact_uuid=a].company_name")
    assert not told(table, "[contact_uuid=a].contact_title")


def test_a_row_of_a_csv_may_be_named_by_its_place() -> None:
    assert told(csv(f"a,VP,{OLD},f,W,{OLD}", f"b,VP,{FRESH},f,W,{OLD}"), "[1].contact_title")
    assert not told(csv(f"a,VP,{OLD},f,W,{OLD}", f"b,VP,{FRESH},f,W,{OLD}"), "[0].contact_title")


def test_a_csv_of_any_size_is_read_for_evidence_row_by_row() -> None:
    rows = [f"{at},VP,{OLD},f,Works,{OLD}" for at in range(20_000)]
    assert told(csv(*rows, f"a,VP,{FRESH},f,Works,{OLD}"), "[contact_uuid=a].contact_title")


def test_a_csv_that_breaks_off_is_no_evidence() -> None:
    assert not told(csv("b,VP", f"a,VP,{FRESH},f,Works,{OLD}"), "[contact_uuid=a].contact_title")


def write(at: float, **params: str) -> Write:
    return Write(AT + at, "contact", params, 200)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (write(-5, contact_uuid="c1"), True),
        (write(+2, contact_uuid="c1"), True),
        (write(-5), True),
        (write(-5, contact_uuid="c2"), False),
        (write(-61, contact_uuid="c1"), False),
        (Write(AT, "company", {}, 200), False),
    ],
    ids=["before", "since", "no shared parameter", "another record", "too long ago", "another endpoint"],
)
def test_a_write_seen_through_the_proxy_counts_if_it_may_have_touched_the_record(seen: Write, told: bool) -> None:
    writes = Writes()
    writes.add([write(-300, contact_uuid="c1"), seen])
    assert writes.before(exchange(params={"contact_uuid": "c1"}), 60.0) is told
