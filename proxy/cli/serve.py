"""`crossfade serve`: everything of a host. Opens the sockets, keeps the processes running, drains on SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlsplit

from proxy import telemetry
from proxy.settings import Paths
from proxy.spooling import sweep
from proxy.store.embedded import PostgresUnavailable, embedded_postgres
from proxy.supervisor import AddressError, Program, listen, supervise
from rollout.compile import boot_table
from rollout.config import ConfigError, parse
from rollout.facts import Unreadable
from rollout.flags import flags_of, parse_flags
from rollout.model import Config
from rollout.table import Table, from_bytes, to_bytes

log = logging.getLogger("crossfade.serve")
WORKER_PATIENCE = 40.0
LEGACY_DEADLINE = 3.0


class CanNotServe(Exception):
    """Something that the operator has to change first; the text says what and how. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What this host runs: a valid configuration, its secret and where things are."""

    config: Config
    path: Path
    paths: Paths
    secret: str
    listen: tuple[str, int]
    metrics: str
    workers: int
    log: str
    round: float


def register(commands: Any) -> None:
    """Adds the command."""
    command = commands.add_parser("serve", help="run the proxy and all that belongs to it on this host")
    command.add_argument("--config", required=True, help="rollout.yaml")
    command.add_argument("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="where clients connect")
    command.add_argument("--metrics", default="127.0.0.1:9180", metavar="HOST:PORT", help="metrics and health")
    command.add_argument("--state", default=os.environ.get("CROSSFADE_STATE", ".crossfade"), help="the state folder")
    command.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="worker processes (one a core)")
    command.add_argument("--round", type=float, default=1.0, help="seconds between two looks of the judge")
    command.add_argument("--log", choices=("json", "plain"), default=None, help="form of the log lines")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or SIGINT."""
    form = arguments.log or os.environ.get("CROSSFADE_LOG") or ("plain" if sys.stderr.isatty() else "json")
    telemetry.configure("supervisor", as_json=form == "json")
    try:
        plan = _plan(arguments, form)
        with _only_one(plan.paths):
            return asyncio.run(_serve(plan))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    except (CanNotServe, AddressError, PostgresUnavailable) as error:
        print(f"crossfade: {error}", file=sys.stderr)
    return 2


def address(text: str, flag: str) -> tuple[str, int]:
    """`HOST:PORT` or `[V6]:PORT`. Raises CanNotServe."""
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise CanNotServe(f"{flag} {text}: give HOST:PORT, e.g. 127.0.0.1:8080")
    return parts.hostname, port


def _plan(arguments: argparse.Namespace, form: str) -> Plan:
    path = Path(arguments.config)
    try:
        text = path.read_text()
    except OSError as error:
        raise CanNotServe(
            f"--config {path}: {error.strerror}; the repository ships a rollout.yaml to begin with"
        ) from error
    if arguments.workers < 1:
        raise CanNotServe(f"--workers {arguments.workers}: at least 1")
    address(arguments.metrics, "--metrics")
    config = parse(text, os.environ, name=str(path))
    paths = Paths(Path(arguments.state).absolute())
    try:
        paths.prepare()
    except OSError as error:
        raise CanNotServe(f"--state {paths.state}: {error.strerror}; it must be a folder that we may write") from error
    return Plan(
        config, path.absolute(), paths, _secret(paths), address(arguments.listen, "--listen"),
        arguments.metrics, arguments.workers, form, arguments.round,
    )  # fmt: skip


