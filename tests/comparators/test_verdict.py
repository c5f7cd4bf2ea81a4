"""Outcomes have the words that people and the store use."""

from __future__ import annotations

import pickle

from comparators.verdict import Change, ChangeKind, Outcome, Verdict


def test_outcomes_are_the_glossarys_words() -> None:
    assert {one.value for one in Outcome} == {
        "match", "accepted", "mismatch", "unstable", "lagging", "not comparable",
    }  # fmt: skip


def test_a_verdict_crosses_processes_unchanged() -> None:
    made = Verdict(Outcome.MISMATCH, (Change("a", ChangeKind.VALUE, 1, [2]),), fingerprint="ab", counts={"trim": 1})
    assert pickle.loads(pickle.dumps(made)) == made
