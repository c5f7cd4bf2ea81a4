"""Answers and rules as the comparators take them."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import Rules, parse_rules
from comparators.verdict import Change, Verdict

TODAY = date(2026, 3, 1)
JSON = (("Content-Type", "application/json"),)


def answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = JSON) -> Answer:
    """An answer whose body is JSON, or bytes as they are."""
    return Answer(status, headers, value if isinstance(value, bytes) else orjson.dumps(value))


def verdict(legacy: Any, candidate: Any, today: date = TODAY, **rules: Any) -> Verdict:
    """What the comparison of two JSON values says under rules as they stand in the file."""
    return compare(answer(legacy), answer(candidate), parse_rules(rules), endpoint="contact", today=today)


def changes(legacy: Any, candidate: Any, rules: Rules | None = None) -> tuple[Change, ...]:
    """The changes between two JSON values."""
    return compare(answer(legacy), answer(candidate), rules or Rules(), endpoint="contact", today=TODAY).changes
