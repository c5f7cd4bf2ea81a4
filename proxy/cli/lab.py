"""`crossfade lab legacy|connectra …`: one half of the lab, over an embedded PostgreSQL unless a DSN is given."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from lab.__main__ import main as lab_main

from proxy.store.embedded import embedded_postgres


def register(commands: Any) -> None:
    """Adds the command; its arguments are the lab's own."""
    command = commands.add_parser(
        "lab", help="run the reference legacy API or the Connectra stand-in", add_help=False, prefix_chars="\0"
    )
    command.add_argument("rest", nargs=argparse.REMAINDER)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hands over to the lab's own command line, with a database when the half needs one and none is named."""
    rest: list[str] = list(arguments.rest)
    needs_database = rest[:1] == ["legacy"] and not any(word.split("=")[0] == "--dsn" for word in rest)
    if not needs_database or "--help" in rest or "-h" in rest:
        return lab_main(rest)
    print("lab: starting an embedded PostgreSQL", file=sys.stderr)
    return asyncio.run(_with_database(rest))


async def _with_database(rest: list[str]) -> int:
    async with embedded_postgres() as server:
        return await asyncio.to_thread(lab_main, [*rest, "--dsn", server.dsn])
