"""How a gate is put into words."""

from __future__ import annotations

import pytest

from rollout.gate import WORDS, Gate, Verdict, duration, percentage, removed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5 s"), (2.0, "2 s"), (60.0, "60 s"), (12.4, "12 s"), (600.0, "10 min"), (86_400.0, "24.0 h")],
)
def test_durations_are_written_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("share", "words"), [(0.0073, "0.73 %"), (0.5, "50 %"), (0.0, "0 %")])
def test_shares_are_written_as_percentages(share: float, words: str) -> None:
    assert percentage(share) == words


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_its_word(verdict: Verdict) -> None:
    assert Gate("lag", verdict, "").standing == WORDS[verdict]


def test_a_breach_is_worse_than_all_else() -> None:
    assert max(Verdict) is Verdict.BREACHED


def test_a_removed_gate_waits_for_nothing() -> None:
    assert removed("lag").wait == 0.0
