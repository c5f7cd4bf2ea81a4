"""`python -m loadtests.micro.compare`: what comparing costs an exchange, beside plain DeepDiff in the same run.

Records are compared under rollout.yaml's rules for a company's contacts, and CSVs of 100,000 rows of the contact
export's 48 columns under those that an export needs. The two take turns, so that a noisy machine is noisy for both.
A CSV is compared in a process of its own, whose greatest memory above what it had before is the figure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import orjson
import yaml
from deepdiff import DeepDiff

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import Rules, parse_rules
from comparators.verdict import Outcome
from loadtests.micro.compare_data import (
    EXPORT_RULES,
    contacts,
    page,
    reordered,
    spelled_otherwise,
    with_differences,
    write_table,
)

ROOT = Path(__file__).resolve().parents[2]
JSON, CSV = (("content-type", "application/json"),), (("content-type", "text/csv; charset=utf-8"),)
TODAY = date(2026, 3, 1)
PATIENCE = 60.0
"""Seconds that DeepDiff is given for one CSV, as foretold from SAMPLE rows."""
SAMPLE = 1_000
CSV_SECONDS, CSV_BYTES = 15.0, 64 << 20


@dataclass(frozen=True, slots=True)
class Case:
    """Two bodies of JSON; `goal` is in seconds, `turns` how often we compare them for each of DeepDiff's."""

    name: str
    legacy: bytes
    candidate: bytes
    outcome: Outcome
    goal: float | None
    turns: int
    peers: int


def main() -> int:
    """Exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.micro.compare", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of a CSV")
    parser.add_argument("--child", nargs=2, type=Path, metavar=("LEGACY", "CANDIDATE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(in_this_process(*arguments.child)))
        return 0
    print(f"{'':46}{'median':>10}{'p99':>10}{'DeepDiff':>11}{'p99':>10}  goal")
    rules, met = company_contacts(), True
    for case in cases():
        met &= record_case(case, rules)
    with tempfile.TemporaryDirectory(prefix="crossfade-compare-") as folder:
        met &= tables(Path(folder), arguments.rows)
    return 0 if met else 1


def company_contacts() -> Rules:
    """The rules of rollout.yaml for a company's contacts."""
    phases = yaml.safe_load((ROOT / "rollout.yaml").read_text())["phases"]
    return next(parse_rules(one["endpoints"]["company-contacts"]["compare"])
                for one in phases if "company-contacts" in one["endpoints"])  # fmt: skip


# -- records and pages ------------------------------------------------------------------------------------------------


def cases() -> list[Case]:
    """Equal ones have their keys in another order: equal bytes would not be read at all."""
    one, few, many = contacts(1), contacts(25), contacts(1_000)
    few_changed, many_changed = with_differences(few, 10), with_differences(many, 10)
    other = {key: one[0][key] for key in reversed(one[0])}
    changed = with_differences(one, 1)[0]
    return [
        Case("a record of 2 KB, equal", orjson.dumps(one[0]), orjson.dumps(other), Outcome.MATCH, 1e-3, 50, 20),
        Case("… one difference", orjson.dumps(one[0]), orjson.dumps(changed), Outcome.MISMATCH, None, 50, 20),
        Case("25 records, 40 KB, equal bytes", page(few), page(few), Outcome.MATCH, 1e-3, 20, 10),
        Case("… equal, keys in another order", page(few), page(reordered(few)), Outcome.MATCH, 1e-3, 20, 10),
        Case("… ten differences", page(few), page(few_changed), Outcome.MISMATCH, 5e-3, 20, 10),
        Case("… every record spelled otherwise as well", page(few), page(spelled_otherwise(few_changed)),
             Outcome.MISMATCH, 5e-3, 20, 10),
        Case("1,000 records, 1.6 MB, equal", page(many), page(reordered(many)), Outcome.MATCH, 50e-3, 15, 2),
        Case("… ten differences", page(many), page(many_changed), Outcome.MISMATCH, 50e-3, 15, 2),
        Case("… every record spelled otherwise as well", page(many), page(spelled_otherwise(many_changed)),
             Outcome.MISMATCH, 50e-3, 15, 1),
    ]  # fmt: skip


