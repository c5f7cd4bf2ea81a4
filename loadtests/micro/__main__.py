"""`make bench`: what the proxy adds, beside legacy directly, interleaved in one run; medians and ratios.

Added p50 at concurrency 1 (goal: at most 0.5 ms), and the clients' p50 through the proxy while the candidate is dead,
hangs or takes 100 ms, beside the same with mirroring off (goal: within 1.2).
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from loadtests.micro.client import one_at_a_time, open_loop
from loadtests.micro.rig import rig

CANDIDATES = {"dead": None, "hanging": -1.0, "100 ms": 100.0, "at once": 0.0}
WITHOUT_GOAL = "at once"
"""For information: a candidate that answers as fast as legacy doubles the work of one machine's cores."""
ADDED, FACTOR = 0.0005, 1.2


def main() -> int:
    """Exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.micro", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000, help="a turn, one at a time")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second, open loop")
    parser.add_argument("--seconds", type=float, default=4.0, help="a turn, open loop")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crossfade-bench-"))
    try:
        return asyncio.run(_bench(arguments, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _bench(arguments: argparse.Namespace, folder: Path) -> int:
    met = await _added(arguments, folder / "added")
    for name, delay in CANDIDATES.items():
        met &= await _beside(arguments, folder / name.replace(" ", "-"), name, delay)
    return 0 if met else 1


async def _added(arguments: argparse.Namespace, folder: Path) -> bool:
    direct, through = [], []
    async with rig(folder, candidate_delay=0.0) as made:
        for base in (made.direct, made.url):
            await one_at_a_time(base, 200)
        for _ in range(arguments.rounds):
            direct.append(median(await one_at_a_time(made.direct, arguments.requests)))
            through.append(median(await one_at_a_time(made.url, arguments.requests)))
    added = median(b - a for a, b in zip(direct, through, strict=True))
    print(f"one at a time: legacy {median(direct) * 1e3:.2f} ms, through the proxy {median(through) * 1e3:.2f} ms, "
          f"added {added * 1e3:.2f} ms (goal 0.50)", flush=True)  # fmt: skip
    return added <= ADDED


async def _beside(arguments: argparse.Namespace, folder: Path, name: str, delay: float | None) -> bool:
    with_mirror: list[float] = []
    without: list[float] = []
    failures = 0
    async with (
        rig(folder / "on", candidate_delay=delay) as mirrored,
        rig(folder / "off", candidate_delay=delay, shadow="0%") as plain,
    ):
        for _ in range(arguments.rounds):
            for made, found in ((mirrored, with_mirror), (plain, without)):
                seconds, failed = await open_loop(made.url, arguments.rate, arguments.seconds)
                found.append(median(seconds))
                failures += failed
    ratio = median(a / b for a, b in zip(with_mirror, without, strict=True))
    figures = f"{median(with_mirror) * 1e3:.2f} ms, without mirroring {median(without) * 1e3:.2f} ms"
    print(f"candidate {name}: clients' p50 {figures}, ratio {ratio:.2f} (goal {FACTOR}); {failures} failed", flush=True)
    return (ratio <= FACTOR or name == WITHOUT_GOAL) and failures == 0


if __name__ == "__main__":
    sys.exit(main())
