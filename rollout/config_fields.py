"""Every key of rollout.yaml: where it may stand, of which kind it is, and what it means.

One declaration for the parser, the JSON Schema of editors and the test of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rollout import config_kinds as kinds
from rollout.config_kinds import Kind


@dataclass(frozen=True, slots=True)
class OrNone:
    """A gate that `none` removes."""

    of: Shape


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    of: Kind
    least: int = 0
    most: int = 100


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys."""

    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from names to sections of one form: the endpoints of a phase."""

    of: Section


@dataclass(frozen=True, slots=True)
class Sections:
    """A list of sections of one form: the phases."""

    of: Section


@dataclass(frozen=True, slots=True)
class Anything:
    """A mapping that others read: the rules of comparing."""


Shape: TypeAlias = Kind | OrNone | Many | Section | Named | Sections | Anything


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its form, what it means, and whether it must stand."""

    shape: Shape
    meaning: str
    needed: bool = False


LIMIT = OrNone(kinds.LIMIT)
SHARE = OrNone(kinds.SHARE)
RATIO = OrNone(kinds.number(0.1, 100.0, "ratio"))
ALPHA = kinds.number(0.0, 0.5, "probability", open_ends=True)
HEADER = kinds.name("header name", r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "a header's name alone, e.g. Accept-Language")
FLAG = kinds.name("name of a flag", r"[A-Z][A-Z0-9_]*", "capital letters, digits and _, e.g. VQL_EXPORTS")
CACHE = kinds.duration(0.0, 60.0)
NAME = kinds.name("name", r"[a-z0-9][a-z0-9_-]{0,62}", "small letters, digits, - and _, e.g. single-record")

LATENCY = Section({
    "p50": Key(RATIO, "the candidate's median over legacy's"),
    "p95": Key(RATIO, "the candidate's 95th percentile over legacy's"),
})  # fmt: skip
RATES = {
    "mismatch_rate": Key(LIMIT, "share of request keys whose answers differ"),
    "error_rate": Key(LIMIT, "share of the candidate's answers that are failures"),
    "fallback_rate": Key(LIMIT, "share of requests that legacy answered because the candidate failed"),
    "latency_ratio": Key(OrNone(LATENCY), "how much slower the candidate may be"),
}
PROMOTE = Section({
    **RATES,
    "lag": Key(OrNone(Section({"p99": Key(OrNone(kinds.duration(0.001)), "99th percentile of the time to converge")})),
               "how long the candidate may lag behind writes"),
    "compared_at_least": Key(SHARE, "share of the sampled eligible exchanges that have a verdict"),
    "eligible_at_least": Key(SHARE, "share of the requests that the candidate can answer comparably"),
    "shapes_at_least": Key(SHARE, "share of requests whose set of parameters has been compared in the window"),
    "served_at_least": Key(SHARE, "the candidate's share of what its percent says"),
    "alpha": Key(ALPHA, "chance that an endpoint is ever promoted wrongly"),
})  # fmt: skip
ROLL_BACK = Section({**RATES, "alpha": Key(ALPHA, "chance that anything is ever rolled back wrongly")})
BUDGET = Section({
    "in_flight": Key(kinds.count(1, 100_000), "mirrored requests at a time on this host"),
    "rate": Key(kinds.FREQUENCY, "mirrored requests a second on this host"),
    "body": Key(kinds.SIZE, "greatest body that is mirrored, held and compared"),
    "deadline": Key(kinds.duration(0.01, 600.0), "how long a mirrored request may take"),
    "spool": Key(kinds.SIZE, "greatest answer that is kept in a file and compared, with `stream: true`"),
})  # fmt: skip

