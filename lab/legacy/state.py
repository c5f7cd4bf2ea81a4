"""What lives as long as the server: options, connections, users known, jobs, latencies."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from lab.legacy.auth import Users
from lab.legacy.latency import Latencies
from lab.legacy.quirks import DEFAULT, Quirk, Quirks

if TYPE_CHECKING:
    from lab.legacy.jobs import Jobs

HOSTS = ("localhost", "127.0.0.1", "testserver")
"""Names that the Host header may have."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the server is started. `base_url` None is the address that it listens on; `uploads` None a temporary folder.

    `data` is a folder of recordings (seed.jsonl); without it `companies` and `contacts` people are generated
    from `seed`. `shuffle`: rows in random order wherever the original has no order.
    """

    dsn: str
    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    secret: str = field(default="lab-secret", repr=False)
    quirks: Quirks = DEFAULT
    uploads: Path | None = None
    base_url: str | None = None
    hosts: tuple[str, ...] = HOSTS
    companies: int = 2000
    contacts: int = 20000
    users: int = 2500
    seed: int = 1
    shuffle: bool = False
    connections: int = 20
    merge_interval: float = 5.0


@dataclass(slots=True)
class Lab:
    """The running server's parts. `quirks` may be changed while it runs."""

    options: Options
    pool: asyncpg.Pool[asyncpg.Record]
    users: Users
    jobs: Jobs
    latencies: Latencies
    exports: Path
    base_url: str
    quirks: Quirks
    rng: random.Random

    def last(self, tie_breaker: str) -> str:
        """What decides where the original leaves the order open: a column, or chance."""
        return "random()" if self.options.shuffle else tie_breaker

    def tie(self, tie_breaker: str) -> str:
        """What decides between rows that an explicit ordering leaves equal; empty: nothing, as in the original."""
        return "" if Quirk.TIES_OPEN in self.quirks and not self.options.shuffle else self.last(tie_breaker)
