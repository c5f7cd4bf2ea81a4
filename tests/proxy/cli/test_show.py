"""What `status` shows, and what it makes of things that need a person."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from proxy.cli.show import status_table, when, worries


def endpoint(**given: Any) -> dict[str, Any]:
    values = {"name": "contact", "percent": 5.0, "rung": 25.0, "status": "baking", "missing": "needs 268 more"}
    return values | {"compared": 412, "mismatches": 0, "fallbacks": 0} | given


def shown(status: dict[str, Any]) -> str:
    console = Console(width=160, file=StringIO())
    console.print(status_table(status))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_one_line_an_endpoint_with_what_is_missing() -> None:
    text = shown({"endpoints": [endpoint(), endpoint(name="company", rung=None)]})
    assert "contact" in text
    assert "5 %" in text
    assert "needs 268 more" in text
    assert "company" in text


def test_all_is_well() -> None:
    assert worries({"endpoints": [endpoint()]}) == []


def test_blind_a_refused_file_a_lost_store_and_a_held_endpoint_are_worries() -> None:
    status = {
        "endpoints": [endpoint(status="held for a person")],
        "blind": True,
        "config": {"ok": False, "error": "rollout.yaml:3:4: no"},
        "store": {"ok": False, "error": "refused"},
    }
    text = " ".join(worries(status))
    words = ("BLIND", "rollout.yaml:3:4", "PostgreSQL is away", "crossfade explain contact")
    assert all(word in text for word in words)


def test_times_are_shown_in_utc_whatever_their_form() -> None:
    assert when(0) == "1970-01-01 00:00:00"
    assert when("2026-01-02T03:04:05+00:00") == "2026-01-02 03:04:05"
