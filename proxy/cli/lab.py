"""`crossfade lab legacy|connectra …`: one half of the lab, over an embedded PostgreSQL unless a DSN is given."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import Any

from proxy.parent import die_with_parent
from proxy.store.embedded import PostgresUnavailable, embedded_postgres


def register(commands: Any) -> None:
    """Adds the command; its arguments are the lab's own."""
    command = commands.add_parser(
        "lab", help="run the reference legacy API or the Connectra stand-in", add_help=False, prefix_chars="\0"
    )
    command.add_argument("rest", nargs=argparse.REMAINDER)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hands over to the lab's own command line, with a database when the half needs one and none is named."""
    from lab.__main__ import main as lab_main  # the lab is loaded by this command alone

    rest: list[str] = list(arguments.rest)
    needs_database = rest[:1] == ["legacy"] and not any(word.split("=")[0] == "--dsn" for word in rest)
    if not needs_database or "--help" in rest or "-h" in rest:
        return lab_main(rest)
    print("lab: starting an embedded PostgreSQL", file=sys.stderr)
    try:
        return asyncio.run(_with_database(rest))
    except PostgresUnavailable as error:
        print(f"lab: {error}; or name a database with --dsn", file=sys.stderr)
        return 3


async def _with_database(rest: list[str]) -> int:
    async with embedded_postgres() as server:
        command = [sys.executable, "-m", "lab", *rest, "--dsn", server.dsn]
        lab = await asyncio.create_subprocess_exec(*command, preexec_fn=die_with_parent())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, lab.terminate)
        return await lab.wait()
