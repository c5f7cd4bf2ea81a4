"""Every name under which a fallback is counted is in the operators' guide."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectra.errors import ConnectraError
from connectra.server import UNREADABLE
from proxy.exchange import TOLD, Failure
from proxy.worker import effects
from proxy.worker.streaming import ABORTED

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text()
CANCELLED = {Failure.CANCELLED.value}
"""The client went away: nobody was answered."""
OF_EFFECTS = {
    effects.NOT_TOLD, effects.NOT_DECLARED, effects.NOT_SENT, effects.REFUSED, effects.HELD, effects.FULL,
}  # fmt: skip


def words(error: type[ConnectraError]) -> set[str]:
    """The word of an error and of all kinds of it."""
    return {error.word}.union(*(words(kind) for kind in error.__subclasses__()))


@pytest.mark.parametrize("reason", sorted({*Failure, *TOLD, ABORTED, *OF_EFFECTS} - CANCELLED))
def test_every_reason_of_a_fallback_is_in_the_operators_guide(reason: str) -> None:
    assert f"`{reason}`" in GUIDE.partition("## Why legacy answered")[2].partition("| declined |")[0]


def test_the_worker_knows_every_word_of_the_gateway() -> None:
    assert words(ConnectraError) | {"defect", UNREADABLE} == TOLD
