"""D-12 of legacy-api.md §10: a stale record is a mismatch unless there was a write that the index has yet to see."""

from __future__ import annotations

from datetime import date

import orjson

from comparators.answer import Answer
from proxy.analyst.written import Evidence
from tests.support.replay import shipped_rules

NOON = 1_772_366_400.0  # 2026-03-01T12:00:00Z


def is_lag(written: str) -> bool:
    """Whether a title that differs, of a record that legacy says was written then, may be put down to lag."""
    body = orjson.dumps({"uuid": "p", "title": "CEO", "updated_at": written})
    before = Answer(200, (("content-type", "application/json"),), body)
    rules, day = shipped_rules()["contact"], date(2026, 3, 1)
    return Evidence(before, before, rules, day, ("title",), NOON - 60, NOON + 8).run()


def test_d12_a_record_that_was_just_written_may_lag_and_an_old_one_may_not() -> None:
    assert is_lag("2026-03-01T11:59:30")
    assert not is_lag("2026-03-01T11:58:30")