def _secret(paths: Paths) -> str:
    """From CROSSFADE_SECRET, or made once and kept in the state folder."""
    given = os.environ.get("CROSSFADE_SECRET")
    if given:
        return given.encode().hex()
    if not paths.secret.exists():
        descriptor = os.open(paths.secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return paths.secret.read_text().strip()


@contextmanager
def _only_one(paths: Paths) -> Iterator[None]:
    """Holds a lock on the state folder: two supervisors would answer each other's workers."""
    with (paths.state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CanNotServe(
                f"--state {paths.state}: another `crossfade serve` uses it; give this one its own"
            ) from error
        yield


async def _serve(plan: Plan) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        opened = listen(*plan.listen)
        stack.callback(opened.close)
        await _look_at_legacy(plan.config)
        dsn = await stack.enter_async_context(_database(plan))
        plan.paths.table.write_bytes(to_bytes(_boot_table(plan)))
        sweep(plan.paths.spool, inf)  # whoever wrote or held those files has ended
        if not stop.is_set():
            host, port = opened.getsockname()[:2]
            log.info(
                "listening on http://%s:%d with %d workers; legacy is %s",
                host,
                port,
                plan.workers,
                plan.config.legacy.url,
            )
            await supervise(list(_programs(plan, opened, dsn)), stop)
    return 0


async def _look_at_legacy(config: Config) -> None:
    """Says at once what would otherwise be found out by the first client."""
    parts = urlsplit(config.legacy.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connecting = asyncio.open_connection(parts.hostname, port)
        _, writer = await asyncio.wait_for(connecting, LEGACY_DEADLINE)
        writer.close()
    except (OSError, TimeoutError) as error:
        log.error(
            "legacy does not answer at %s (%s); clients get 502 until it does. Check `legacy.url` in rollout.yaml",
            config.legacy.url, str(error) or type(error).__name__,
        )  # fmt: skip


@asynccontextmanager
async def _database(plan: Plan) -> AsyncIterator[str]:
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    log.info("DATABASE_URL is not set: starting a PostgreSQL of our own in %s", plan.paths.postgres)
    async with embedded_postgres(plan.paths.postgres) as server:
        yield server.dsn


def _boot_table(plan: Plan) -> Table:
    """What the workers begin with: the last-known-good percents if they are fresh, else 0 everywhere."""
    last = None
    if plan.paths.table.exists():
        try:
            last = from_bytes(plan.paths.table.read_bytes())
        except (OSError, Unreadable) as error:
            log.warning("the last routing table can not be read (%s): starting at 0 %%", error)
    flags_path = None if plan.config.flags_file is None else plan.path.parent / plan.config.flags_file
    text = flags_path.read_text() if flags_path is not None and flags_path.exists() else None
    flags = flags_of(plan.config, os.environ, None if text is None else parse_flags(text))
    return boot_table(
        plan.config, last, flags, now=time(), secret=bytes.fromhex(plan.secret), gateway=str(plan.paths.gateway)
    )


def _programs(plan: Plan, opened: socket.socket, dsn: str) -> Iterator[Program]:
    python = (sys.executable, "-m")
    base = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LEGACY_DATABASE_URL")}
    base |= {
        "CROSSFADE_SECRET": plan.secret,
        "CROSSFADE_GATEWAY_SECRET": secrets.token_hex(32),
        "CROSSFADE_LOG": plan.log,
        "PYTHONUNBUFFERED": "1",
    }
    state = str(plan.paths.state)
    connectra = plan.config.connectra
    if connectra is not None:
        legacy_dsn = {"LEGACY_DATABASE_URL": url} if (url := os.environ.get("LEGACY_DATABASE_URL")) else {}
        env = base | legacy_dsn | {
            "CONNECTRA_BASE_URL": connectra.url,
            "CONNECTRA_API_KEY": connectra.api_key,
            "CONNECTRA_TIMEOUT": str(connectra.timeout),
        }  # fmt: skip
        yield Program("gateway", (*python, "connectra", "--socket", str(plan.paths.gateway)), env)
    analyst: tuple[str, ...] = (*python, "proxy.analyst.process", "--config", str(plan.path), "--state", state)
    analyst += ("--metrics", plan.metrics, "--round", str(plan.round), "--workers", str(plan.workers))
    yield Program("analyst", analyst, base | {"DATABASE_URL": dsn}, patience=20.0)
    for index in range(plan.workers):
        worker: tuple[str, ...] = (*python, "proxy.worker.process", "--listen-fd", str(opened.fileno()))
        worker += ("--state", state, "--index", str(index), "--workers", str(plan.workers))
        hidden = ("CONNECTRA_", "LEGACY_JWT")
        env = {name: value for name, value in base.items() if not name.startswith(hidden)}
        yield Program(f"worker-{index}", worker, env, (opened.fileno(),), stage=1, patience=WORKER_PATIENCE)
