"""Config, states and flags → the routing table; and what an edited file asks for, as events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime

from rollout.bucket import derive
from rollout.compile_edits import loosened, ruled_by
from rollout.effects import NOT_KNOWN, why_not
from rollout.flags import CONNECTRA, MASTER, Flags
from rollout.machine import is_order
from rollout.model import Config, Endpoint, Upstream
from rollout.states import EndpointState, Event, EventKind
from rollout.table import Route, Table, blind

SHORTEST, LONGEST = 0.5, 5.0
"""Bounds of a serve deadline that follows legacy's p99, seconds; the upper one counts while the p99 is not known."""
HEADERS = (
    "accept", "accept-encoding", "accept-language", "content-encoding", "content-type", "if-match",
    "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range",
)  # fmt: skip
"""What a candidate given by URL gets unless `candidate_headers` says otherwise: nothing that proves who calls."""


def compile_table(
    config: Config, states: Mapping[str, EndpointState], flags: Flags, *,
    epoch: int, now: float, secret: bytes, gateway: str | None, p99: Mapping[str, float],
    effects: str | None = NOT_KNOWN,
) -> Table:  # fmt: skip
    """The table in force from `now` (Unix seconds) for `blind_after`.

    `gateway` is the path of the bundled gateway's socket; without one its endpoints are pass-through. `p99` is
    legacy's by endpoint, seconds. An endpoint without a state is served by legacy.
    `effects` is why the gateway can not make effects, None when it can: until then such endpoints are in shadow only.
    """
    candidates = dict(_candidates(config, gateway))
    today = datetime.fromtimestamp(now, UTC).date()
    cache = config.connectra.cache if config.connectra is not None else 0.0
    routes = tuple(
        _route(endpoint, states.get(endpoint.name), flags, secret, today, p99.get(endpoint.name), cache, effects)
        for endpoint in config.endpoints
        if endpoint.candidate in candidates
    )
    return Table(
        epoch=epoch,
        issued_at=now,
        lease=config.blind_after,
        legacy=config.legacy,
        candidates=candidates,
        routes=routes,
        digest=config.digest,
        trusted_proxies=config.trusted_proxies,
        health=_health(config, flags) if config.serve_health else None,
    )


def _health(config: Config, flags: Flags) -> dict[str, bool]:
    """The migration's flags as its health page names them."""
    named = {phase.flag: flags.phases[phase.name].serve for phase in config.phases if phase.flag is not None}
    return {**named, MASTER: flags.connectra}


def _candidates(config: Config, gateway: str | None) -> Iterator[tuple[str, Upstream]]:
    for endpoint in config.endpoints:
        if endpoint.candidate != CONNECTRA:
            headers = HEADERS if endpoint.candidate_headers is None else endpoint.candidate_headers
            yield endpoint.candidate, Upstream(endpoint.candidate, headers=headers)
        elif gateway is not None:
            timeout = config.connectra.timeout if config.connectra is not None else 30.0
            yield CONNECTRA, Upstream(f"unix:{gateway}", timeout)


def _route(
    endpoint: Endpoint, state: EndpointState | None, flags: Flags, secret: bytes, today: date, p99: float | None,
    cache: float, effects: str | None,
) -> Route:
    allowed = flags.of(endpoint.phase, endpoint.candidate)
    serves = allowed.serve and why_not(endpoint, effects) is None and state is not None and state.serving
    return Route(
        endpoint=endpoint.name,
        phase=endpoint.phase,
        method=endpoint.method,
        template=endpoint.template,
        candidate=endpoint.candidate,
        percent=state.percent if serves and state is not None else 0,
        shadow=endpoint.shadow if allowed.mirror and _harmless(endpoint) else 0,
        window=state.window if state is not None else 1,
        salt=derive(secret, f"bucket:{endpoint.phase}").hex(),
        sticky=endpoint.sticky,
        budget=endpoint.budget,
        serve_deadline=_deadline(endpoint, p99),
        hedge_after=min(p99, LONGEST) if endpoint.hedge and p99 is not None else None,
        read_your_writes=endpoint.read_your_writes,
        effects=endpoint.effects,
        effects_deadline=endpoint.effects_deadline,
        reads=endpoint.reads,
        stream=endpoint.stream,
        gaps=tuple(gap.path for gap in endpoint.rules.known_gaps if gap.until >= today),
        cache=(cache if endpoint.cache is None else endpoint.cache) if endpoint.single else 0.0,
        writes=endpoint.written_by,
    )


