"""Switches from JSON."""

from __future__ import annotations

from typing import Any

import pytest

from lab.connectra import settings
from lab.connectra.outages import Outages
from lab.connectra.settings import BadSwitch
from lab.connectra.switches import Switches


def test_what_the_state_shows_can_be_read_again() -> None:
    switches = Switches(seed=3, lag=1.5)
    settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": 24})
    settings.switch(switches, "faults", {"kind": "drop", "share": 0.5, "path": "/contacts/"})
    settings.switch(switches, "fields", {"field": "city", "action": "missing"})
    settings.outages(switches.outages, {"database": "down", "engine": "down_at_start", "pooled": 7})
    switches.tokens = 3
    assert settings.from_json(switches.shown()).shown() == switches.shown()


def test_a_rule_replaces_the_one_for_the_same_requests_and_zero_removes_it() -> None:
    switches = Switches()
    for median in (10, 20):
        settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": median})
    assert [rule.median_ms for rule in switches.latencies] == [20]
    settings.switch(switches, "latencies", {"match": {"endpoint": "company"}, "median_ms": 0})
    assert switches.latencies == []


def test_an_outage_changes_only_what_it_names() -> None:
    there = Outages(engine="down")
    settings.outages(there, {"database": "down"})
    assert there.shown() == {"database": "down", "engine": "down", "pooled": 10}
    settings.outages(there, {"pooled": 0})
    assert there.shown() == {"database": "down", "engine": "down", "pooled": 0}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"outages": {"database": "gone"}}, '"database" must be one of up, down, down_at_start'),
        ({"outages": {"engine": None}}, '"engine" must be one of'),
        ({"outages": {"pooled": 21}}, '"pooled" must be a whole number from 0 to 20'),
        ({"outages": {"database": "down_at_start", "pooled": 1}}, '"pooled" must be 0'),
        ({"outages": {"path": "/contacts/"}}, 'has no "path"'),
        ({"outages": "down"}, "must be a JSON object"),
        ({"rate": {"tokens": -1}}, '"tokens" must be a whole number'),
        ({"rate": {"tokens": True}}, '"tokens" must be a whole number'),
        ({"rate": {}}, 'needs "tokens"'),
    ],
)
def test_a_bad_outage_or_rate_is_named(value: Any, words: str) -> None:
    with pytest.raises(BadSwitch) as refused:
        settings.from_json(value)
    assert words in str(refused.value)


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
