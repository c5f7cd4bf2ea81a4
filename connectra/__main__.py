"""`python -m connectra --socket PATH | --listen HOST:PORT`: the gateway, beside a worker or alone."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import uvloop

from connectra.app import Gateway, serve
from connectra.callers import Callers, Users
from connectra.client import Client
from connectra.effects import Effects
from connectra.export_records import Exports
from connectra.handlers.downloads import AGE, Downloads
from connectra.routes import export_download

LONGEST = 3600.0
"""Seconds of the deadline of a call to Connectra."""
OLDEST = 86_400.0
"""Seconds that an export lives on legacy (legacy-api.md §7.3)."""


def main() -> int:
    """Serves until SIGTERM or SIGINT. Exit code 2 when the environment lacks something."""
    parser = argparse.ArgumentParser(prog="connectra", description=__doc__)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--socket", help="a unix socket; only its owner may connect")
    place.add_argument("--listen", metavar="HOST:PORT")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s gateway: %(message)s")
    url = os.environ.get("CONNECTRA_BASE_URL")
    if not url:
        print("connectra: CONNECTRA_BASE_URL is not set: http://HOST:PORT of the search service", file=sys.stderr)
        return 2
    try:
        listen = _place(arguments.listen) if arguments.listen else None
        timeout = _seconds("CONNECTRA_TIMEOUT", "30", LONGEST)
        age = _seconds("LEGACY_EXPORT_AGE", f"{AGE:g}", OLDEST)
    except ValueError as error:
        print(f"connectra: {error}", file=sys.stderr)
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(url, timeout, age, arguments.socket, listen))
    return 0


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"--listen {text}: give HOST:PORT, the port within 0 to 65535")
    return host, int(port)


def _seconds(name: str, default: str, most: float) -> float:
    """A variable's value. Raises ValueError with its name."""
    text = os.environ.get(name) or default
    wrong = f"{name}={text}: give seconds above 0, as 30 or 0.5"
    try:
        seconds = float(text.strip().removesuffix("s"))
    except ValueError as error:
        raise ValueError(wrong) from error
    if not 0 < seconds <= most:
        raise ValueError(f"{wrong}, at most {most:g}")
    return seconds


async def _run(url: str, timeout: float, age: float, socket: str | None, listen: tuple[str, int] | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = Client(url, os.environ.get("CONNECTRA_API_KEY", ""), timeout)
    users = Users(os.environ.get("LEGACY_DATABASE_URL"))
    legacy_secret = os.environ.get("LEGACY_JWT_SECRET")
    callers, downloads = Callers(legacy_secret, users), Downloads(Exports(users.database), legacy_secret, age)
    effects = Effects(os.environ.get("LEGACY_DATABASE_URL"))
    if socket is not None:
        _remove(socket)
        os.umask(0o177)  # the socket is its owner's alone
    try:
        ours, more = os.environ.get("CROSSFADE_GATEWAY_SECRET", ""), (export_download(downloads),)
        gateway = Gateway(client, callers, ours, effects=effects, more=more)
        await serve(gateway, socket=socket, listen=listen, stop=stop)
    finally:
        await client.close()
        await users.close()
        await effects.close()


def _remove(socket: str) -> None:
    """What an earlier process left."""
    with suppress(FileNotFoundError):
        Path(socket).unlink()


if __name__ == "__main__":
    sys.exit(main())
