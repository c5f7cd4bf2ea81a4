"""Events become log lines: JSON or plain, throttled with counts, in the migration's own words."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from functools import partial

import pytest

from proxy.telemetry import Event, JsonLines, PlainLines, Throttle, configure, emit, fallback


class Lines:
    """A logger of this test's own, with what it wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.logger = logging.getLogger(f"crossfade.test.{id(self)}")
        self.logger.setLevel(logging.INFO)
        self.logger.propagate = False
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(JsonLines("analyst"))
        self.logger.addHandler(handler)

    @property
    def read(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def restored_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_json_object_with_its_fields(lines: Lines) -> None:
    emit(lines.logger, Event("transition", "contact: 5 % to 25 %", fields={"endpoint": "contact", "to": 2500}))
    (line,) = lines.read
    assert line["event"] == "transition"
    assert line["text"] == "contact: 5 % to 25 %"
    assert (line["endpoint"], line["to"], line["process"], line["level"]) == ("contact", 2500, "analyst", "info")


def test_a_field_can_not_displace_the_lines_own_names(lines: Lines) -> None:
    emit(lines.logger, Event("x", "said", fields={"level": "none", "text": "other"}))
    assert (lines.read[0]["level"], lines.read[0]["text"]) == ("info", "said")


def test_an_exception_keeps_its_trace(lines: Lines) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        lines.logger.exception("judging failed")
    assert "ValueError: broken" in str(lines.read[0]["trace"])


def test_a_fallback_is_said_in_the_migrations_own_words(lines: Lines) -> None:
    emit(lines.logger, fallback("contact", "deadline", 1))
    emit(lines.logger, fallback("contact", "deadline", 7))
    assert [line["text"] for line in lines.read] == [
        "VQL query failed, falling back to repository: deadline",
        "VQL query failed, falling back to repository: deadline (7 times)",
    ]
    assert lines.read[0]["level"] == "warning"


def test_a_throttle_says_the_first_at_once_and_counts_the_rest(lines: Lines) -> None:
    clock = [0.0]
    throttle = Throttle(lines.logger, lambda: clock[0])
    for _ in range(5):
        throttle.add("deadline", lambda count: fallback("contact", "deadline", count))
    assert [line["count"] for line in lines.read] == [1]
    clock[0] = 1.0
    throttle.add("deadline", lambda count: fallback("contact", "deadline", count))
    assert [line["count"] for line in lines.read] == [1, 5]


def test_what_was_held_back_is_said_by_the_flush(lines: Lines) -> None:
    clock = [0.0]
    throttle = Throttle(lines.logger, lambda: clock[0])
    for _ in range(3):
        throttle.add("reset", lambda count: fallback("contact", "reset", count))
    throttle.flush()
    assert len(lines.read) == 1
    clock[0] = 2.0
    throttle.flush()
    assert [line["count"] for line in lines.read] == [1, 2]


def test_reasons_do_not_hold_each_other_back(lines: Lines) -> None:
    throttle = Throttle(lines.logger, lambda: 0.0)
    for reason in ("reset", "deadline"):
        throttle.add(reason, partial(fallback, "contact", reason))
    assert [line["reason"] for line in lines.read] == ["reset", "deadline"]


def test_a_flood_of_reasons_is_bounded_and_nothing_counted_is_lost(lines: Lines) -> None:
    throttle = Throttle(lines.logger, lambda: 0.0)
    throttle.add("first", lambda count: fallback("contact", "first", count))
    throttle.add("first", lambda count: fallback("contact", "first", count))
    for number in range(300):
        throttle.add(str(number), partial(fallback, "contact", str(number)))
    assert sum(int(str(line["count"])) for line in lines.read if line["reason"] == "first") == 2
    assert len(throttle._held) <= 256


@pytest.mark.usefixtures("restored_root")
def test_configuring_sends_every_logger_to_the_stream() -> None:
    stream = io.StringIO()
    configure("worker 0", as_json=False, stream=stream)
    logging.getLogger("crossfade.worker").warning("going %s", "down")
    assert stream.getvalue().endswith("warning worker 0: going down\n")


def test_plain_lines_show_the_trace_too() -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "bad", None, None)
    assert PlainLines("analyst").format(record).endswith("error analyst: bad")
