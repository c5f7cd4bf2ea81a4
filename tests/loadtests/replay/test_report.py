"""What a replay says of the known differences."""

from __future__ import annotations

from dataclasses import replace

import orjson

from comparators.answer import Answer
from comparators.verdict import Outcome, Verdict
from loadtests.replay.asking import Asked, Tally
from loadtests.replay.differences import ROWS, Occurred
from loadtests.replay.questions import Data, Question
from loadtests.replay.report import ENOUGH, failed, of_rows


def occurred(*asked: Asked) -> Occurred:
    found = Occurred(Data([], []))
    for one in asked:
        found.take(one)
    return found


def counted(count: int) -> Asked:
    answer = Answer(200, (("Content-Type", "application/json"),), orjson.dumps({"count": count}))
    return Asked(Question("contacts-count", "GET", "/"), answer, answer, Verdict(Outcome.MATCH))


def test_each_row_says_how_often_it_was_seen() -> None:
    lines = of_rows(occurred(counted(5), counted(2), counted(0))).splitlines()
    assert [line.split() for line in lines if "D-54 " in line] == [["D-54", "2", "same"]]
    assert len([line for line in lines if line.startswith("  D-")]) == 70


def test_a_row_that_can_occur_and_did_not_is_named() -> None:
    found = occurred(counted(5))
    assert 54 not in found.absent()
    assert 1 in found.absent()
    assert of_rows(found).splitlines()[-1].startswith("  did not occur: D-01, D-02")


def test_a_row_that_can_not_occur_is_not_missed_and_says_why() -> None:
    found = occurred()
    assert [row for row in found.absent() if not ROWS[row].signs] == []
    assert "the replay's Connectra does not fail" in of_rows(found)


def test_where_every_row_was_seen_that_is_said() -> None:
    found = occurred()
    found.rows.update(row for row, one in ROWS.items() if one.signs)
    assert of_rows(found).splitlines()[-1] == "  every row that can occur did"


def test_a_wrong_answer_fails_a_replay_of_any_length() -> None:
    wrong = replace(counted(5), verdict=Verdict(Outcome.MISMATCH))
    tally = Tally()
    tally.take(wrong)
    assert failed(tally, occurred(wrong))


def test_a_row_that_did_not_occur_fails_a_long_replay_only() -> None:
    short, long = Tally(), Tally()
    short.asked["contact"], long.asked["contact"] = ENOUGH - 1, ENOUGH
    assert (failed(short, occurred()), failed(long, occurred())) == (False, True)


def test_a_long_replay_in_which_every_row_occurred_is_good() -> None:
    tally, found = Tally(), occurred()
    tally.asked["contact"] = ENOUGH
    found.rows.update(row for row, one in ROWS.items() if one.signs)
    assert not failed(tally, found)
