"""What the control API says, as plain JSON: made from values of `rollout` and `store`, and from nothing else.

Percents are 0 to 100 here, times Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from math import isfinite
from shlex import quote
from typing import Any, Protocol

from comparators.verdict import Outcome
from proxy.store.rows import AuditRow, Known, Sample
from rollout.evidence import Window
from rollout.ladder import next_rung
from rollout.model import Endpoint
from rollout.sides import Side
from rollout.states import EndpointState

Json = dict[str, Any]


class Gate(Protocol):
    """One condition of the judge."""

    @property
    def name(self) -> str: ...
    @property
    def standing(self) -> str: ...
    @property
    def text(self) -> str: ...


class Ruling(Protocol):
    """The judge's latest word on an endpoint."""

    @property
    def reason(self) -> str: ...
    @property
    def judge(self) -> str: ...
    @property
    def gates(self) -> Sequence[Gate]: ...


class Shown(Protocol):
    """One endpoint as the analyst knows it."""

    @property
    def config(self) -> Endpoint: ...
    @property
    def state(self) -> EndpointState: ...
    @property
    def window(self) -> Window: ...
    @property
    def ruling(self) -> Ruling | None: ...
    @property
    def refused(self) -> str | None: ...


def endpoint_line(shown: Shown, now: float) -> Json:
    """One endpoint of /status and /explain."""
    state, ladder = shown.state, shown.config.ladder
    rung = next_rung(ladder, state.percent)
    ruling = shown.ruling
    return {
        "name": shown.config.name,
        "phase": shown.config.phase,
        "percent": state.percent / 100,
        "rung": None if rung is None else rung / 100,
        "ladder": [one / 100 for one in sorted(ladder)],
        "status": state.status.value,
        "held_by": [cause.value for cause in state.held_by],
        "latch": state.latch,
        "retry_at": state.retry_at,
        "auto": shown.config.auto,
        "window": state.window,
        "age": max(0.0, now - state.entered_at),
        "reason": state.reason,
        "refused": shown.refused,
        "verdict": None if ruling is None else _word(getattr(ruling, "kind", "hold")),
        "missing": missing(shown),
        "judge": None if ruling is None else ruling.judge,
        "gates": [] if ruling is None else [gate(one) for one in ruling.gates],
        **figures(shown.window),
    }


def missing(shown: Shown) -> str:
    """The one sentence that says why the endpoint is where it is."""
    if shown.refused:
        return f"the file's percent is not in force: {shown.refused}"
    if shown.ruling is not None and shown.ruling.reason:
        return shown.ruling.reason
    return shown.state.reason


def gate(one: Gate) -> Json:
    """A gate with its figures, where it has any."""
    found: Json = {"name": one.name, "standing": _word(one.standing), "text": one.text}
    given = getattr(one, "figures", None)
    if isinstance(given, Mapping):
        found["figures"] = plain(given)
    return found


def figures(window: Window) -> Json:
    """Counts and latencies of the open window; None where there are no data."""
    tallies, verdicts = window.tallies, window.tallies.verdicts
    return {
        "compared": sum(verdicts.values()) - verdicts.get(Outcome.NOT_COMPARABLE.value, 0),
        "distinct": window.mismatch.n,
        "mismatches": verdicts.get(Outcome.MISMATCH.value, 0) + verdicts.get(Outcome.UNSTABLE.value, 0),
        "accepted": verdicts.get(Outcome.ACCEPTED.value, 0),
        "lagging": verdicts.get(Outcome.LAGGING.value, 0),
        "fallbacks": sum(tallies.fallbacks.values()),
        "fallback_reasons": dict(tallies.fallbacks),
        "errors": sum(tallies.failures.values()),
        "declined": sum(tallies.declined.values()),
        "lost": dict(tallies.missing),
        "served": {side.value: tallies.served.get(side, 0) + tallies.reported.get(side, 0) for side in Side},
        "lag_p99": window.lags.quantile(0.99),
        "seconds": {
            side: {"p50": sketch.quantile(0.5), "p95": sketch.quantile(0.95)}
            for side, sketch in (("legacy", window.legacy), ("candidate", window.candidate))
        },
        "latency_ratio": _ratios(window),
    }


def _ratios(window: Window) -> Json:
    found: Json = {}
    for name, tau in (("p50", 0.5), ("p95", 0.95)):
        legacy, candidate = window.legacy.quantile(tau), window.candidate.quantile(tau)
        usable = legacy and candidate is not None and isfinite(candidate)
        found[name] = candidate / legacy if usable and legacy and candidate is not None else None
    return found


def audit_row(row: AuditRow) -> Json:
    """One transition on record."""
    moved = row.transition
    return {
        "id": row.id,
        "at": row.at,
        "endpoint": row.endpoint,
        "who": row.who,
        "kind": moved.kind.value,
        "status_from": moved.status_from.value,
        "status_to": moved.status_to.value,
        "percent_from": moved.percent_from / 100,
        "percent_to": moved.percent_to / 100,
        "window_from": moved.window_from,
        "window_to": moved.window_to,
        "reason": moved.reason,
        "latch": moved.latch,
        "bypassed": moved.bypassed,
        "judge": row.judge,
        "journalled": row.journalled,
        "evidence": plain(row.evidence),
    }


def mismatch(known: Known) -> Json:
    """A kind of mismatch with its example, and the rule that would hide it."""
    kind, suggestion = known.kind, known.kind.suggestion or {}
    return {
        "fingerprint": kind.fingerprint,
        "endpoint": kind.endpoint,
        "outcome": kind.outcome,
        "count": kind.seen,
        "first_seen": kind.first_seen,
        "last_seen": kind.last_seen,
        "paths": list(kind.paths),
        "example": known.example,
        "rule": suggestion.get("rule"),
        "hides": suggestion.get("hides"),
    }


def curl_lines(sample: Sample, sides: Iterable[tuple[str, str]], method: str, template: str) -> list[str]:
    """One curl line a side. What may not be kept stands as a placeholder in capitals, to be filled in."""
    request = sample.body.get("request")
    kept = request if isinstance(request, Mapping) else {}
    target = str(kept.get("target") or template)
    method = str(kept.get("method") or method)
    lines = []
    for side, url in sides:
        line = f"curl -sS -X {quote(method)} -H 'Authorization: Bearer '\"$TOKEN\" {quote(url.rstrip('/') + target)}"
        lines.append(f"{line}  # {side}")
    return lines


def plain(value: Any) -> Any:
    """The value with infinities as None: JSON has no word for them."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _word(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)
