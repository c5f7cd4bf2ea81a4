"""Bodies of any size: small ones stay in memory, larger ones go into a file each as they come, within a byte budget.

A file belongs to whoever holds the `Spool` that names it, and is deleted by the last holder: worker, then analyst.
Names tell who wrote a file and whether it is whole: `NAME-HEX.part` while it is written, `NAME-HEX.body` afterwards.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

from proxy.exchange import Exchange, Observed, Spool

log = logging.getLogger("crossfade.spool")

INLINE = 1 << 16
"""Bytes up to which a body crosses to the analyst in a frame."""
SPOOL_BYTES = 1 << 30
"""Bytes of spool files that the workers of a host may have written and nobody has deleted yet, together."""
OLD = 600.0
"""Seconds without a write after which a file that nobody holds is an orphan: longer than any hand-over takes."""
LOOKED_AT = 256
"""Files looked at, at most, to find room for one more piece: each look is one call of the kernel."""
OVER_BUDGET, FULL, NOT_WRITTEN = "body over budget", "spool full", "spool failed"


class Spools:
    """What one process has written into `folder`, `budget` bytes at most. `name` must be the process's alone.

    Others delete the files; that one has gone is noticed when its room is needed.
    """

    def __init__(self, folder: Path, name: str, budget: int) -> None:
        self._folder = folder
        self._name = name
        self._budget = budget
        self._files: dict[str, int] = {}
        self.used = 0
        for path in folder.glob(f"{name}-*"):
            with suppress(OSError):
                if path.suffix == ".part":
                    path.unlink()  # its writer, our predecessor, has died
                else:
                    self._grown(str(path), path.stat().st_size)

    def keep(self, limit: int, inline: int = INLINE) -> Keep:
        """A place for one body of at most `limit` bytes, in memory up to `inline` of them."""
        return Keep(self, limit, inline)

    def store(self, body: bytes) -> Spool | None:
        """A body as a file; None when there is no room for it."""
        keep = Keep(self, len(body), 0)
        keep.add(body)
        found = keep.body()
        return found if isinstance(found, Spool) else None

    def fresh(self) -> Path:
        """The path of a file that is not there yet."""
        return self._folder / f"{self._name}-{uuid4().hex}.part"

    def take(self, path: Path, size: int) -> bool:
        """Room for `size` more bytes of the file `path`, if there is any."""
        if self.used + size > self._budget and not self._found_room(size):
            return False
        self._grown(str(path), size)
        return True

    def whole(self, path: Path) -> Path:
        """The file is complete: its path from now on. Raises OSError."""
        final = path.with_suffix(".body")
        path.rename(final)
        self._files[str(final)] = self._files.pop(str(path), 0)
        return final

    def gone(self, path: Path) -> None:
        """Deletes a file of ours."""
        path.unlink(missing_ok=True)
        self.used -= self._files.pop(str(path), 0)

    def _grown(self, path: str, size: int) -> None:
        self._files[path] = self._files.get(path, 0) + size
        self.used += size

    def _found_room(self, size: int) -> bool:
        """Forgets files that have been deleted, the oldest first; those that are still there go to the end."""
        for path in list(self._files)[:LOOKED_AT]:
            held = self._files.pop(path)
            if os.path.exists(path):  # noqa: PTH110 - the names are texts here
                self._files[path] = held
            else:
                self.used -= held
            if self.used + size <= self._budget:
                return True
        return False


class Keep:
    """One body as it comes. Ask for it once with `body`; what was not asked for is given up as the `with` block ends.

    `lost` is the reason why it could not be kept; `size` counts all its bytes, also those that were not kept.
    Without `spools` it is held in memory, whatever its size within `limit` is.
    """

    def __init__(self, spools: Spools | None, limit: int, inline: int = INLINE) -> None:
        self._spools = spools
        self._limit = limit
        self._inline = limit if spools is None else min(inline, limit)
        self._held = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self.size = 0
        self.lost: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def add(self, piece: bytes) -> bool:
        """Takes the next piece; False from the moment at which the body is lost. Writes to the page cache only."""
        self.size += len(piece)
        if self.lost is not None:
            return False
        if self.size > self._limit:
            self._lose(OVER_BUDGET)
        elif self._spools is None or (self._path is None and self.size <= self._inline):
            self._held += piece
        else:
            self._spill(self._spools, piece)
        return self.lost is None

    def body(self) -> bytes | Spool | None:
        """The whole body: from now on its file is the caller's. None when it was lost."""
        if self.lost is not None:
            return None
        if self._file is None or self._path is None or self._spools is None:
            return bytes(self._held)
        try:
            self._file.close()
            path = self._spools.whole(self._path)
        except OSError as error:
            log.warning("a body could not be spooled: %s", error)
            self._lose(NOT_WRITTEN)
            return None
        self._file = self._path = None
        return Spool(str(path), self.size)

    def discard(self) -> None:
        """Gives up what is held. Harmless after `body`."""
        self._held = bytearray()
        if self._file is not None:
            with suppress(OSError):  # what could not be written is not wanted
                self._file.close()
        if self._path is not None and self._spools is not None:
            with suppress(OSError):  # the sweep finds it
                self._spools.gone(self._path)
        self._file = self._path = None

    def _spill(self, spools: Spools, piece: bytes) -> None:
        path = self._path or spools.fresh()
        if not spools.take(path, len(self._held) + len(piece)):
            self._lose(FULL)
            return
        try:
            if self._file is None:
                self._path = path
                self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
                self._file.write(self._held)
                self._held = bytearray()
            self._file.write(piece)
        except OSError as error:
            log.warning("a body could not be spooled: %s", error)
            self._lose(NOT_WRITTEN)

    def _lose(self, reason: str) -> None:
        self.lost = reason
        self.discard()


def drop(side: Observed | None) -> None:
    """Deletes the file of a body that has been dealt with; one that is gone already is no matter."""
    if side is not None and isinstance(side.body, Spool):
        with suppress(OSError):  # the sweep finds what could not be deleted
            Path(side.body.path).unlink()


def drop_both(exchange: Exchange) -> None:
    """Deletes the files of both bodies."""
    drop(exchange.legacy)
    drop(exchange.candidate)


def sweep(folder: Path, before: float, held: Callable[[str], bool] = lambda _: False) -> int:
    """Deletes files last written before `before` (Unix seconds) that are not `held`; says how many. Blocking.

    They are left by processes that were killed between writing a body and handing it over, or comparing it.
    """
    found = 0
    for path in folder.glob("*-*.*"):
        if path.suffix not in (".part", ".body") or held(str(path)):
            continue
        with suppress(OSError):  # deleted meanwhile by its holder
            if path.stat().st_mtime < before:
                path.unlink()
                found += 1
    return found
