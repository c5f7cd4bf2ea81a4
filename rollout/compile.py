"""Config and states → the routing table; and what the file orders. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from rollout.bucket import derive
from rollout.flags import BUNDLED, Flags
from rollout.machine import is_order
from rollout.model import Config, Endpoint, Upstream
from rollout.states import EndpointState, Event, EventKind
from rollout.table import Route, Table, blind

LEAST_DEADLINE, GREATEST_DEADLINE = 0.5, 5.0
"""The bounds of a serve deadline that follows legacy's p99, seconds."""


def compile_table(
    config: Config,
    states: Mapping[str, EndpointState],
    flags: Flags,
    *,
    epoch: int,
    now: float,
    secret: bytes,
    gateway: str | None,
    p99: Mapping[str, float] | None = None,
) -> Table:
    """The table in force at `now` (Unix seconds). `gateway` is the bundled gateway's socket, `p99` legacy's by name."""
    routes = tuple(
        _route(endpoint, states.get(endpoint.name), flags, now=now, secret=secret, p99=(p99 or {}).get(endpoint.name))
        for endpoint in config.endpoints
    )
    return Table(
        epoch=epoch,
        issued_at=now,
        lease=config.blind_after,
        legacy=config.legacy,
        candidates=_candidates(config, gateway),
        routes=routes,
        digest=config.digest,
        trusted_proxies=config.trusted_proxies,
    )


def boot_table(
    config: Config, last: Table | None, flags: Flags, *, now: float, secret: bytes, gateway: str | None
) -> Table:
    """What workers begin with before the analyst has spoken: the last known percents while they are fresh, else 0."""
    table = compile_table(
        config, {}, flags, epoch=last.epoch if last is not None else 0, now=now, secret=secret, gateway=gateway
    )
    if last is None or blind(last, now):
        return table
    known = {(route.endpoint, route.method, route.template): route for route in last.routes}

    def kept(route: Route) -> Route:
        old = known.get((route.endpoint, route.method, route.template))
        if old is None:
            return route
        may = flags.of(route.phase, route.candidate).serve and not route.effects
        return replace(route, percent=old.percent if may else 0, window=old.window)

    return replace(table, issued_at=last.issued_at, routes=tuple(map(kept, table.routes)))


def _candidates(config: Config, gateway: str | None) -> dict[str, Upstream]:
    found: dict[str, Upstream] = {}
    for endpoint in config.endpoints:
        if endpoint.candidate == BUNDLED:
            timeout = config.connectra.timeout if config.connectra is not None else 30.0
            found[BUNDLED] = Upstream(f"unix:{gateway or ''}", timeout)
        else:
            found[endpoint.candidate] = Upstream(endpoint.candidate, 30.0, endpoint.candidate_headers)
    return found


def _route(
    endpoint: Endpoint, state: EndpointState | None, flags: Flags, *, now: float, secret: bytes, p99: float | None
) -> Route:
    may = flags.of(endpoint.phase, endpoint.candidate)
    serving = state is not None and state.serving and may.serve and not endpoint.effects
    today = datetime.fromtimestamp(now, UTC).date()
    return Route(
        endpoint=endpoint.name,
        phase=endpoint.phase,
        method=endpoint.method,
        template=endpoint.template,
        candidate=endpoint.candidate,
        percent=state.percent if state is not None and serving else 0,
        shadow=endpoint.shadow if may.mirror else 0,
        window=state.window if state is not None else 0,
        salt=derive(secret, f"bucket:{endpoint.phase}").hex(),
        sticky=endpoint.sticky,
        budget=endpoint.budget,
        serve_deadline=_serve_deadline(endpoint, p99),
        read_your_writes=endpoint.read_your_writes,
        effects=endpoint.effects,
        reads=endpoint.reads,
        stream=endpoint.stream,
        gaps=tuple(gap.path for gap in endpoint.rules.known_gaps if gap.until >= today),
        writes=endpoint.written_by,
    )


def _serve_deadline(endpoint: Endpoint, p99: float | None) -> float:
    if endpoint.serve_deadline is not None:
        return endpoint.serve_deadline
    return GREATEST_DEADLINE if p99 is None else min(max(p99, LEAST_DEADLINE), GREATEST_DEADLINE)


def orders(
    config: Config, states: Mapping[str, EndpointState], before: Config | None
) -> Iterator[tuple[str, Event]]:
    """What this file asks for, compared with the live states and with the file before."""
    old = {endpoint.name: endpoint for endpoint in before.endpoints} if before is not None else {}
    for endpoint in config.endpoints:
        state = states.get(endpoint.name)
        if state is None:
            continue
        if endpoint.acknowledge is not None and endpoint.acknowledge == state.latch:
            reason = f"acknowledged in the file, line {endpoint.line}"
            yield endpoint.name, Event(EventKind.ACKNOWLEDGE, reason, acknowledges=endpoint.acknowledge)
        previous = old.get(endpoint.name)
        if previous is not None and _what_is_judged(previous) != _what_is_judged(endpoint):
            reason = f"rules, gates or ladder were edited, line {endpoint.line}"
            yield endpoint.name, Event(EventKind.FILE_EDITED, reason)
        if is_order(state, endpoint.percent):
            reason = f"ordered in the file, line {endpoint.line}"
            yield endpoint.name, Event(EventKind.FILE_ORDER, reason, percent=endpoint.percent)


def _what_is_judged(endpoint: Endpoint) -> tuple[object, ...]:
    operation = (endpoint.method, endpoint.template, endpoint.candidate)
    return (endpoint.rules, endpoint.thresholds, endpoint.ladder, *operation)
