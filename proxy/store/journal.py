"""Moves made while PostgreSQL was away: one JSON line each, on disk before they take effect, replayed in order."""

from __future__ import annotations

import json
import os
from pathlib import Path

from proxy.store.rows import Change
from rollout.facts import Unreadable, from_json, to_json


class Journal:
    """An append-only file of changes. Blocking: a line is a few hundred bytes, and its fsync is the point of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, change: Change) -> None:
        """Writes the change and waits until it is on disk. Raises OSError; the change is not made then."""
        line = json.dumps(to_json(change), separators=(",", ":")) + "\n"
        new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            start = _whole_lines(self._path, descriptor)
            try:
                _write_all(descriptor, line.encode())
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, start)  # half a line must not swallow the next one
                raise
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self._path.parent)

    def read(self) -> list[Change]:
        """Everything that waits, in order. A last line without its end was never acknowledged: it is left out.

        Raises `Unreadable` with the line's number for any other line that is no change.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        changes = []
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            if not line.endswith("\n"):
                break
            try:
                changes.append(from_json(Change, json.loads(line)))
            except ValueError as error:
                raise Unreadable(f"{self._path}:{number}: not a journalled change: {error}") from error
        return changes

    def drop(self, count: int) -> None:
        """Removes the first `count` changes: they are in the store."""
        kept = self.read()[count:]
        if not kept:
            self._path.unlink(missing_ok=True)
            _sync_folder(self._path.parent)
            return
        lines = "".join(json.dumps(to_json(one), separators=(",", ":")) + "\n" for one in kept)
        write_atomically(self._path, lines.encode())


def _whole_lines(path: Path, descriptor: int) -> int:
    """The file's size, less a last line that a crash cut off: the next line must not be glued to it."""
    size = os.fstat(descriptor).st_size
    data = path.read_bytes() if size else b""
    if data and not data.endswith(b"\n"):
        size = data.rfind(b"\n") + 1
        os.ftruncate(descriptor, size)
    return size


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces the file's content, all or nothing, and durably; mode 0600. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_all(descriptor, data)
        os.fsync(descriptor)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    beside.replace(path)
    _sync_folder(path.parent)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