def _harmless(endpoint: Endpoint) -> bool:
    """Whether a mirrored request can cause no effect: the bundled gateway makes none that is not ordered, of a
    candidate by URL nothing is known.
    """
    return not endpoint.effects or endpoint.candidate == CONNECTRA


def _deadline(endpoint: Endpoint, p99: float | None) -> float:
    if endpoint.serve_deadline is not None:
        return endpoint.serve_deadline
    return LONGEST if p99 is None else min(LONGEST, max(SHORTEST, p99))


def boot_table(
    config: Config, last: Table | None, flags: Flags, *, now: float, secret: bytes, gateway: str | None
) -> Table:
    """What workers begin with, before an analyst has spoken.

    Percents are those of the last-known-good table, where its lease still runs and the endpoint is the same; else 0.
    The lease is not renewed by it: without an analyst those percents end when they would have ended.
    """
    fresh = last is not None and last.issued_at <= now and not blind(last, now)
    known = {route.endpoint: route for route in last.routes} if last is not None else {}
    states = {}
    for endpoint in config.endpoints:
        route = known.get(endpoint.name)
        if route is not None:
            keeps = fresh and _same(endpoint, route)
            states[endpoint.name] = EndpointState(percent=route.percent if keeps else 0, window=route.window)
    return compile_table(
        config, states, flags, epoch=last.epoch if last is not None else 0,
        now=last.issued_at if fresh and last is not None else now, secret=secret, gateway=gateway, p99={},
    )  # fmt: skip


def _same(endpoint: Endpoint, route: Route) -> bool:
    described = (endpoint.phase, endpoint.method, endpoint.template, endpoint.candidate)
    return described == (route.phase, route.method, route.template, route.candidate)


def orders(
    config: Config, states: Mapping[str, EndpointState], before: Config | None, refused: Collection[str] = ()
) -> list[tuple[str, Event]]:
    """What the file asks for, in the order in which it is done: an edit of rules, an acknowledgement, a percent.

    `before` is the configuration that was in force, None at a start. A percent is an order only if it differs from
    the last one that an operator gave and from the live one, and if the edit touched it: one that stands as it stood
    may merely wait for its write-back. `refused` are endpoints whose order could not be done before: it is tried again.
    That an edit loosens a gate is said in its reason.
    """
    old = {endpoint.name: endpoint for endpoint in before.endpoints} if before is not None else {}
    found = []
    for endpoint in config.endpoints:
        state, was = states.get(endpoint.name), old.get(endpoint.name)
        if state is None:
            continue
        if was is not None and ruled_by(was) != ruled_by(endpoint):
            reason = "; bypassed evidence: ".join(("its rules, gates or ladder changed", *loosened(was, endpoint)))
            found.append((endpoint.name, Event(EventKind.FILE_EDITED, reason)))
        if endpoint.acknowledge is not None and endpoint.acknowledge == state.latch:
            named = Event(EventKind.ACKNOWLEDGE, "acknowledged in the file", acknowledges=endpoint.acknowledge)
            found.append((endpoint.name, named))
        touched = was is None or was.percent != endpoint.percent or endpoint.name in refused
        if touched and is_order(state, endpoint.percent):
            reason = f"line {endpoint.line} of the file"
            found.append((endpoint.name, Event(EventKind.FILE_ORDER, reason, percent=endpoint.percent)))
    return found
