"""Writes the judge's percents back into rollout.yaml: one scalar in place, and never over somebody else's edit.

The new file is exchanged for the old one in one step, and then what came out is looked at: if it is not what was
read, an operator was faster, it is put back, and the operator wins. Links, mounts and folders that can not be
written are read-only sources: the percents then live in the store alone.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from proxy.store import WriteBack
from rollout.config import percent_of
from rollout.source import replaced

log = logging.getLogger("crossfade.config_file")
AT_FDCWD, RENAME_EXCHANGE = -100, 2
ATTEMPTS = 8
"""Exchanges while somebody else writes the file all the time; then it is left to them."""


class Outcome(StrEnum):
    """What came of a write-back. Only DISK_FULL is worth another try."""

    WRITTEN = "written"
    SHOWN = "shown already"
    EDITED = "edited meanwhile: the operator wins"
    READ_ONLY = "read-only"
    DISK_FULL = "disk full"
    GONE = "gone"


def plan(text: str, endpoint: str, percent: int) -> str | None:
    """`text` with one endpoint's percent (hundredths) replaced; comments and layout kept. The same text if it shows
    that percent already; None where it is an alias, holds a variable, or is not there."""
    scalar = percent_of(text, endpoint)
    if scalar is None:
        return None
    new = f"{percent / 100:g}"
    shown = scalar.raw.strip().removesuffix("%").strip()
    return text if _same_number(shown, new) else replaced(text, scalar, new)


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def digest(text: str) -> str:
    """The content hash that a write-back is recorded with: SHA-256 in hex."""
    return sha256(text.encode()).hexdigest()


class Pen:
    """The one writer of a rollout.yaml. `prepare` before the transition is stored, `complete` after it, in order.

    Several edits may be prepared before the first is completed: each is planned on top of the one before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chain: list[str] = []
        """Hashes of contents that are ours: the file as it was read, and after each edit that was prepared."""
        self._ahead = ""

    def read_only(self) -> str | None:
        """Why the file can not be written back, in words; None when it can."""
        if self._path.is_symlink():
            return f"{self._path} is a link (a ConfigMap?)"
        if not os.access(self._path.parent, os.W_OK | os.X_OK):
            return f"the folder {self._path.parent} can not be written"
        return None

    def prepare(self, endpoint: str, percent: int) -> WriteBack | None:
        """The edit that shows `percent` (hundredths), with the hashes before and after; None if there is none."""
        if self.read_only() is not None:
            return None
        try:
            text = _read(self._path)
        except (OSError, UnicodeDecodeError):
            return None  # whoever watches the file says so; there is nothing to write back into
        if digest(text) not in self._chain:
            self._chain, self._ahead = [digest(text)], text
        new = plan(self._ahead, endpoint, percent)
        if new is None or new == self._ahead:
            return None
        made = WriteBack(endpoint, percent, digest(self._ahead), digest(new))
        self._chain.append(digest(new))
        self._ahead = new
        return made

    def complete(self, pending: WriteBack) -> Outcome:
        """Makes the edit, unless the file is neither what it was nor of our making; says what came of it. Blocking."""
        try:
            outcome = self._complete(pending)
        except UnicodeDecodeError:
            outcome = Outcome.EDITED
        except FileNotFoundError:
            outcome = Outcome.GONE
        except OSError as error:
            outcome = _outcome_of(error)
            log.warning("rollout.yaml is not written back (%s): %s", pending.endpoint, error)
        return outcome

    def _complete(self, pending: WriteBack) -> Outcome:
        if self.read_only() is not None:
            return Outcome.READ_ONLY
        text = _read(self._path)
        now = digest(text)
        new = plan(text, pending.endpoint, pending.percent)
        if new == text or now == pending.new_hash:
            return Outcome.SHOWN
        if new is None or (now != pending.old_hash and now not in self._chain):
            return Outcome.EDITED
        self._chain.append(digest(new))
        return exchanged(self._path, text.encode(), new.encode())


def _read(path: Path) -> str:
    """The text with its line ends as they are."""
    return path.read_bytes().decode()


def _outcome_of(error: OSError) -> Outcome:
    """A failed write in one word. A file that is mounted alone can not be renamed: EBUSY."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Outcome.DISK_FULL
    return Outcome.READ_ONLY


def exchanged(path: Path, old: bytes, new: bytes, swap: Callable[[Path, Path], bool] | None = None) -> Outcome:
    """Puts `new` in the place of `old`, with mode and owner kept; leaves the file alone if it is not `old`.

    `swap` exchanges two names at once and says whether it could. Raises OSError; nothing is left behind.
    """
    swap = swap or swap_names
    beside = path.with_name(f".{path.name}.{token_hex(6)}.tmp")
    try:
        _write_like(path, beside, new)
        if swap(beside, path):
            outcome = _look_back(path, beside, old, new, swap)
        elif path.read_bytes() == old:
            beside.replace(path)
            outcome = Outcome.WRITTEN
        else:
            outcome = Outcome.EDITED
        _sync_folder(path.parent)
        return outcome
    finally:
        beside.unlink(missing_ok=True)


def _look_back(
    path: Path, beside: Path, old: bytes, new: bytes, swap: Callable[[Path, Path], bool]
) -> Outcome:
    """Looks at what was swapped out. Whatever is neither ours nor what was read goes back, the newest at last."""
    out = beside.read_bytes()
    if out == old:
        return Outcome.WRITTEN
    placed = new
    for _ in range(ATTEMPTS):
        swap(beside, path)
        came = beside.read_bytes()
        if came == placed:
            break
        placed, out = out, came  # somebody wrote between two swaps: what came out is the newest, and goes back again
    return Outcome.EDITED


def _write_like(path: Path, beside: Path, content: bytes) -> None:
    """`content` in a new file with the mode and owner of `path`, safely on disk."""
    found = path.stat()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        made = os.fstat(descriptor)
        if (made.st_uid, made.st_gid) != (found.st_uid, found.st_gid):
            os.fchown(descriptor, found.st_uid, found.st_gid)
        os.fchmod(descriptor, found.st_mode & 0o7777)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems can not; the content itself is on disk already
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def _renameat2() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def swap_names(one: Path, other: Path) -> bool:
    """Exchanges two names in one step (Linux, renameat2). False where kernel or file system can not. Raises OSError."""
    call = _renameat2()
    if call is None:
        return False
    if call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))
