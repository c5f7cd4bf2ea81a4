"""The journal of moves that were made without the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.store.journal import Journal, write_atomically
from rollout.facts import Unreadable
from rollout.machine import EventKind
from tests.support.changes import changed


def test_changes_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    one = changed(who="ann", evidence={"n": 1})
    two = changed(one.state, EventKind.ORDER_ROLLBACK, who="bob")
    journal.append(one)
    journal.append(two)
    assert journal.read() == [one, two]


def test_no_file_is_an_empty_journal(tmp_path: Path) -> None:
    assert Journal(tmp_path / "journal.jsonl").read() == []


def test_what_was_replayed_is_dropped_and_the_rest_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    one, two = changed(who="ann"), changed(who="bob")
    journal.append(one)
    journal.append(two)
    journal.drop(1)
    assert journal.read() == [two]
    journal.drop(1)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_a_crash_cut_off_is_left_out_and_not_glued_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(changed(who="ann"))
    with path.open("a") as file:
        file.write('{"endpoint": "con')
    assert [one.who for one in journal.read()] == ["ann"]
    journal.append(changed(who="bob"))
    assert [one.who for one in journal.read()] == ["ann", "bob"]


def test_a_line_that_is_no_change_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("nonsense\n")
    with pytest.raises(Unreadable, match=r"journal\.jsonl:1: not a journalled change"):
        Journal(path).read()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).append(changed())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["table.json"]
