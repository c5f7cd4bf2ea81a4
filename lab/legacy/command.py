"""The reference legacy API over a PostgreSQL that it loads itself."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

import asyncpg
import uvloop

from lab.legacy.app import running
from lab.legacy.database import SeedError
from lab.legacy.quirks import DEFAULT, RECORDED, UnknownQuirk, choose
from lab.legacy.state import Options

log = logging.getLogger("lab.legacy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `lab legacy`."""
    database = "an empty database, or one that was loaded before (`crossfade lab` starts one itself)"
    parser.add_argument("--dsn", required=True, help=database)
    parser.add_argument("--data", type=Path, help="a folder of recordings to load; else people are generated")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="0: any free one")
    parser.add_argument("--secret", default="lab-secret", help="signs and checks tokens")
    parser.add_argument("--companies", type=int, default=2_000)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=2_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quirk", action="append", default=[], metavar="LQ-nn", help="switch a defect to as built")
    parser.add_argument(
        "--no-quirk", action="append", default=[], metavar="LQ-nn", help="switch a defect to as intended"
    )
    parser.add_argument("--shuffle", action="store_true", help="random order wherever the original has none")


def _port(text: str) -> int:
    """A port's number; 0 is any free one. Raises what argparse tells the caller."""
    if not text.isascii() or not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return int(text)


def options(arguments: argparse.Namespace) -> Options:
    """What the command line asks for. Over recordings, equal rows come as they were recorded. Raises `UnknownQuirk`."""
    return Options(
        dsn=arguments.dsn,
        data=arguments.data,
        host=arguments.host,
        port=arguments.port,
        secret=arguments.secret,
        quirks=choose(arguments.quirk, arguments.no_quirk, base=RECORDED if arguments.data else DEFAULT),
        companies=arguments.companies,
        contacts=arguments.contacts,
        users=arguments.users,
        seed=arguments.seed,
        shuffle=arguments.shuffle,
    )


def run(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT, then 0. Exit code 2 for bad input, 3 without PostgreSQL or the port."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="lab legacy: %(message)s")
    try:
        asked = options(arguments)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(asked))
    except (UnknownQuirk, SeedError) as error:
        print(f"lab legacy: {error}", file=sys.stderr)
        return 2
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"lab legacy: {error}", file=sys.stderr)
        return 3
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


async def _serve(asked: Options) -> None:
    """Until a signal cancels it, be it while the database is still being loaded."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    async with running(asked) as server:
        print(f"listening on {server.url}", flush=True)
        await loop.create_future()
