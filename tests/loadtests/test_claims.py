"""The demo's claims: a story that came true, and each way in which it did not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from loadtests.demo.claims import AGREE, Notes, Row, claims
from loadtests.demo.traffic import Logged


def row(at: float, endpoint: str, kind: str, moved: tuple[int, int], status: str = "baking", who: str = "judge") -> Row:
    return Row(at, endpoint, who, kind, *moved, status, "a reason")


def good_rows() -> list[Row]:
    return [
        row(10, "contact", "promote", (0, 500)),
        row(20, "contact", "promote", (500, 2_500)),
        row(30, "contact", "promote", (2_500, 5_000)),
        row(40, "contact", "breaker opened", (5_000, 5_000), "held"),
        row(46, "contact", "breaker closed", (5_000, 5_000)),
        row(60, "contact", "promote", (5_000, 10_000)),
        row(15, "company", "promote", (0, 500)),
        row(20, "company", "roll back", (500, 0), "backing off"),
        row(32, "company", "retry due", (0, 0)),
        row(40, "company", "roll back", (0, 0), "held for a person"),
        row(33.2, "company-contacts", "file order", (0, 100), who="ann"),
        row(20, "company-contacts-count", "promote", (0, 500)),
    ]


def good_log() -> list[Logged]:
    contacts = [Logged(float(at), "contact", "/c/", 200, 0.01) for at in range(70)]
    searches = [Logged(float(at), "linkedin", "/l/", 200, 0.01) for at in range(12)]
    return contacts + searches + [Logged(at / 8, "count", "/n/", 200, 0.01, None, 0.5) for at in range(560)]


def good_notes() -> Notes:
    return Notes(
        began=0.0, ended=100.0, outage=(40.0, 45.1), fallbacks=7, defect_at=16.0,
        defect={"path": "employees_count", "fingerprint": "f", "example": "e", "rule": "r", "hides": "h"},
        slow_gate="p50 1.41 times legacy's (1.38 to 1.45), limit 1.20", lagging=9, lag_p99=3.0, edited_at=33.0,
        redeployed_at=50.0, refusal="rollout.yaml:3:4: no", by_hand={"linkedin": 6}, activities=12,
        phases=dict.fromkeys(AGREE, (9, 0)),
    )  # fmt: skip


def test_a_story_that_came_true_has_only_true_claims() -> None:
    assert [claim.text for claim in claims(good_rows(), good_log(), good_notes()) if not claim.true] == []


def without(kind: str, endpoint: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [one for one in rows if (one.kind, one.endpoint) != (kind, endpoint)]


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (without("promote", "contact"), "contact climbed"),
        (lambda rows: [replace(one, who="ann") for one in rows], "contact climbed"),
        (without("breaker opened", "contact"), "the breaker opened"),
        (without("roll back", "company"), "company was rolled back"),
        (without("retry due", "company"), "tried once more"),
        (lambda rows: [*rows, row(70, "contact", "roll back", (10_000, 5_000))], "its percent did not fall"),
        (lambda rows: [*rows, row(70, "company-contacts", "promote", (0, 500))], "company-contacts, 40 % slower"),
        (without("promote", "company-contacts-count"), "the count was promoted"),
        (without("file order", "company-contacts"), "an operator's edit"),
    ],
)
def test_an_audit_that_says_otherwise_makes_a_claim_false(
    change: Callable[[list[Row]], list[Row]], claim: str
) -> None:
    false = [one.text for one in claims(change(good_rows()), good_log(), good_notes()) if not one.true]
    assert any(text.startswith(claim) for text in false), false


@pytest.mark.parametrize(
    ("notes", "claim"),
    [
        ({"fallbacks": 0}, "fallbacks were counted"),
        ({"outage": (40.0, 42.0)}, "while it served"),
        ({"defect": {}}, "the defect is named"),
        ({"slow_gate": ""}, "company-contacts, 40 % slower"),
        ({"lagging": 0}, "rechecks agreed"),
        ({"lag_p99": None}, "the lag's p99"),
        ({"orders_after_redeploy": 1}, "redeploying"),
        ({"redeployed_at": None}, "redeploying"),
        ({"refusal": ""}, "a broken edit"),
        ({"ended": 300.0}, "within four minutes"),
    ],
)
def test_a_scene_that_did_not_happen_makes_a_claim_false(notes: dict[str, object], claim: str) -> None:
    changed = replace(good_notes(), **notes)  # type: ignore[arg-type]  # a table of changes
    false = [one.text for one in claims(good_rows(), good_log(), changed) if not one.true]
    assert any(text.startswith(claim) for text in false), false


@pytest.mark.parametrize("bad", [Logged(1.0, "contact", "/", 502, 0.1), Logged(1.0, "contact", "/", 0, 0.1, "reset")])
def test_one_failed_request_makes_the_story_false(bad: Logged) -> None:
    found = claims(good_rows(), [*good_log(), bad], good_notes())
    assert not found[0].true


def test_an_empty_log_proves_nothing() -> None:
    assert not claims(good_rows(), [], good_notes())[0].true
