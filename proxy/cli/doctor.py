"""`crossfade doctor`: looks at everything that a host needs, and says of each what is wrong and what to do."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

import proxy
from connectra.effects import Effects
from proxy.cli.client import Refused, Unreachable, find_control
from proxy.settings import Paths
from proxy.store.embedded import installations
from rollout.config import ConfigError, parse
from rollout.flags import CONNECTRA
from rollout.model import Config

LEAST_FREE = 1 << 30
DEADLINE = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is what to do; empty when `good`."""

    what: str
    good: bool
    text: str
    remedy: str = ""


def register(commands: Any) -> None:
    """Adds the command."""
    command = commands.add_parser("doctor", help="look at what a host needs; exit 1 when something is wrong")
    command.add_argument("--config", default="rollout.yaml")
    command.add_argument("--state", default=os.environ.get("CROSSFADE_STATE", ".crossfade"))
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """One line a finding."""
    findings = list(_findings(Path(arguments.config), Paths(Path(arguments.state).absolute())))
    for finding in findings:
        print(f"{'ok   ' if finding.good else 'WRONG'} {finding.what}: {finding.text}")
        if not finding.good:
            print(f"      {finding.remedy}")
    return 0 if all(finding.good for finding in findings) else 1


def _findings(config_path: Path, paths: Paths) -> Iterator[Finding]:
    yield _package()
    yield _disk(paths)
    yield _database()
    config, finding = _config(config_path)
    yield finding
    if config is not None:
        yield _peer("legacy", config.legacy.url, "check `legacy.url` in rollout.yaml, or start it")
        if config.connectra is not None:
            yield _peer(
                "connectra", config.connectra.url, "check CONNECTRA_BASE_URL; clients are not concerned, legacy serves"
            )
            secret = bool(os.environ.get("LEGACY_JWT_SECRET"))
            text = (
                "LEGACY_JWT_SECRET is set"
                if secret
                else "LEGACY_JWT_SECRET is not set: the gateway declines every call"
            )
            yield Finding("gateway", secret, text, "give it the secret with which legacy signs its tokens")
        yield from _effects(config)
    yield _analyst(paths)


def _effects(config: Config) -> Iterator[Finding]:
    """Of the endpoints whose requests do something on legacy; one that asks for no percent is fine in shadow."""
    found = [endpoint for endpoint in config.endpoints if endpoint.effects and endpoint.candidate == CONNECTRA]
    if not found:
        return
    why = asyncio.run(_why_no_effects())
    names = ", ".join(endpoint.name for endpoint in found)
    text = f"{names}: can be made in legacy's database" if why is None else f"{names} stays in shadow: {why}"
    good = why is None or all(endpoint.percent == 0 for endpoint in found)
    yield Finding("effects", good, text, "docs/operating.md says how effects are arranged; or set `percent: 0`")


async def _why_no_effects() -> str | None:
    effects = Effects(os.environ.get("LEGACY_DATABASE_URL") or None)
    try:
        return await effects.ready()
    finally:
        await effects.close()


def _package() -> Finding:
    ours = Path(proxy.__file__).with_name("journey.py").exists()
    remedy = "the package `proxy.py` hides ours: uninstall it, or use an environment of Crossfade's own"
    return Finding("package", ours, f"`proxy` is {'ours' if ours else proxy.__file__}", remedy)


def _disk(paths: Paths) -> Finding:
    folder = paths.state if paths.state.exists() else paths.state.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        "disk", free >= LEAST_FREE, f"{free >> 20} MiB free at the state folder", "make room: at least 1 GiB"
    )


def _database() -> Finding:
    dsn = os.environ.get("DATABASE_URL")
    if not dsn:
        found = list(installations())
        text = f"DATABASE_URL is not set; an embedded PostgreSQL {found[0].major} is used" if found else "none found"
        return Finding("store", bool(found), text, "set DATABASE_URL, or install PostgreSQL 15 to 18")
    try:
        return Finding("store", True, f"PostgreSQL {asyncio.run(_version(dsn))} answers at DATABASE_URL")
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        text = f"DATABASE_URL does not answer: {str(error) or type(error).__name__}"
        return Finding("store", False, text, "start PostgreSQL, or correct DATABASE_URL")


async def _version(dsn: str) -> str:
    connection = await asyncpg.connect(dsn, timeout=DEADLINE)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


def _config(path: Path) -> tuple[Config | None, Finding]:
    try:
        config = parse(path.read_text(), os.environ, name=str(path))
    except OSError as error:
        return None, Finding("rollout.yaml", False, f"{path}: {error.strerror}", "name the file with --config")
    except ConfigError as error:
        text = f"{len(error.problems)} problems, the first: {error.problems[0]}"
        return None, Finding("rollout.yaml", False, text, f"crossfade check {path} lists them all")
    return config, Finding("rollout.yaml", True, f"{len(config.endpoints)} endpoints in {len(config.phases)} phases")


def _peer(what: str, url: str, remedy: str) -> Finding:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        asyncio.run(_connect(parts.hostname or "", port))
    except (OSError, TimeoutError) as error:
        return Finding(what, False, f"{url} does not answer: {str(error) or type(error).__name__}", remedy)
    return Finding(what, True, f"{url} answers")


async def _connect(host: str, port: int) -> None:
    _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), DEADLINE)
    writer.close()
    await writer.wait_closed()


def _analyst(paths: Paths) -> Finding:
    try:
        status = find_control(paths.state, None, None).get("/status")
    except (Unreachable, Refused) as error:
        return Finding(
            "analyst", False, str(error), f"start it: {Path(sys.argv[0]).name} serve --state {paths.state} …"
        )
    blind = status.get("blind", False)
    text = "blind: workers serve legacy only" if blind else f"answers; table epoch {status.get('epoch')}"
    return Finding("analyst", not blind, text, "look at the analyst's log lines")
