"""Where bodies are kept: in memory, in a file, or not at all, and never beyond the budget."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy import spooling
from proxy.exchange import Observed, Spool
from proxy.spooling import INLINE, Keep, Spools, drop, sweep


@pytest.fixture
def spools(tmp_path: Path) -> Spools:
    return Spools(tmp_path, "worker0", 1_000)


def kept(keep: Keep, *pieces: bytes) -> bytes | Spool | None:
    with keep:
        for piece in pieces:
            keep.add(piece)
        return keep.body()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_small_body_stays_in_memory(spools: Spools, tmp_path: Path) -> None:
    assert kept(spools.keep(1_000), b"a" * 400, b"b") == b"a" * 400 + b"b"
    assert names(tmp_path) == []


def test_a_larger_body_is_a_file_of_this_user_alone(spools: Spools) -> None:
    body = kept(spools.keep(1_000, inline=4), b"abc", b"def", b"g")
    assert isinstance(body, Spool)
    path = Path(body.path)
    assert (path.read_bytes(), body.size, path.stat().st_mode & 0o777) == (b"abcdefg", 7, 0o600)


def test_without_spools_everything_stays_in_memory() -> None:
    assert kept(Keep(None, 2 * INLINE), b"x" * (2 * INLINE)) == b"x" * (2 * INLINE)


@pytest.mark.parametrize("inline", [4, 1_000], ids=["file", "memory"])
def test_a_body_over_its_limit_is_lost(spools: Spools, tmp_path: Path, inline: int) -> None:
    keep = spools.keep(10, inline=inline)
    assert kept(keep, b"x" * 8, b"x" * 3, b"x") is None
    assert (keep.lost, keep.size, names(tmp_path), spools.used) == ("body over budget", 12, [], 0)


def test_a_body_that_finds_no_room_is_lost(spools: Spools, tmp_path: Path) -> None:
    first = spools.store(b"x" * 600)
    keep = spools.keep(1_000, inline=4)
    assert kept(keep, b"x" * 300, b"x" * 300) is None
    assert (keep.lost, spools.used) == ("spool full", 600)
    assert [str(tmp_path / name) for name in names(tmp_path)] == [first and first.path]


def test_a_deleted_file_makes_room(spools: Spools) -> None:
    first, second = spools.store(b"x" * 500), spools.store(b"x" * 500)
    assert first is not None
    assert second is not None
    Path(second.path).unlink()
    assert spools.store(b"x" * 500) is not None
    assert spools.used == 1_000


def test_a_file_that_can_not_be_written_is_lost(tmp_path: Path) -> None:
    keep = Spools(tmp_path / "nowhere", "worker0", 1_000).keep(1_000, inline=4)
    assert kept(keep, b"x" * 8) is None
    assert keep.lost == "spool failed"


@pytest.mark.parametrize("end", [Keep.discard, lambda keep: keep.__exit__(None, None, None)], ids=["given up", "left"])
def test_a_body_that_nobody_asked_for_leaves_no_file(
    spools: Spools, tmp_path: Path, end: Callable[[Keep], None]
) -> None:
    keep = spools.keep(1_000, inline=4)
    keep.add(b"x" * 8)
    end(keep)
    assert (names(tmp_path), spools.used) == ([], 0)


def test_what_a_predecessor_left_counts_if_it_was_whole(tmp_path: Path) -> None:
    for name in ("worker1-a.body", "worker1-b.part", "worker10-c.body"):
        (tmp_path / name).write_bytes(b"x" * 10)
    assert Spools(tmp_path, "worker1", 100).used == 10
    assert sorted(names(tmp_path)) == ["worker1-a.body", "worker10-c.body"]


def test_looking_for_room_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "LOOKED_AT", 1)
    spools = Spools(tmp_path, "worker0", 10)
    _, second = spools.store(b"x" * 5), spools.store(b"x" * 5)
    assert second is not None
    Path(second.path).unlink()
    assert [spools.store(b"x" * 5) is None for _ in range(2)] == [True, False]


def test_dropping_deletes_the_file_and_may_be_repeated(spools: Spools, tmp_path: Path) -> None:
    body = spools.store(b"x")
    for _ in range(2):
        drop(Observed(200, body=body))
    assert names(tmp_path) == []


def test_the_sweep_deletes_old_files_that_nobody_holds(tmp_path: Path) -> None:
    for name, at in (("w-old.body", 100), ("w-cut.part", 100), ("w-held.body", 100), ("w-new.body", 300), ("other", 1)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (at, at))
    assert sweep(tmp_path, 200.0, lambda path: path.endswith("w-held.body")) == 2
    assert sorted(names(tmp_path)) == ["other", "w-held.body", "w-new.body"]
