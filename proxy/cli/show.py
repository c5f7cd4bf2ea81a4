"""The commands that look: status, explain, mismatches, repro, audit."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from proxy.cli.client import Control, Unreachable

COLOURS = {
    "shadowing": "cyan", "baking": "green", "done": "bold green", "held": "yellow",
    "backing off": "magenta", "held for a person": "bold red",
}  # fmt: skip
WATCH_EVERY = 1.0


def register(commands: Any) -> None:
    """Adds the commands."""
    status = commands.add_parser("status", help="one line an endpoint: percent, rung, verdict, what is missing")
    status.add_argument("--watch", action="store_true", help="again every second, until Ctrl-C")
    _finish(status, run_status)
    explain = commands.add_parser("explain", help="which gate holds an endpoint, with figures and history")
    explain.add_argument("endpoint")
    _finish(explain, run_explain)
    mismatches = commands.add_parser("mismatches", help="kinds of mismatch, with an example and the rule that hides it")
    mismatches.add_argument("endpoint", nargs="?")
    mismatches.add_argument("--limit", type=int, default=20)
    _finish(mismatches, run_mismatches)
    repro = commands.add_parser("repro", help="curl lines that ask both sides again for a kept example")
    repro.add_argument("id")
    _finish(repro, run_repro)
    audit = commands.add_parser("audit", help="who moved what, when and why")
    audit.add_argument("endpoint", nargs="?")
    audit.add_argument("--limit", type=int, default=50)
    _finish(audit, run_audit)


def _finish(command: argparse.ArgumentParser, run: Any) -> None:
    command.add_argument("--json", action="store_true", help="for machines")
    command.set_defaults(run=run)


def run_status(arguments: argparse.Namespace, control: Control) -> int:
    """Exit code 1 when something needs a person: blind, a refused file, an endpoint held for a person."""
    status = control.get("/status")
    if arguments.json and not arguments.watch:
        return _json(status)
    if not arguments.watch:
        Console().print(status_table(status))
        return 1 if worries(status) else 0
    return _watch(control, status, as_json=arguments.json)


def _watch(control: Control, status: Any, *, as_json: bool) -> int:
    if as_json:
        while True:
            print(json.dumps(status), flush=True)
            time.sleep(WATCH_EVERY)
            status = control.get("/status")
    with Live(status_table(status), auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_EVERY)
            try:
                live.update(status_table(control.get("/status")), refresh=True)
            except Unreachable as error:
                live.update(Text(str(error), style="red"), refresh=True)


def worries(status: Any) -> list[str]:
    """What needs a person, in words."""
    found = []
    if status.get("blind"):
        found.append("BLIND: the lease has run out, legacy serves everybody; look at the analyst's log")
    config = status.get("config", {})
    if not config.get("ok", True):
        found.append(f"rollout.yaml is refused, the last good one is in force: {config.get('error')}")
    store = status.get("store", {})
    if not store.get("ok", True):
        found.append(f"PostgreSQL is away ({store.get('error', 'no answer')}): nothing is promoted until it is back")
    found += [
        f"{one['name']} is held for a person: crossfade explain {one['name']}"
        for one in status["endpoints"]
        if one["status"] == "held for a person"
    ]
    return found


def status_table(status: Any) -> Table:
    """The live table: one line an endpoint."""
    table = Table(box=None, pad_edge=False, title=None, caption="\n".join(worries(status)) or None, expand=True)
    for name in ("endpoint", "percent", "next", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("compared", justify="right", no_wrap=True)
    table.add_column("differ", justify="right", no_wrap=True)
    table.add_column("fallbacks", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold", ratio=1)
    for one in status["endpoints"]:
        rung = one.get("rung")
        table.add_row(
            one["name"],
            f"{one['percent']:g} %",
            "" if rung is None else f"{rung:g} %",
            Text(one["status"], style=COLOURS.get(one["status"], "")),
            str(one.get("compared", "")),
            str(one.get("mismatches", "")),
            str(one.get("fallbacks", "")),
            one.get("missing") or one.get("verdict") or "",
        )
    return table


def run_explain(arguments: argparse.Namespace, control: Control) -> int:
    """Exit code 1 when a gate holds the endpoint."""
    found = control.get("/explain", endpoint=arguments.endpoint)
    if arguments.json:
        return _json(found)
    print(f"{found['name']}: {found['percent']:g} %, {found['status']}, window {found['window']}")
    print(f"  {found.get('missing') or found.get('verdict') or ''}")
    for gate in found.get("gates", []):
        print(f"  {gate['standing']:<9} {gate['name']}: {gate['text']}")
    history = found.get("history", [])
    if history:
        print("history, newest first:")
        for row in history:
            print(f"  {_row(row)}")
    return 1 if any(gate["standing"] not in ("passed", "removed") for gate in found.get("gates", [])) else 0


def run_mismatches(arguments: argparse.Namespace, control: Control) -> int:
    """Exit code 1 when there are any."""
    found = control.get("/mismatches", endpoint=arguments.endpoint, limit=arguments.limit)["mismatches"]
    if arguments.json:
        return _json(found)
    for one in found:
        print(f"{one['fingerprint']}  {one['endpoint']}  {one['count']} times, last {when(one['last_seen'])}")
        for path in one.get("paths", []):
            print(f"    {path}")
        if one.get("example"):
            print(f"    example: crossfade repro {one['example']}")
        if one.get("rule"):
            print("    the rule that would accept it:")
            print("\n".join(f"        {line}" for line in one["rule"].splitlines()))
            print(f"    what it would hide: {one.get('hides', '')}")
    if not found:
        print("no mismatches")
    return 1 if found else 0


def run_repro(arguments: argparse.Namespace, control: Control) -> int:
    """Prints the lines; placeholders stand where nothing may be kept."""
    found = control.get("/repro", id=arguments.id)
    if arguments.json:
        return _json(found)
    print("\n".join(found["curl"]))
    return 0


def run_audit(arguments: argparse.Namespace, control: Control) -> int:
    """One line a transition, newest first."""
    rows = control.get("/audit", endpoint=arguments.endpoint, limit=arguments.limit)["rows"]
    if arguments.json:
        return _json(rows)
    for row in rows:
        print(_row(row))
    return 0


def when(value: Any) -> str:
    """A time of the API (Unix seconds or RFC 3339) for people, in UTC."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(value).replace("T", " ")[:19]


def _row(row: Any) -> str:
    bypassed = f" [bypassed evidence: {row['bypassed']}]" if row.get("bypassed") else ""
    moved = f"{row['percent_from']:g} → {row['percent_to']:g} %"
    return f"{when(row['at'])}  {row['endpoint']}: {row['kind']}, {moved}, by {row['who']}: {row['reason']}{bypassed}"


def _json(value: Any) -> int:
    json.dump(value, sys.stdout, indent=2)
    print()
    return 0
