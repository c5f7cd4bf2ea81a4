"""`python -m lab.connectra`."""

from __future__ import annotations

import argparse
import sys

from lab.connectra.command import add_arguments, run

if __name__ == "__main__":
    _parser = argparse.ArgumentParser(prog="python -m lab.connectra", description="A stand-in for Connectra.")
    add_arguments(_parser)
    sys.exit(run(_parser.parse_args()))
