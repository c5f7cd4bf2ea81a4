"""The command line of the stand-in."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import uvloop

from lab.connectra import seed, settings
from lab.connectra.controls import Controls
from lab.connectra.edge import Bucket, Edge
from lab.connectra.engine import Engine
from lab.connectra.feed import Feed, Unfed
from lab.connectra.server import Service, listen
from lab.connectra.settings import BadSwitch
from lab.connectra.switches import Switches


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments; `run` takes what they parse to."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="DIR", help="a folder of seed records to load")
    source.add_argument("--feed", metavar="DSN", help="the legacy database to follow")
    parser.add_argument("--lag", type=float, metavar="SECONDS", help="how long changes of the feed stay invisible")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port, 0 for any free one (default %(default)s)")
    parser.add_argument("--api-key", default="", metavar="KEY", help="the accepted key; without one, nobody gets in")
    parser.add_argument(
        "--max-requests-per-minute", type=int, metavar="N", help="the rate limit; not given: none, unlike the original"
    )
    parser.add_argument("--switches", type=Path, metavar="FILE", help="JSON with the lab's switches at start")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the lab's draws (default 1)")


def _port(text: str) -> int:
    """A port's number; 0 is any free one. Raises what argparse tells the caller."""
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT; 0 then, 1 for what can not be read, reached or listened on."""
    code = 1
    try:
        switches = _switches(arguments)
        engine = Engine()
        if arguments.data is not None:
            seed.load(engine, arguments.data)
        code = uvloop.run(_serve(arguments, engine, switches))
    except* (BadSwitch, seed.BadSeed, Unfed, OSError) as wrong:
        for reason in _leaves(wrong):
            print(f"connectra: {reason}", file=sys.stderr, flush=True)
    return code


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """The exceptions in a group and in the groups in it."""
    for one in group.exceptions:
        if isinstance(one, ExceptionGroup):
            yield from _leaves(one)
        elif isinstance(one, Exception):
            yield one


def _switches(arguments: argparse.Namespace) -> Switches:
    value: Any = {}
    if arguments.switches is not None:
        try:
            value = orjson.loads(arguments.switches.read_bytes())
        except orjson.JSONDecodeError as wrong:
            raise BadSwitch(f"{arguments.switches}: {wrong}") from None
    if isinstance(value, dict) and arguments.seed is not None:
        value["seed"] = arguments.seed
    if isinstance(value, dict) and arguments.lag is not None:
        value["lag"] = arguments.lag
    try:
        return settings.from_json(value)
    except BadSwitch as wrong:
        raise BadSwitch(f"{arguments.switches or 'command line'}: {wrong}") from None


async def _serve(arguments: argparse.Namespace, engine: Engine, switches: Switches) -> int:
    feed = Feed(engine, switches, arguments.feed) if arguments.feed else None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(feed.run(), name="feed")] if feed else []
        if feed:
            await _either(tasks, feed.ready, stop)
        if not stop.is_set():
            await _listen(arguments, engine, switches, feed, stop)
        for task in running:
            task.cancel()
    return 0


async def _either(tasks: asyncio.TaskGroup, ready: asyncio.Event, stop: asyncio.Event) -> None:
    """Waits for the one or the other."""
    waits = [tasks.create_task(event.wait(), name="wait") for event in (ready, stop)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _listen(
    arguments: argparse.Namespace, engine: Engine, switches: Switches, feed: Feed | None, stop: asyncio.Event
) -> None:
    def figures() -> dict[str, Any]:
        stores = {
            service: {"rows": len(engine.table(service)), "documents": len(engine.index(service))}
            for service in ("contact", "company")
        }
        return {"stores": stores, "feed": feed.figures() if feed else None}

    controls = Controls(switches, figures, feed.turned if feed else lambda: None)
    edge = Edge(engine, arguments.api_key, Bucket(arguments.max_requests_per_minute))
    runner, url = await listen(Service(edge, switches, controls), arguments.host, arguments.port)
    try:
        print(f"listening on {url}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
