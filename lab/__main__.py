"""`python -m lab legacy|connectra …`: one half of the lab. Says where it listens, and serves until SIGTERM."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

HALVES = {"legacy": "lab.legacy.command", "connectra": "lab.connectra.command"}
"""The module of each half; only the one that is asked for is loaded."""


def main(argv: list[str] | None = None) -> int:
    """Runs one half; returns the exit code."""
    given = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("half", choices=sorted(HALVES), help="which half of the lab")
    name = parser.parse_args(given[:1]).half
    module = import_module(HALVES[name])
    half = argparse.ArgumentParser(prog=f"lab {name}", description=module.__doc__)
    module.add_arguments(half)
    code: int = module.run(half.parse_args(given[1:]))
    return code


if __name__ == "__main__":
    sys.exit(main())
