"""`make demo`: the main job on embedded parts, shown as it happens. Exit 0 only when the whole story came true."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from loadtests.demo.claims import Claim, Row, claims
from loadtests.demo.overlay import demo_file
from loadtests.demo.stage import StageError
from loadtests.demo.story import Story
from loadtests.demo.traffic import Callers, Logged, Mix, read_log
from loadtests.demo.world import world
from proxy.cli.show import status_table, when
from proxy.store.embedded import PostgresUnavailable

PRINT_EVERY = 5.0
"""Seconds between two tables where there is no terminal to redraw."""


def main() -> int:
    """Plays the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.demo", description=__doc__)
    parser.add_argument("--keep", metavar="DIR", help="keep logs, state and the generator's log in this folder")
    arguments = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=150)
    folder = Path(tempfile.mkdtemp(prefix="crossfade-demo-"))
    try:
        return asyncio.run(_interruptible(folder, console))
    except KeyboardInterrupt:
        console.print("interrupted: everything is stopped and removed")
        return 130
    except (StageError, PostgresUnavailable) as error:
        console.print(f"the demo could not begin: {error}", style="red", markup=False)
        return 3
    finally:
        if arguments.keep:
            _keep(folder, Path(arguments.keep))
        shutil.rmtree(folder, ignore_errors=True)


async def _interruptible(folder: Path, console: Console) -> int:
    """SIGTERM ends the demo as Ctrl-C does: by cancelling, so that everything is stopped in order."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await _demo(folder, console)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _keep(folder: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("*.log"), *folder.glob("*.jsonl"), *folder.glob("*.yaml")]:
        shutil.copy2(path, to / path.name)


async def _demo(folder: Path, console: Console) -> int:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[{time.monotonic() - began:5.1f} s] {text}", markup=False, highlight=False)

    log = folder / "requests.jsonl"
    # A folder in front of the module path lets `loadtests.demo.sabotage` break one part; there is none otherwise.
    env = {"PYTHONPATH": path} if (path := os.environ.get("CROSSFADE_DEMO_PATH")) else {}
    async with world(folder, demo_file(), say, env) as made:
        story = Story(made, say)
        say(f"{Mix().total:.0f} requests a second from {len(made.material.tokens):,} callers at {made.url}")
        async with Callers(made.url, made.material, Mix(), log).running() as callers:
            await _shown(story, console)
        rows = await story.rows()
        story.notes.activities = await story.activities()
        logged = read_log(log)
        told = claims(rows, logged, story.notes)
        _summary(console, rows, logged, told, callers)
    say("stopped")
    return 0 if all(claim.true for claim in told) else 1


async def _shown(story: Story, console: Console) -> None:
    """Plays the story under a live table."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            await _beside(story, lambda status: live.update(status_table(status), refresh=True), 0.5)
    else:
        await _beside(story, lambda status: console.print(status_table(status)), PRINT_EVERY)


async def _beside(story: Story, show: Callable[[Any], None], every: float) -> None:
    async def showing() -> None:
        while True:
            await asyncio.sleep(every)
            show(story.status)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(showing(), name="show")
        try:
            await story.play()
        finally:
            task.cancel()
            show(story.status)


def _summary(console: Console, rows: list[Row], logged: list[Logged], told: list[Claim], callers: Callers) -> None:
    def out(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False)

    out("\nEach endpoint's path, from the audit:")
    for row in rows:
        moved = f"{row.percent_from / 100:g} → {row.percent_to / 100:g} %"
        out(f"  {when(row.at)[11:]} {row.endpoint}: {moved}, {row.kind} by {row.who}: {row.reason}")
    failed = sum(one.failed for one in logged)
    out(f"\nRequests sent: {callers.sent:,}; failed as clients saw them: {failed}")
    out("\nThe story:")
    for claim in told:
        out(
            f"  {'true ' if claim.true else 'FALSE'} {claim.text} ({claim.because})",
            style=None if claim.true else "red",
        )
    out("\nWhat to look at next: README.md, docs/operating.md, and `crossfade --help`.")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
