"""Files that are looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

from proxy.analyst.process_watch import contents, watch


async def test_an_edit_a_removal_and_a_return_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flags.env"
    path.write_text("a")
    heard: asyncio.Queue[bytes | None] = asyncio.Queue()
    looks, started = 0, asyncio.Event()

    def paths() -> list[Path]:
        nonlocal looks
        looks += 1
        if looks > 1:  # so the first look is over
            started.set()
        return [path]

    async def changed() -> None:
        heard.put_nowait(contents([path])[0])

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(watch(paths, changed))
        await started.wait()
        path.write_text("b")
        assert await asyncio.wait_for(heard.get(), 5) == b"b"
        path.unlink()
        assert await asyncio.wait_for(heard.get(), 5) is None
        path.write_text("c")
        assert await asyncio.wait_for(heard.get(), 5) == b"c"
        task.cancel()


def test_the_same_content_in_another_file_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rollout.yaml"
    path.write_text("a")
    before = contents([path])
    (tmp_path / "new").write_text("a")
    (tmp_path / "new").replace(path)
    assert contents([path]) == before
