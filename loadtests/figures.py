"""`make figures`: the long measurements that docs/figures.md quotes, on this machine.

1 GiB through the worker in each direction (goal: at most 24 MiB above idle), exchanges compared at 300 requests a
second (goal: all, or dropped and counted), and the memory of worker and analyst over some minutes (goal: within 5 %).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from loadtests.micro.client import one_at_a_time, open_loop
from loadtests.micro.rig import Rig, rig
from proxy.cli.client import Control
from proxy.settings import Paths

GIB = 1 << 30
PIECE = 1 << 20
ABOVE = 24 << 20
FLAT = 0.05
RATE = 300.0


def main() -> int:
    """Exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.figures", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long memory is watched under load")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crossfade-figures-"))
    try:
        return asyncio.run(_figures(arguments.minutes, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _figures(minutes: float, folder: Path) -> int:
    async with rig(folder / "large", candidate_delay=0.0) as made:
        met = await _large(made)
    async with rig(folder / "flat", candidate_delay=0.0, workers=2) as made:
        met &= await _compared(made)
        met &= await _flat(made, minutes)
    return 0 if met else 1


def pids(made: Rig, name: str) -> list[int]:
    """The latest pid of each program whose name begins so."""
    found = dict(re.findall(rf"({name}[-\d]*) started, pid (\d+)", made.serve.log.read_text()))
    return [int(pid) for pid in found.values()]


def resident(pid: int, what: str = "VmRSS") -> int:
    """Bytes of a process's memory, now or (`VmHWM`) at most so far (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0


async def _large(made: Rig) -> bool:
    await one_at_a_time(made.url, 200)
    pid = pids(made, "worker")[0]
    idle = resident(pid)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=300)) as session:
        size = 0
        async with session.get(f"{made.url}/bytes/{GIB}") as answer:
            async for piece in answer.content.iter_any():
                size += len(piece)
        down = resident(pid, "VmHWM") - idle
        async with session.post(f"{made.url}/sink", data=_body()) as answer:
            sent = (await answer.json())["size"]
        both = resident(pid, "VmHWM") - idle
    whole = size == GIB == sent
    print(
        f"1 GiB down: {down / 2**20:.1f} MiB above idle; and up: {both / 2**20:.1f} MiB (goal 24); whole: {whole}",
        flush=True,
    )
    return whole and both <= ABOVE


async def _body() -> AsyncIterator[bytes]:
    piece = bytes(PIECE)
    for _ in range(GIB // PIECE):
        yield piece


def _endpoint(made: Rig) -> dict[str, object]:
    status = Control(str(Paths(made.folder / "state").control)).get("/status")
    found: dict[str, object] = status["endpoints"][0]
    return found


async def _compared(made: Rig) -> bool:
    seconds, failed = await open_loop(made.url, RATE, 30.0)
    await asyncio.sleep(3.0)
    one = await asyncio.to_thread(_endpoint, made)
    lost = one["lost"]
    dropped = sum(lost.values()) if isinstance(lost, dict) else 0
    compared = one["compared"]
    print(
        f"at {RATE:.0f}/s: {len(seconds)} asked, {failed} failed, {compared} compared, {dropped} counted as lost",
        flush=True,
    )
    return failed == 0 and isinstance(compared, int) and compared + dropped >= len(seconds)


async def _flat(made: Rig, minutes: float) -> bool:
    watched = {"worker": pids(made, "worker"), "analyst": pids(made, "analyst")}
    marks: dict[str, list[int]] = {name: [] for name in watched}
    for _ in range(10):
        await open_loop(made.url, RATE, minutes * 6.0)
        for name, several in watched.items():
            marks[name].append(sum(map(resident, several)))
    flat = True
    for name, seen in marks.items():
        grown = seen[-1] / seen[1] - 1.0
        flat &= grown <= FLAT
        print(
            f"{name}: {seen[1] / 2**20:.0f} → {seen[-1] / 2**20:.0f} MiB in {minutes:g} min, {grown:+.1%} (goal 5 %)",
            flush=True,
        )
    return flat


if __name__ == "__main__":
    sys.exit(main())