COMMON: dict[str, Key] = {
    "auto": Key(kinds.BOOLEAN, "whether the judge may promote"),
    "bake": Key(kinds.duration(), "least time on a rung"),
    "block": Key(kinds.duration(0.1, 3600.0), "time block over which errors, fallbacks and latency are observed"),
    "budget": Key(BUDGET, "what mirroring may use"),
    "hedge": Key(kinds.BOOLEAN, "race legacy when the candidate is slower than legacy's p95"),
    "ladder": Key(Many(kinds.RUNG, 1), "the percents that promotion climbs"),
    "lag_window": Key(kinds.duration(), "how long before a request a write counts as evidence of lag"),
    "promote_when": Key(PROMOTE, "what must be proven to climb"),
    "read_your_writes": Key(kinds.duration(0.0, 86_400.0), "how long legacy serves a caller who has written"),
    "recheck": Key(Many(kinds.duration(0.01, 3600.0), 0, 5), "delays after which a mismatch is asked again"),
    "retries": Key(kinds.count(0, 100), "the judge's tries after a rollback"),
    "retry_after": Key(kinds.duration(0.1), "time from a rollback to the next try"),
    "roll_back_when": Key(ROLL_BACK, "what, once proven, rolls back"),
    "serve_deadline": Key(kinds.SERVE_DEADLINE, "how long the candidate may take before legacy answers"),
    "shadow": Key(kinds.PERCENT, "share of eligible requests that are mirrored and compared"),
    "sticky": Key(Many(kinds.STICKY, 1, 8), "what keeps a caller on one side; the first one present counts"),
}
"""May stand in `defaults`, in a phase and in an endpoint; the nearest wins, key by key."""

ENDPOINT = Section({
    **COMMON,
    "match": Key(kinds.MATCH, "method and path template", needed=True),
    "candidate": Key(kinds.CANDIDATE, "who answers instead of legacy", needed=True),
    "percent": Key(kinds.PERCENT, "share of callers that the candidate serves"),
    "compare": Key(Anything(), "rules of comparing (docs/comparing.md)"),
    "effects": Key(kinds.BOOLEAN, "whether a request does something on legacy; it is never repeated there"),
    "effects_deadline": Key(kinds.duration(0.1, 60.0), "how long ordering an effect may take, and finding out again"),
    "reads": Key(kinds.BOOLEAN, "whether a POST only reads, so that it may be mirrored"),
    "stream": Key(kinds.BOOLEAN, "whether answers of any size stream from the candidate; they are compared as files"),
    "written_by": Key(Many(kinds.WRITTEN), "writes after which the answer may lag"),
    "cache": Key(CACHE, "greatest age of a single record in the gateway's cache; 0s is off"),
    "candidate_headers": Key(Many(HEADER), "request headers that a candidate given by URL gets"),
    "acknowledge": Key(kinds.TEXT, "id of the rollback that this file lifts"),
})  # fmt: skip
PHASE = Section({
    **COMMON,
    "name": Key(NAME, "its name", needed=True),
    "flag": Key(FLAG, "environment variable that must be exactly `true`"),
    "shadow_when_off": Key(kinds.BOOLEAN, "whether mirroring goes on while the flag is off"),
    "endpoints": Key(Named(ENDPOINT), "its endpoints by name", needed=True),
})  # fmt: skip
FILE = Section({
    "version": Key(kinds.count(1, 1), "of this format: 1", needed=True),
    "legacy": Key(Section({
        "url": Key(kinds.URL, "address, without a path", needed=True),
        "timeout": Key(kinds.duration(0.01, 3600.0), "how long legacy may take"),
    }), "the implementation in use", needed=True),
    "connectra": Key(Section({
        "url": Key(kinds.URL, "address, without a path", needed=True),
        "api_key": Key(kinds.TEXT, "its key; write ${CONNECTRA_API_KEY}", needed=True),
        "timeout": Key(kinds.duration(0.01, 3600.0), "how long a call may take"),
        "cache": Key(CACHE, "`cache` of the endpoints of single records that do not say otherwise"),
    }), "the search service behind `candidate: connectra`"),
    "flags_file": Key(kinds.TEXT, "file of flags, KEY=VALUE a line, beside the environment"),
    "trusted_proxies": Key(Many(kinds.NETWORK), "networks whose X-Forwarded-* are believed"),
    "blind_after": Key(kinds.duration(6.0, 86_400.0), "age of a table at which workers serve legacy only"),
    "keep_clear": Key(Many(kinds.TEXT), "paths whose values samples may keep in clear text"),
    "retention": Key(Section({
        "age": Key(kinds.duration(60.0), "how long samples are kept"),
        "bytes": Key(kinds.SIZE, "how much room samples may take"),
    }), "how long findings are kept"),
    "serve_health": Key(kinds.BOOLEAN, "whether the gateway answers GET /api/v1/health/vql, not legacy"),
    "defaults": Key(Section({
        **COMMON,
        "extra_legacy_load": Key(kinds.SHARE, "rechecks, noise calls and hedges together, of legacy's traffic"),
    }), "settings of all endpoints"),
    "phases": Key(Sections(PHASE), "what is migrated, in order", needed=True),
})  # fmt: skip
"""The whole file."""
