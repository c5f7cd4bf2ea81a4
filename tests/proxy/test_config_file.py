"""Write-back: one scalar in place, in one step, and the operator wins."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from proxy import config_file
from proxy.config_file import Outcome, Pen, digest, exchanged, plan, swap_names
from proxy.store import WriteBack
from tests.support.rollout_file import FILE, SECOND

TWO = FILE + SECOND


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rollout.yaml"
    path.write_text(TWO)
    return path


def alone(file: Path) -> bool:
    """Nothing was left beside the file."""
    return [path.name for path in file.parent.iterdir()] == [file.name]


def prepared(pen: Pen, endpoint: str = "contact", percent: int = 2500) -> WriteBack:
    made = pen.prepare(endpoint, percent)
    assert made is not None
    return made


def test_a_plan_changes_one_percent_and_keeps_the_rest() -> None:
    assert plan(TWO, "contact", 2550) == TWO.replace("percent: 5 ", "percent: 25.5 ", 1)


def test_a_plan_that_changes_nothing_is_the_same_text() -> None:
    text = TWO.replace("percent: 5 ", "percent: 5.0% ")
    assert plan(text, "contact", 500) == text


@pytest.mark.parametrize("text", [TWO.replace("percent: 5 ", "percent: ${P:-5} "), "version: [", ""])
def test_there_is_no_plan_where_the_percent_can_not_be_edited(text: str) -> None:
    assert plan(text, "contact", 100) is None


def test_an_edit_is_written_with_its_mode_kept(file: Path) -> None:
    file.chmod(0o640)
    pen = Pen(file)
    made = prepared(pen)
    assert (made.old_hash, pen.complete(made)) == (digest(TWO), Outcome.WRITTEN)
    assert (digest(file.read_text()), stat.S_IMODE(file.stat().st_mode)) == (made.new_hash, 0o640)
    assert alone(file)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, 1234, 5678)
    pen = Pen(file)
    assert pen.complete(prepared(pen)) is Outcome.WRITTEN
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 5678)


def test_a_percent_that_is_shown_needs_no_edit(file: Path) -> None:
    assert Pen(file).prepare("contact", 500) is None


def test_edits_that_were_prepared_together_are_all_written(file: Path) -> None:
    pen = Pen(file)
    first, second = prepared(pen), prepared(pen, "company", 5000)
    assert second.old_hash == first.new_hash
    assert [pen.complete(first), pen.complete(second)] == [Outcome.WRITTEN, Outcome.WRITTEN]
    assert digest(file.read_text()) == second.new_hash


def test_an_edit_whose_forerunner_was_given_up_is_written(file: Path) -> None:
    pen = Pen(file)
    prepared(pen)
    assert pen.complete(prepared(pen, "company", 5000)) is Outcome.WRITTEN
    assert "percent: 5 " in file.read_text()


def test_a_restart_completes_what_was_pending(file: Path) -> None:
    pen = Pen(file)
    first, second = prepared(pen), prepared(pen, "company", 5000)
    pen.complete(first)
    again = Pen(file)
    assert [again.complete(first), again.complete(second)] == [Outcome.SHOWN, Outcome.WRITTEN]


def test_an_operators_edit_since_wins(file: Path) -> None:
    pen = Pen(file)
    made = prepared(pen)
    edited = TWO.replace("percent: 5 ", "percent: 7 ", 1)
    file.write_text(edited)
    assert pen.complete(made) is Outcome.EDITED
    assert file.read_text() == edited


def test_after_an_operators_edit_the_next_edit_begins_from_it(file: Path) -> None:
    pen = Pen(file)
    pen.complete(prepared(pen))
    file.write_text("# by hand\n" + file.read_text())
    assert pen.complete(prepared(pen, "contact", 5000)) is Outcome.WRITTEN
    assert file.read_text().startswith("# by hand")


def test_a_link_is_a_read_only_source(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    pen = Pen(link)
    assert pen.prepare("contact", 2500) is None
    assert pen.complete(WriteBack("contact", 2500, digest(TWO), "")) is Outcome.READ_ONLY
    assert "link" in str(pen.read_only())


def test_a_file_that_is_gone_is_said(file: Path) -> None:
    pen = Pen(file)
    made = prepared(pen)
    file.unlink()
    assert pen.complete(made) is Outcome.GONE
    assert pen.prepare("contact", 100) is None


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ENOSPC, Outcome.DISK_FULL),
        (errno.EDQUOT, Outcome.DISK_FULL),
        (errno.EBUSY, Outcome.READ_ONLY),
        (errno.EROFS, Outcome.READ_ONLY),
        (errno.EACCES, Outcome.READ_ONLY),
    ],
)
def test_a_failed_write_leaves_the_file_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int, outcome: Outcome
) -> None:
    def fails(*_: object) -> bool:
        raise OSError(number, os.strerror(number))

    pen = Pen(file)
    made = prepared(pen)
    monkeypatch.setattr(config_file, "swap_names", fails)
    assert pen.complete(made) is outcome
    assert file.read_text() == TWO
    assert alone(file)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_noticed_before_the_exchange(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _beside: Path, content: bytes) -> None:
        with Path("/dev/full").open("wb") as disk:
            disk.write(content)

    pen = Pen(file)
    made = prepared(pen)
    monkeypatch.setattr(config_file, "_write_like", full)
    assert pen.complete(made) is Outcome.DISK_FULL
    assert file.read_text() == TWO


class Meddler:
    """Exchanges names, and writes the file as an operator would at chosen moments before an exchange."""

    def __init__(self, path: Path, *edits: bytes | None) -> None:
        self._path = path
        self._edits = list(edits)

    def __call__(self, one: Path, other: Path) -> bool:
        edit = self._edits.pop(0) if self._edits else None
        if edit is not None:
            beside = self._path.with_suffix(".operator")
            beside.write_bytes(edit)
            beside.replace(self._path)
        return swap_names(one, other)


@pytest.mark.parametrize(
    ("edits", "left"),
    [
        ((b"theirs",), b"theirs"),
        ((b"first", b"second"), b"second"),
        ((b"first", b"second", b"third"), b"third"),
    ],
)
def test_an_operator_who_writes_during_the_exchange_wins(file: Path, edits: tuple[bytes, ...], left: bytes) -> None:
    assert exchanged(file, TWO.encode(), b"ours", Meddler(file, *edits)) is Outcome.EDITED
    assert file.read_bytes() == left
    assert alone(file)


def test_where_names_can_not_be_exchanged_the_file_is_compared_and_renamed(file: Path) -> None:
    assert exchanged(file, TWO.encode(), b"ours", lambda *_: False) is Outcome.WRITTEN
    assert file.read_bytes() == b"ours"
    assert exchanged(file, TWO.encode(), b"late", lambda *_: False) is Outcome.EDITED
    assert file.read_bytes() == b"ours"
    assert alone(file)
