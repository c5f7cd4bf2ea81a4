"""`make load`: Locust against legacy, through the proxy, and against the candidate, interleaved; then the verdict.

Exit 0: for every endpoint the candidate is at most 20 % slower at p50 and p95. 1: it is not. 2: not enough evidence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtests.demo.overlay import demo_file
from loadtests.demo.stage import Actor, StageError, accepts, free_port, python
from loadtests.demo.world import API_KEY, SECRET, SIGMA, World, latencies, world
from loadtests.verdict import as_html, as_json, exit_code, measured, rows

TARGETS = ("legacy", "proxy", "candidate")
USERS = 40
CALL_MEDIAN = 20.0
"""Milliseconds of one call to the stand-in; legacy takes 25 for a request, and an endpoint may need two calls."""


def main() -> int:
    """Measures; writes reports/load.json and load.html; prints the table."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each target has its turn")
    parser.add_argument("--seconds", type=int, default=15, help="length of one turn")
    parser.add_argument("--rate", type=float, default=80.0, help="requests a second")
    parser.add_argument("--reports", default="reports", help="folder of the reports")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crossfade-load-"))
    try:
        return asyncio.run(_load(arguments, folder))
    except StageError as error:
        print(error, file=sys.stderr)
        return 3
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _load(arguments: argparse.Namespace, folder: Path) -> int:
    console = Console() if sys.stdout.isatty() else Console(width=150)
    say = lambda text: console.print(f"load: {text}", markup=False, highlight=False)  # noqa: E731
    async with world(folder, demo_file(bake="1h"), say) as made:
        for endpoint in latencies():  # all alike: none is slow here by the story's order
            body = {"match": {"endpoint": endpoint}, "median_ms": CALL_MEDIAN, "sigma": SIGMA}
            await made.stand_in("PUT", "/lab/latency", body)
        gateway, port = _gateway(made, folder)
        await gateway.start()
        try:
            await gateway.until(lambda: accepts(port))
            hosts = {
                "legacy": f"http://127.0.0.1:{made.legacy_port}",
                "proxy": made.url,
                "candidate": f"http://127.0.0.1:{port}",
            }
            await _turns(arguments, folder, made, hosts, say)
        finally:
            await gateway.stop()
    return _report(arguments, folder, console)


def _gateway(made: World, folder: Path) -> tuple[Actor, int]:
    port = free_port()
    env = {
        "CONNECTRA_BASE_URL": f"http://127.0.0.1:{made.connectra_port}",
        "CONNECTRA_API_KEY": API_KEY,
        "LEGACY_JWT_SECRET": SECRET,
        "LEGACY_DATABASE_URL": made.lab_dsn,
    }
    return Actor("gateway", python("connectra", "--listen", f"127.0.0.1:{port}"), folder, env), port


async def _turns(arguments: argparse.Namespace, folder: Path, made: World, hosts: dict[str, str], say: object) -> None:
    for target in TARGETS:
        material = {
            "contacts": made.material.contacts,
            "companies": made.material.companies,
            "linkedin": made.material.linkedin,
            "tokens": made.material.tokens,
            "write": target != "candidate",
        }
        (folder / f"{target}.material.json").write_text(json.dumps(material))
    for number in range(arguments.rounds):
        for turn in range(len(TARGETS)):
            target = TARGETS[(number + turn) % len(TARGETS)]
            assert callable(say)
            say(f"round {number + 1} of {arguments.rounds}: {target}")
            await _locust(arguments, folder, target, hosts[target])


async def _locust(arguments: argparse.Namespace, folder: Path, target: str, host: str) -> None:
    locustfile = Path(__file__).with_name("locustfile.py")
    command = python(
        "locust", "-f", str(locustfile), "--headless", "--host", host, "--users", str(USERS), "--spawn-rate",
        str(USERS), "--run-time", f"{arguments.seconds}s", "--only-summary", "--loglevel", "ERROR",
        "--exit-code-on-error", "0",
    )  # fmt: skip
    env = {
        **os.environ,
        "CROSSFADE_MATERIAL": str(folder / f"{target}.material.json"),
        "CROSSFADE_SAMPLES": str(folder / f"{target}.samples.jsonl"),
        "CROSSFADE_RATE_PER_USER": str(arguments.rate / USERS),
    }
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=quiet, stderr=asyncio.subprocess.PIPE)
    _, errors = await asyncio.wait_for(process.communicate(), arguments.seconds + 60)
    if process.returncode != 0:
        raise StageError(f"locust ended with {process.returncode}:\n{errors.decode(errors='replace')[-2000:]}")


def _report(arguments: argparse.Namespace, folder: Path, console: Console) -> int:
    samples: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, int] = {}
    for target in TARGETS:
        by_name: dict[str, list[float]] = defaultdict(list)
        failed[target] = 0
        for line in (folder / f"{target}.samples.jsonl").read_text().splitlines():
            name, seconds, status = json.loads(line)
            if status == 0 or status >= 500:
                failed[target] += 1
            elif name != "write":
                by_name[name].append(seconds)
        samples[target] = by_name
    found = measured(samples)
    heading, *body = rows(found)
    table = Table(*heading, box=None)
    for row in body:
        table.add_row(*row)
    console.print(table)
    when = time.strftime("%Y-%m-%d %H:%M")
    note = f"{when}; failed requests: " + ", ".join(f"{target} {number}" for target, number in failed.items())
    console.print(note)
    reports = Path(arguments.reports)
    reports.mkdir(parents=True, exist_ok=True)
    document = {"note": note, "failed": failed, "endpoints": as_json(found)}
    (reports / "load.json").write_text(json.dumps(document, indent=2) + "\n")
    (reports / "load.html").write_text(as_html(found, note))
    return exit_code(found)


if __name__ == "__main__":
    sys.exit(main())