def record_case(case: Case, rules: Rules) -> bool:
    """Measures and prints one line; whether its goal was met."""
    legacy, candidate = Answer(200, JSON, case.legacy), Answer(200, JSON, case.candidate)
    found = compare(legacy, candidate, rules, endpoint="company-contacts", today=TODAY)
    if found.outcome is not case.outcome:
        raise SystemExit(f"{case.name}: {found.outcome}, not {case.outcome}: {found.changes[:3]}")

    def ours() -> None:
        compare(legacy, candidate, rules, endpoint="company-contacts", today=TODAY)

    def peer() -> None:
        DeepDiff(orjson.loads(case.legacy), orjson.loads(case.candidate))

    mine: list[float] = []
    others: list[float] = []
    for _ in range(case.peers):
        mine += [timed(ours) for _ in range(case.turns)]
        others.append(timed(peer))
    goal = "" if case.goal is None else f"{case.goal * 1e3:.0f} ms"
    print(f"{case.name:46}{shown(median(mine)):>10}{shown(p99(mine)):>10}{shown(median(others)):>11}"
          f"{shown(p99(others)):>10}  {goal}", flush=True)  # fmt: skip
    return case.goal is None or median(mine) <= case.goal


def timed(work: Callable[[], None]) -> float:
    """Seconds."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def p99(seconds: list[float]) -> float:
    """The greatest of few, the 99th percentile of many."""
    return quantiles(seconds, n=100)[98] if len(seconds) >= 100 else max(seconds)


def shown(seconds: float) -> str:
    """In the unit that fits."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


# -- CSV --------------------------------------------------------------------------------------------------------------


TABLES: tuple[tuple[str, dict[str, Any], int | None], ...] = (
    ("ten differences", {"differences": 10}, 10),
    ("every row spelled otherwise, ten differences", {"differences": 10, "otherwise": True}, 10),
    ("the same, and the first row is missing", {"differences": 10, "otherwise": True, "skip": 1}, 11),
    ("backwards: given up as not comparable", {"backwards": True}, None),
)
"""Name, how the candidate's is written, and the changes that must be found; None: it must not be comparable."""


def tables(folder: Path, rows: int) -> bool:
    """Measures candidates' CSVs against legacy's; whether the goals were met."""
    legacy, candidate = folder / "legacy.csv", folder / "candidate.csv"
    write_table(legacy, rows)
    print(f"CSV, {rows:,} rows of 48 columns, {legacy.stat().st_size / (1 << 20):.0f} MiB"
          f"\n{'':46}{'time':>10}{'memory':>10}{'DeepDiff':>21}  goal")  # fmt: skip
    met = True
    for name, how, changes in TABLES:
        write_table(candidate, rows, **how)
        command = [sys.executable, "-m", "loadtests.micro.compare", "--child", str(legacy), str(candidate)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        found: dict[str, Any] = json.loads(done.stdout)
        if found["changes"] != changes:
            raise SystemExit(f"CSV, {name}: {found['changes']} changes, not {changes}")
        peer = "" if changes is None else foretold(legacy, candidate, rows)
        print(f"… {name:44}{shown(found['seconds']):>10}{found['bytes'] / (1 << 20):>6.1f} MiB{peer:>21}"
              f"  15 s, 64 MiB", flush=True)  # fmt: skip
        met &= found["seconds"] < CSV_SECONDS and found["bytes"] <= CSV_BYTES
    return met


def in_this_process(legacy: Path, candidate: Path) -> dict[str, Any]:
    """One comparison of two spooled CSVs: seconds, and bytes above what this process held before."""
    rules = parse_rules(EXPORT_RULES)
    before = resident("VmRSS")
    begun = perf_counter()
    found = compare(Answer(200, CSV, legacy), Answer(200, CSV, candidate), rules, endpoint="export", today=TODAY)
    seconds = perf_counter() - begun
    changes = None if found.outcome is Outcome.NOT_COMPARABLE else len(found.changes)
    return {"seconds": seconds, "bytes": resident("VmHWM") - before, "changes": changes}


def resident(what: str) -> int:
    """Bytes of this process's memory, now (VmRSS) or at most so far (VmHWM); proc(5)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {what}")


def foretold(legacy: Path, candidate: Path, rows: int) -> str:
    """What DeepDiff would take for the whole CSV, from its first rows; the whole is left out where it takes long."""
    sides = []
    for path in (legacy, candidate):
        with path.open(newline="") as file:
            sides.append([row for row, _ in zip(DictReader(file), range(SAMPLE), strict=False)])
    begun = perf_counter()
    DeepDiff(sides[0], sides[1])
    seconds = (perf_counter() - begun) * rows / SAMPLE
    return f"over 60 s ({seconds:.0f})" if seconds > PATIENCE else f"about {seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
