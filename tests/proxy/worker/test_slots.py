"""Moments that the workers of a host share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.worker.slots import Slots

NOW = 1_800_000_000.0


@pytest.fixture
def slots(tmp_path: Path) -> Iterator[Slots]:
    made = Slots(tmp_path / "slots", b"key")
    yield made
    made.close()


def test_a_mark_holds_for_its_seconds(slots: Slots) -> None:
    slots.mark(b"anna", NOW)
    assert [slots.within(b"anna", NOW + later, 10.0) for later in (0.0, 9.9, 10.1)] == [True, True, False]


def test_nobody_else_is_marked(slots: Slots) -> None:
    slots.mark(b"anna", NOW)
    assert not slots.within(b"ben", NOW, 10.0)


def test_another_worker_sees_the_mark(slots: Slots, tmp_path: Path) -> None:
    other = Slots(tmp_path / "slots", b"key")
    slots.mark(b"anna", NOW)
    seen = other.within(b"anna", NOW, 10.0)
    other.close()
    assert seen
