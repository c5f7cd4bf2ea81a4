"""The diagram of docs/judging.md is the table of transitions."""

from __future__ import annotations

from rollout.diagram import event_table, state_diagram
from rollout.machine import TABLE
from rollout.states import EventKind, Status
from tests.support.judging import DOCUMENT, GENERATED, generated


def test_the_document_shows_the_table_as_it_is() -> None:
    found = GENERATED.search(DOCUMENT.read_text())
    assert found is not None
    shown = found[0].removeprefix(found[1]).removesuffix(found[2])
    assert shown == generated(), "run `python -m tests.support.judging` and read what has changed"


def test_every_status_and_every_event_is_shown() -> None:
    assert all(f'"{status.value}" as {status.name}' in state_diagram(TABLE) for status in Status)
    assert all(f"| {kind.value} |" in event_table(TABLE) for kind in EventKind)


def test_what_a_status_does_not_take_is_shown_as_refused() -> None:
    assert "| promote | baking | stays, done | refused | refused | refused | refused |" in event_table(TABLE)
