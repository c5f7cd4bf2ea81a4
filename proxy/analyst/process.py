"""The analyst's process: `python -m proxy.analyst.process --config rollout.yaml --state DIR --metrics HOST:PORT`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from time import time

from proxy import telemetry
from proxy.analyst.effects_watch import watch_effects
from proxy.analyst.process_parts import comparing, judging, proving
from proxy.analyst.process_room import Places, Room
from proxy.analyst.process_serving import BadAddress, read_address, serve
from proxy.analyst.process_watch import watch
from proxy.analyst.process_wiring import Wired
from proxy.config_file import Pen
from proxy.console.api import make_app
from proxy.console.api_desk import AnalystDesk
from proxy.settings import Paths
from proxy.store.postgres import PostgresStore
from rollout.compile import compile_table
from rollout.config import ConfigError, parse
from rollout.flags import Flags, flags_of, parse_flags
from rollout.model import Config

log = logging.getLogger("crossfade.analyst")


def main(argv: list[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT. Exit code 2 for what the operator has to change first."""
    parser = argparse.ArgumentParser(prog="proxy.analyst.process")
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--state", required=True, type=Path)
    parser.add_argument("--metrics", required=True)
    parser.add_argument("--round", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args(argv)
    telemetry.configure("analyst", as_json=os.environ.get("CROSSFADE_LOG", "json") == "json")
    try:
        asyncio.run(_run(arguments))
    except ConfigError as error:
        for problem in error.problems:
            log.error("%s", problem)
        return 2
    except BadAddress as error:
        log.error("%s", error)
        return 2
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    path, paths = arguments.config, Paths(arguments.state.absolute())
    config = _load(path)
    secret = bytes.fromhex(os.environ["CROSSFADE_SECRET"])
    store = PostgresStore(os.environ["DATABASE_URL"], f"{socket.gethostname()}:{os.getpid()}")
    flags = _flags(config, path)
    wired = Wired(judging, proving, compile_table, flags, secret, str(paths.gateway), Pen(path))
    intake = comparing(config, paths, secret)
    places = Places(paths.table, paths.journal, paths.state / "steward.json")
    room = Room(config, wired, store, intake, places, time, every=arguments.round)

    async def reload() -> None:
        await _reload(room, wired, path)
        intake.configure(room.config)

    def watched() -> list[Path]:
        named = room.config.flags_file
        return [path] if named is None else [path, path.parent / named]

    async def compare() -> None:
        await intake.run(room)

    def needed() -> bool:
        return any(endpoint.effects for endpoint in room.config.endpoints)

    async def effects(why: str | None) -> None:
        wired.effects = why
        await room.steward.effects_changed()

    async def look() -> None:
        await watch_effects(str(paths.gateway), os.environ.get("CROSSFADE_GATEWAY_SECRET", ""), needed, effects)

    control = make_app(AnalystDesk(room, store, time))
    try:
        beside = (compare, lambda: watch(watched, reload), look)
        await serve(room, control, paths.control, read_address(arguments.metrics), stop, beside)
    finally:
        await store.close()


def _load(path: Path) -> Config:
    return parse(path.read_text(encoding="utf-8"), os.environ, name=str(path))


def _flags(config: Config, path: Path) -> Flags:
    file = None
    if config.flags_file is not None:
        try:
            file = parse_flags((path.parent / config.flags_file).read_text())
        except OSError as error:
            log.warning("flags_file %s: %s; only the environment's flags count", config.flags_file, error.strerror)
    flags = flags_of(config, os.environ, file)
    for warning in flags.warnings:
        log.warning("%s", warning)
    return flags


async def _reload(room: Room, wired: Wired, path: Path) -> None:
    """A bad edit is refused whole: the last good one stays in force, and metrics, log and console say so."""
    try:
        config = _load(path)
    except (ConfigError, OSError) as error:
        room.config_error = str(error)
        log.error("%s is refused, the last good one stays in force: %s", path, error)
        return
    wired.flags = _flags(config, path)
    await room.configure(config)


if __name__ == "__main__":
    sys.exit(main())
