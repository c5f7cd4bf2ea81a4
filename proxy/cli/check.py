"""`crossfade check FILE`: every error of a rollout.yaml at once, or what is in it. Exit code 2 for errors."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rollout.config import ConfigError, Problem, parse
from rollout.effects import why_not
from rollout.flags import CONNECTRA, Flags, FlagsFile, flags_of, parse_flags
from rollout.ladder import written
from rollout.model import Config, Endpoint


def register(commands: Any) -> None:
    """Adds the command."""
    command = commands.add_parser("check", help="all errors of a rollout.yaml at once, or what is in it")
    command.add_argument("file", help="rollout.yaml; variables are taken from the environment")
    command.add_argument("--json", action="store_true", help="for machines")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when `serve` would take the file, 2 when it would not. Warnings change nothing in that."""
    path = Path(arguments.file)
    try:
        config = parse(path.read_bytes().decode(), os.environ, name=arguments.file)
    except OSError as error:
        return _refused([Problem(1, 1, f"can not be read: {error.strerror}", None, arguments.file)], arguments.json)
    except UnicodeDecodeError as error:
        return _refused([Problem(1, 1, f"not UTF-8, at byte {error.start}", None, arguments.file)], arguments.json)
    except ConfigError as error:
        return _refused(list(error.problems), arguments.json)
    flags = flags_of(config, os.environ, read_flags(config, path))
    if arguments.json:
        print(json.dumps({"ok": True, "problems": [], **_content(config, flags)}, ensure_ascii=False, indent=2))
        return 0
    for warning in warnings(config, flags):
        print(f"{arguments.file}: warning: {warning}", file=sys.stderr)
    print(f"{arguments.file}: {len(config.endpoints)} endpoints in {len(config.phases)} phases, no errors")
    for endpoint in config.endpoints:
        print(f"  {_line(endpoint, flags)}")
    return 0


def warnings(config: Config, flags: Flags) -> list[str]:
    """What of a valid file will not be in force."""
    percents = [
        f"{endpoint.name}: its percent will not be in force, since it has effects on legacy: {why}"
        for endpoint in config.endpoints
        if endpoint.percent > 0 and (why := no_effects(endpoint)) is not None
    ]
    declined = [
        f"{endpoint.name}: the gateway reads legacy's exports, and LEGACY_DATABASE_URL is not set: it declines them all"
        for endpoint in config.endpoints
        if endpoint.stream and endpoint.candidate == CONNECTRA and not os.environ.get("LEGACY_DATABASE_URL")
    ]
    return [*flags.warnings, *percents, *declined]


def read_flags(config: Config, path: Path) -> FlagsFile | None:
    """The flags of `flags_file`, which is named relative to the configuration; None if there is none to read."""
    if config.flags_file is None:
        return None
    try:
        return parse_flags((path.parent / config.flags_file).read_text())
    except (OSError, UnicodeDecodeError):
        return None  # the warnings of `flags_of` say so


def _refused(problems: list[Problem], as_json: bool) -> int:
    if as_json:
        found = [asdict(problem) for problem in problems]
        print(json.dumps({"ok": False, "problems": found}, ensure_ascii=False, indent=2))
        return 2
    for problem in problems:
        print(problem)
    count = f"{len(problems)} error{'s' if len(problems) != 1 else ''}"
    print(f"{count}; nothing of this file takes effect", file=sys.stderr)
    return 2


def _line(endpoint: Endpoint, flags: Flags) -> str:
    allowed = flags.of(endpoint.phase, endpoint.candidate)
    notes = [f"{endpoint.phase}", f"{endpoint.method} {endpoint.template}", written(endpoint.percent)]
    if endpoint.effects:
        why = no_effects(endpoint)
        notes.append("effects: made in legacy's database" if why is None else f"effects: shadow only, {why}")
    if endpoint.stream:
        notes.append(f"streams, compared up to {endpoint.budget.spool >> 20} MiB")
    if not allowed.serve:
        notes.append("off" if not allowed.mirror else "off, mirrored")
    removed = removed_gates(endpoint)
    if removed:
        notes.append(f"without {', '.join(removed)}")
    return f"{endpoint.name:24} {' · '.join(notes)}"


def no_effects(endpoint: Endpoint) -> str | None:
    """Why this endpoint's effects can not be made, as far as the environment tells; the gateway looks further."""
    return why_not(endpoint, None if os.environ.get("LEGACY_DATABASE_URL") else "LEGACY_DATABASE_URL is not set")


def removed_gates(endpoint: Endpoint) -> list[str]:
    """Gates of promotion that this file takes away."""
    return [name for name, limit in asdict(endpoint.thresholds.promote_when).items() if limit is None]


def _content(config: Config, flags: Flags) -> dict[str, Any]:
    endpoints = [
        {
            "name": endpoint.name,
            "phase": endpoint.phase,
            "match": f"{endpoint.method} {endpoint.template}",
            "candidate": endpoint.candidate,
            "percent": endpoint.percent / 100,
            "serve": flags.of(endpoint.phase, endpoint.candidate).serve and no_effects(endpoint) is None,
            "mirror": flags.of(endpoint.phase, endpoint.candidate).mirror,
            "removed_gates": removed_gates(endpoint),
        }
        for endpoint in config.endpoints
    ]
    return {"endpoints": endpoints, "warnings": warnings(config, flags), "digest": config.digest}
