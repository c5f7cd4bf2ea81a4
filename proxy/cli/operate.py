"""The commands that move percents: set, promote, hold, resume, rollback. Each needs a reason, and is audited."""

from __future__ import annotations

import argparse
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from proxy.cli.client import Control, Refused

COMMANDS = {
    "promote": "to the next rung (or past an open gate with --override, which the audit shows as bypassed evidence)",
    "hold": "keep the percent where it is until `resume`",
    "resume": "lift a hold or a latch; the judge goes on with a new window",
    "rollback": "to 0 % at once, and latched until `resume`",
}


def register(commands: Any) -> None:
    """Adds the five commands to the parser."""
    one = commands.add_parser("set", help="set an endpoint's percent")
    one.add_argument("endpoint")
    one.add_argument("percent", help="0 to 100, in steps of 0.01")
    one.add_argument("--reason", required=True, help="why; kept in the audit")
    one.set_defaults(run=run_set)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        target = command.add_mutually_exclusive_group(required=True)
        target.add_argument("endpoint", nargs="?")
        target.add_argument("--phase")
        target.add_argument("--all", action="store_true")
        command.add_argument("--reason", required=True, help="why; kept in the audit")
        if name == "promote":
            command.add_argument("--override", action="store_true", help="although a gate or a latch says no")
        command.set_defaults(run=run_order, order=name)


def parse_percent(text: str) -> int:
    """`12.5` or `12.5%` → 1250 hundredths. Raises `Refused` with what would be right."""
    try:
        value = Decimal(re.sub(r"\s*%$", "", text.strip()))
    except InvalidOperation:
        raise Refused(f"percent: {text!r} is not a number; give 0 to 100, e.g. 12.5", 2) from None
    hundredths = value * 100
    if not value.is_finite() or not 0 <= value <= 100 or hundredths != hundredths.to_integral_value():
        raise Refused(f"percent: {text} must be between 0 and 100 in steps of 0.01", 2)
    return int(hundredths)


def run_set(arguments: argparse.Namespace, control: Control) -> int:
    """`crossfade set ENDPOINT PERCENT --reason …`."""
    percent = parse_percent(arguments.percent)
    answer = control.post(
        "/set", {"endpoint": arguments.endpoint, "percent": percent / 100, "reason": arguments.reason}
    )
    return show_changes(answer)


def run_order(arguments: argparse.Namespace, control: Control) -> int:
    """promote, hold, resume and rollback of an endpoint, a phase or everything."""
    body: dict[str, Any] = {"reason": arguments.reason}
    if arguments.all:
        body["all"] = True
    elif arguments.phase:
        body["phase"] = arguments.phase
    else:
        body["endpoint"] = arguments.endpoint
    if getattr(arguments, "override", False):
        body["override"] = True
    return show_changes(control.post(f"/{arguments.order}", body))


def show_changes(answer: Any) -> int:
    """One line a changed endpoint; exit code 1 when any was refused."""
    refused = False
    for change in answer["changes"]:
        refused = refused or not change["done"]
        print(f"{change['endpoint']}: {change['text']}")
    return 1 if refused else 0
