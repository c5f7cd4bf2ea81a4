"""The values that rollout.yaml becomes. Percents are in hundredths (0..10000), times in seconds, sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rollout.thresholds import Thresholds

if TYPE_CHECKING:
    from comparators.rules import Rules

FULL = 10_000
"""One hundred percent, in hundredths of a percent: the number of buckets."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """An HTTP peer. `url` without path; `headers` are the request fields that it gets (None: all of them)."""

    url: str
    timeout: float = 30.0
    headers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Connectra:
    """The search service behind the bundled gateway."""

    url: str
    api_key: str = field(repr=False)
    timeout: float = 30.0
    cache: float = 0.0
    """Greatest age of a cached single record, seconds, where an endpoint does not say otherwise; 0 is off."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What mirroring may use on this host: requests in flight, requests a second, body bytes, seconds.

    `spool` is the greatest answer kept in a file for comparing, on endpoints with `stream: true`.
    """

    in_flight: int = 64
    rate: float = 200.0
    body: int = 1 << 20
    deadline: float = 10.0
    spool: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One migrated operation, with everything that the file says of it (defaults merged in)."""

    name: str
    phase: str
    method: str
    template: str
    candidate: str
    """`connectra` for the bundled gateway, else the URL of a candidate service."""
    percent: int
    percent_writable: bool
    """False where the scalar is an alias or holds `${…}`: then the judge's moves are not written back."""
    auto: bool
    rules: Rules
    thresholds: Thresholds
    ladder: tuple[int, ...]
    bake: float
    budget: Budget
    sticky: tuple[str, ...] = ("client_ip",)
    shadow: int = FULL
    recheck: tuple[float, ...] = (2.0, 8.0)
    lag_window: float = 60.0
    """How long before a request a write may have happened to count as evidence of lag, seconds."""
    serve_deadline: float | None = None
    """Seconds, or None for legacy's recent p99 (within 0.5 to 5 s)."""
    read_your_writes: float = 10.0
    cache: float | None = None
    """Greatest age of a cached record, seconds, 0 is off; None: what the section `connectra` says."""
    written_by: tuple[str, ...] = ()
    """`METHOD /template` of the writes after which this endpoint's answer may lag; shared parameters must be equal."""
    effects: bool = False
    effects_deadline: float = 2.0
    """Seconds for the order of an effect, and as many again to find out what became of one."""
    reads: bool = False
    stream: bool = False
    hedge: bool = False
    candidate_headers: tuple[str, ...] | None = None
    retry_after: float = 600.0
    """Seconds after a rollback until the judge tries again (doubled each time, with jitter)."""
    retries: int = 3
    """Retries by the judge after rollbacks; then the endpoint is held for a person."""
    acknowledge: str | None = None
    line: int = 0

    @property
    def single(self) -> bool:
        """Whether it is a GET of one record of Connectra's: its path ends in its only parameter."""
        last = self.template.rstrip("/").endswith("}") and self.template.count("{") == 1
        return last and self.method == "GET" and self.candidate == "connectra"


@dataclass(frozen=True, slots=True)
class Phase:
    """An ordered group of endpoints with one flag and one bake time."""

    name: str
    flag: str | None
    bake: float
    shadow_when_off: bool
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """A whole valid rollout.yaml. `digest` is the SHA-256 of its text."""

    version: int
    legacy: Upstream
    phases: tuple[Phase, ...]
    digest: str
    connectra: Connectra | None = None
    flags_file: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    blind_after: float = 300.0
    extra_legacy_load: float = 0.05
    keep_clear: tuple[str, ...] = ()
    """Path patterns whose values may be kept in clear text in samples; `**` is everything (the lab)."""
    retention_age: float = 14 * 86_400.0
    retention_bytes: int = 1 << 30
    serve_health: bool = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, in the order of the file."""
        return tuple(endpoint for phase in self.phases for endpoint in phase.endpoints)
