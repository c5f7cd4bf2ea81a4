"""`python -m loadtests.replay`: generated requests over all endpoints, asked of legacy and of the gateway.

Exit 1 unless every answer of the gateway is legacy's under the rules of rollout.yaml: equal, accepted by a rule, or
declined by name. Of many requests every known difference that can occur must have occurred.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic

from comparators.rules import Rules
from loadtests.replay.asking import Asked, Sides, Tally, ask
from loadtests.replay.costs import Costs, of_costs
from loadtests.replay.differences import Occurred
from loadtests.replay.questions import Data, Question, Questions
from loadtests.replay.report import failed, of_rows, printed
from loadtests.replay.world import Sizes, world
from rollout.config import parse

FILE = Path(__file__).parents[2] / "rollout.yaml"
PLACES = {"LEGACY_URL": "http://127.0.0.1:1", "CONNECTRA_BASE_URL": "http://127.0.0.1:2", "CONNECTRA_API_KEY": "k"}


def main() -> int:
    """Exit 1 for any answer that is not legacy's, and where a known difference that can occur did not."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.replay", description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--companies", type=int, default=Sizes().companies)
    parser.add_argument("--contacts", type=int, default=Sizes().contacts)
    parser.add_argument("--exported", type=int, default=Sizes().exported, help="rows of each export; 0: none are asked")
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crossfade-replay-"))
    began = monotonic()

    def say(text: str) -> None:
        print(f"{monotonic() - began:6.1f} s  {text}", flush=True)

    try:
        sizes = Sizes(given.companies, given.contacts, given.exported)
        tally, occurred, costs = asyncio.run(_replayed(folder, sizes, given.requests, given.at_once, given.seed, say))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(printed(tally))
    print(of_costs(costs))
    print(of_rows(occurred))
    return int(failed(tally, occurred))


def shipped_rules() -> dict[str, Rules]:
    """The rules of each endpoint of the shipped rollout.yaml."""
    config = parse(FILE.read_text(), PLACES)
    return {one.name: one.rules for phase in config.phases for one in phase.endpoints}


async def _replayed(
    folder: Path, sizes: Sizes, number: int, at_once: int, seed: int, say: Callable[[str], None]
) -> tuple[Tally, Occurred, Costs]:
    async with world(folder, sizes, say) as (sides, data):
        say(f"asking {number:,} questions of both sides")
        return await replay(sides, data, number, at_once, seed)


async def replay(sides: Sides, data: Data, number: int, at_once: int, seed: int) -> tuple[Tally, Occurred, Costs]:
    """What came of so many questions, `at_once` at a time, the known differences among it, and what comparing cost."""
    rules, tally, occurred, today = shipped_rules(), Tally(), Occurred(data), datetime.now(UTC).date()
    costs = Costs()
    waiting: Iterator[Question] = islice(iter(Questions(data, seed)), number)

    async def some() -> None:
        for question in waiting:
            one: Asked = await ask(sides, question, rules[question.endpoint], today)
            tally.take(one)
            occurred.take(one)
            costs.take(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(some(), name="asking")
    return tally, occurred, costs


if __name__ == "__main__":
    sys.exit(main())
