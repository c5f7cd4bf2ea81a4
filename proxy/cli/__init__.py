"""The command line: `crossfade COMMAND …`. Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 not reachable."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from proxy.cli import check, doctor, lab, operate, serve, show
from proxy.cli.client import Control, Refused, Unreachable, find_control

LOCAL = (serve, check, doctor, lab)
REMOTE = (show, operate)


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    run: Callable[..., int] = arguments.run
    try:
        if not arguments.remote:
            return run(arguments)
        return run(arguments, _control(arguments))
    except Unreachable as error:
        return _failed(str(error), 3)
    except Refused as error:
        return _failed(str(error), error.code)
    except BrokenPipeError:  # the reader of a pipe has seen enough, e.g. `crossfade status | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _failed(text: str, code: int) -> int:
    print(f"crossfade: {text}", file=sys.stderr)
    return code


def _control(arguments: argparse.Namespace) -> Control:
    return find_control(Path(arguments.state), arguments.control, arguments.token_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crossfade", description="Moves a live HTTP API to its new implementation.")
    parser.add_argument("--version", action="version", version=f"crossfade {version('crossfade')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in LOCAL:
        module.register(_Adder(commands, remote=False))
    for module in REMOTE:
        module.register(_Adder(commands, remote=True))
    return parser


class _Adder:
    """Adds commands; those that talk to a running analyst get the options that say where it is."""

    def __init__(self, commands: Any, *, remote: bool) -> None:
        self._commands = commands
        self._remote = remote

    def add_parser(self, name: str, **given: Any) -> argparse.ArgumentParser:
        if "help" in given:
            given.setdefault("description", given["help"])
            given["help"] = given["help"].replace("%", "%%")  # argparse fills variables into the one, not the other
        command: argparse.ArgumentParser = self._commands.add_parser(name, **given)
        command.set_defaults(remote=self._remote)
        if self._remote:
            state = os.environ.get("CROSSFADE_STATE", ".crossfade")
            command.add_argument(
                "--state", default=state, help="the state folder of `crossfade serve` (CROSSFADE_STATE)"
            )
            command.add_argument("--control", help="the control socket, or http://HOST:PORT (CROSSFADE_CONTROL)")
            command.add_argument("--token-file", help="holds the bearer token for a control address on TCP")
        return command
