"""What the API says of an endpoint, a transition, a kind of mismatch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf

from comparators.verdict import Outcome
from proxy.console import views
from proxy.store import AuditRow, Kind, Known, Sample
from rollout.evidence import Window, open_window
from rollout.machine import EndpointState, EventKind
from rollout.model import Endpoint
from rollout.observations import Compared, Sides
from rollout.sides import Side
from rollout.thresholds import Thresholds
from tests.support.changes import NOW, changed
from tests.support.endpoints import endpoint


@dataclass
class Gate:
    name: str = "mismatch_rate"
    standing: str = "open"
    text: str = "needs 212 more"
    figures: object = None


@dataclass
class Ruling:
    kind: EventKind = EventKind.HOLD
    reason: str = "needs 212 more distinct contacts"
    judge: str = "test-1"
    gates: tuple[Gate, ...] = (Gate(figures={"bound": inf, "n": 3}),)


@dataclass
class Shown:
    config: Endpoint
    state: EndpointState
    window: Window
    ruling: Ruling | None = None
    refused: str | None = None


def shown() -> Shown:
    return Shown(endpoint(), EndpointState.initial(100, NOW), open_window("contact", 1, 100, NOW, Thresholds()))


def test_an_endpoint_without_a_ruling_is_shown_with_its_own_reason() -> None:
    line = views.endpoint_line(shown(), NOW + 5)
    assert (line["percent"], line["rung"], line["ladder"], line["age"]) == (1.0, 5.0, [1.0, 5.0, 100.0], 5.0)
    assert (line["verdict"], line["missing"], line["gates"]) == (None, "new, at 1 % by the file", [])


def test_the_judges_word_is_what_is_missing_and_infinities_are_no_json() -> None:
    one = shown()
    one.ruling = Ruling()
    line = json.loads(json.dumps(views.endpoint_line(one, NOW), allow_nan=False))
    assert (line["verdict"], line["missing"]) == ("hold", "needs 212 more distinct contacts")
    assert line["gates"] == [
        {"name": "mismatch_rate", "standing": "open", "text": "needs 212 more", "figures": {"bound": None, "n": 3}}
    ]


def test_a_file_that_orders_in_vain_is_said_first() -> None:
    one = shown()
    one.ruling, one.refused = Ruling(), "latched by contact-1"
    assert views.missing(one) == "the file's percent is not in force: latched by contact-1"


def test_figures_count_what_the_window_saw() -> None:
    one = shown()
    one.window.observe(Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.2))
    one.window.observe(Sides(NOW, Side.CANDIDATE, Side.LEGACY, 0.1, candidate_failed="connect", fallback="connect"))
    for key, outcome in enumerate((Outcome.MATCH, Outcome.MISMATCH, Outcome.UNSTABLE, Outcome.NOT_COMPARABLE)):
        one.window.observe(Compared(key, NOW, outcome, reason="r"))
    found = views.figures(one.window)
    assert (found["compared"], found["mismatches"], found["fallbacks"], found["errors"]) == (3, 2, 1, 1)
    assert 1.9 < found["latency_ratio"]["p50"] < 2.1


def test_who_served_counts_requests_with_and_without_an_exchange() -> None:
    one = shown()
    one.window.observe(Sides(NOW, Side.CANDIDATE, Side.CANDIDATE, 0.1, 0.2))
    one.window.served(Side.CANDIDATE, 3)
    one.window.served(Side.LEGACY, 5)
    assert views.figures(one.window)["served"] == {"legacy": 5, "candidate": 4}


def test_an_audit_row_is_in_percent_and_keeps_its_evidence() -> None:
    change = changed(who="ann")
    assert change.transition is not None
    row = views.audit_row(AuditRow(7, NOW, "contact", "ann", change.transition, {"n": 1}, None, False))
    assert (row["percent_from"], row["percent_to"], row["kind"], row["evidence"]) == (0.0, 1.0, "promote", {"n": 1})


def test_a_mismatch_comes_with_the_rule_that_would_hide_it() -> None:
    kind = Kind("contact", "f1", "mismatch", ("email",), 3, NOW, NOW, {"rule": "ignore: [email]", "hides": "all"})
    found = views.mismatch(Known(kind, "x1"))
    assert (found["count"], found["rule"], found["hides"], found["example"]) == (3, "ignore: [email]", "all", "x1")


def test_curl_lines_hold_placeholders_and_quote_what_was_kept() -> None:
    sample = Sample("x1", "contact", "f1", NOW, {"request": {"target": "/a?q=';rm"}})
    first, second = views.curl_lines(sample, [("legacy", "http://l/"), ("candidate", "http://c")], "GET", "/t")
    assert "\"$TOKEN\"" in first
    assert "'http://l/a?q='\"'\"';rm'" in first
    assert second.endswith("# candidate")
    bare = Sample("x1", "contact", "f1", NOW, {})
    assert "'http://l/contacts/{contact_uuid}/'" in views.curl_lines(
        bare, [("legacy", "http://l")], "GET", "/contacts/{contact_uuid}/"
    )[0]
