"""Content codings undone, whole and piece by piece; bodies that are the same bytes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators import coding as codings
from comparators.answer import Answer
from comparators.coding import Unreadable, decoded, pieces, same_bytes


def answer(body: bytes | Path, coding: str | None = None) -> Answer:
    return Answer(200, (("Content-Encoding", coding),) if coding else (), body)


def whole(body: bytes | Path, coding: str | None = None) -> bytes:
    return decoded(answer(body, coding))


def pieced(body: bytes | Path, coding: str | None = None) -> bytes:
    return b"".join(pieces(answer(body, coding)))


Reader = Callable[[bytes | Path, str | None], bytes]
READERS = pytest.mark.parametrize("reader", [whole, pieced])


@READERS
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, b"abc"),
        ("identity", b"abc"),
        ("gzip", gzip.compress(b"abc")),
        ("GZIP", gzip.compress(b"abc")),
        ("x-gzip", gzip.compress(b"abc")),
        ("deflate", zlib.compress(b"abc")),
        ("gzip", gzip.compress(b"ab") + gzip.compress(b"c")),
    ],
    ids=["none", "identity", "gzip", "capitals", "x-gzip", "deflate", "two members"],
)
def test_a_coding_is_undone(reader: Reader, coding: str | None, body: bytes) -> None:
    assert reader(body, coding) == b"abc"


@READERS
def test_no_body_needs_no_decoding(reader: Reader) -> None:
    assert reader(b"", "gzip") == b""


@READERS
@pytest.mark.parametrize(
    ("coding", "body", "text"),
    [
        ("br", b"x", "'br' can not be undone"),
        ("gzip", b"{}", "not gzip"),
        ("gzip", gzip.compress(b"abc" * 100)[:-9], "cut off"),
        ("gzip", gzip.compress(b"abc") + b"rubbish", "not gzip"),
    ],
    ids=["unknown", "not packed at all", "cut off", "rubbish behind it"],
)
def test_a_coding_that_can_not_be_undone_is_unreadable(reader: Reader, coding: str, body: bytes, text: str) -> None:
    with pytest.raises(Unreadable, match=text):
        reader(body, coding)


@pytest.mark.parametrize("members", [1, 4], ids=["in one member", "in several members"])
@pytest.mark.parametrize(("reader", "limit"), [(whole, "LARGEST"), (pieced, "LONGEST")])
def test_a_bomb_is_not_unfolded(members: int, reader: Reader, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codings, limit, 1 << 20)
    with pytest.raises(Unreadable, match="over 1048576 bytes"):
        reader(gzip.compress(bytes(1 + ((1 << 20) // members))) * members, "gzip")


@pytest.mark.parametrize(("reader", "limit"), [(whole, "LARGEST"), (pieced, "LONGEST")])
def test_a_body_of_exactly_the_limit_is_read(reader: Reader, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codings, limit, 1 << 20)
    assert len(reader(gzip.compress(bytes(1 << 20)), "gzip")) == 1 << 20


@given(st.lists(st.binary(max_size=40), max_size=4), st.integers(1, 9), st.integers(1, 9))
def test_no_size_of_pieces_changes_the_body(members: list[bytes], unfolded: int, folded: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codings, "PIECE", unfolded)
        patch.setattr(codings, "_FOLDED", folded)
        assert pieced(b"".join(map(gzip.compress, members)), "gzip") == b"".join(members)


@READERS
def test_a_spooled_body_is_read_from_its_file(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(gzip.compress(b"abc"))
    assert reader(path, "gzip") == b"abc"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(b"abc", b"abc", True), (b"abc", b"abd", False), (b"abc", b"abcd", False), (b"", b"", True)],
)
@pytest.mark.parametrize("spooled", ["neither", "one", "both"])
def test_bodies_are_the_same_bytes_wherever_they_wait(
    one: bytes, other: bytes, same: bool, spooled: str, tmp_path: Path
) -> None:
    paths = tmp_path / "one", tmp_path / "other"
    for path, body in zip(paths, (one, other), strict=True):
        path.write_bytes(body)
    first: bytes | Path = one if spooled == "neither" else paths[0]
    second: bytes | Path = paths[1] if spooled == "both" else other
    assert same_bytes(answer(first), answer(second)) is same


def test_the_same_bytes_under_another_coding_are_not_the_same() -> None:
    assert not same_bytes(answer(b"abc", "gzip"), answer(b"abc"))
