"""Notices that a file says something else: by its content, so that touching it or replacing it by the same is nothing.

Polling, since it works alike for editors that rename, ConfigMaps that swap a symlink, and mounts without events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

EVERY = 0.25
"""Seconds between two looks: an edit is in force within a second."""


def contents(paths: Sequence[Path]) -> tuple[bytes | None, ...]:
    """Each file's bytes; None for one that is not there or can not be read now."""
    return tuple(_content(path) for path in paths)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None  # being replaced at this moment, or gone: whoever reads it says so


async def watch(paths: Callable[[], Sequence[Path]], changed: Callable[[], Awaitable[None]]) -> None:
    """Calls `changed` whenever one of the files differs from the last look, until cancelled."""
    last = await asyncio.to_thread(contents, paths())
    while True:
        await asyncio.sleep(EVERY)
        now = await asyncio.to_thread(contents, paths())
        if now != last:
            last = now
            await changed()
