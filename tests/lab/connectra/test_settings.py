"""Switches from JSON."""

from __future__ import annotations

from typing import Any

import pytest

from lab.connectra import settings
from lab.connectra.settings import BadSwitch
from lab.connectra.switches import Switches


def test_what_the_state_shows_can_be_read_again() -> None:
    switches = Switches(seed=3, lag=1.5)
    settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": 24})
    settings.switch(switches, "faults", {"kind": "drop", "share": 0.5, "path": "/contacts/"})
    settings.switch(switches, "fields", {"field": "city", "action": "missing"})
    assert settings.from_json(switches.shown()).shown() == switches.shown()


def test_a_rule_replaces_the_one_for_the_same_requests_and_zero_removes_it() -> None:
    switches = Switches()
    for median in (10, 20):
        settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": median})
    assert [rule.median_ms for rule in switches.latencies] == [20]
    settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": 0})
    assert switches.latencies == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("faults", {"kind": "explode"}, '"kind" must be one of error'),
        ("faults", {"kind": "error", "share": 2}, '"share" must be a number from 0 to 1'),
        ("faults", {"kind": "error", "shar": 1}, 'has no "shar"'),
        ("latencies", {"match": {"verb": "x"}, "median_ms": 1}, '"match" must be an object'),
        ("latencies", {}, 'needs "median_ms"'),
        ("latencies", {"median_ms": True}, '"median_ms" must be a number'),
        ("fields", {"field": "", "action": "wrong"}, '"field" must be the name'),
        ("fields", "x", "must be a JSON object"),
    ],
)
def test_a_bad_switch_is_named(name: str, value: Any, words: str) -> None:
    with pytest.raises(BadSwitch) as refused:
        settings.switch(Switches(), name, value)
    assert words in str(refused.value)
