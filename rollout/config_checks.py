"""What must hold between the values of a file: names, matches, ladders, effects, candidates, gates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rollout.config_fields import NAME
from rollout.config_kinds import Wrong
from rollout.config_reader import Reader
from rollout.effects import NOT_BUNDLED
from rollout.flags import CONNECTRA
from rollout.match import SAFE
from rollout.model import Config, Endpoint
from rollout.source import Node, Row, Scalar, Table

RATES = ("mismatch_rate", "error_rate", "fallback_rate", "latency_p50", "latency_p95")


def check(reader: Reader, root: Table, config: Config) -> None:
    """Notes every breach at its place."""
    places = dict(_places(root))
    _phases(reader, root)
    _names(reader, root)
    _overlaps(reader, config, places)
    _candidates(reader, config, places, root)
    for endpoint in config.endpoints:
        place = places.get((endpoint.phase, endpoint.name))
        if place is not None:
            _endpoint(reader, endpoint, place, _fallbacks(root, endpoint))


def _rows(root: Table) -> tuple[Node, ...]:
    phases = root.get("phases")
    return phases.items if isinstance(phases, Row) else ()


def _places(root: Table) -> Iterator[tuple[tuple[str, str], Table]]:
    for row in _rows(root):
        if not isinstance(row, Table):
            continue
        name, endpoints = row.get("name"), row.get("endpoints")
        if isinstance(endpoints, Table):
            for key, (_, value) in endpoints.entries.items():
                if isinstance(value, Table):
                    yield (name.text if isinstance(name, Scalar) else "", key), value


def _fallbacks(root: Table, endpoint: Endpoint) -> tuple[Node | None, ...]:
    """Where a setting of the endpoint may stand instead: its phase, then the defaults."""
    phases = (row for row in _rows(root) if isinstance(row, Table))
    found = (row for row in phases if isinstance(name := row.get("name"), Scalar) and name.text == endpoint.phase)
    return next(found, None), root.get("defaults")


def _place(key: str, place: Table, others: tuple[Node | None, ...]) -> Node:
    """The node of a setting, wherever it was given."""
    for node in (place, *others):
        found = node.get(key) if isinstance(node, Table) else None
        if found is not None:
            return found
    return place


def _phases(reader: Reader, root: Table) -> None:
    seen: dict[str, int] = {}
    for row in _rows(root):
        name = row.get("name") if isinstance(row, Table) else None
        if not isinstance(name, Scalar):
            continue
        if name.text in seen:
            message = f"the phase `{name.text}` is in line {seen[name.text]} already"
            reader.complain(name, message, "name it differently")
        seen.setdefault(name.text, name.line)


def _names(reader: Reader, root: Table) -> None:
    seen: dict[str, int] = {}
    for row in _rows(root):
        endpoints = row.get("endpoints") if isinstance(row, Table) else None
        if not isinstance(endpoints, Table):
            continue
        for name, (key, _) in endpoints.entries.items():
            try:
                NAME.read(key)
            except Wrong as error:
                reader.complain(key, f"endpoint: {error}", error.suggestion)
            if name in seen:
                message = f"the endpoint `{name}` is in line {seen[name]} already"
                reader.complain(key, message, "names are unique in the whole file")
            seen.setdefault(name, key.line)


def _overlaps(reader: Reader, config: Config, places: dict[tuple[str, str], Table]) -> None:
    """Two endpoints that match the same requests. What parameters are called makes no difference."""
    seen: dict[tuple[str, str], Endpoint] = {}
    for endpoint in config.endpoints:
        place = places.get((endpoint.phase, endpoint.name))
        node = place.get("match") if place is not None else None
        if node is None:
            continue
        key = (endpoint.method, re.sub(r"\{[^{}]*\}", "{}", endpoint.template))
        if key in seen:
            message = f"`{endpoint.method} {endpoint.template}` is matched by `{seen[key].name}` already"
            reader.complain(node, message, f"line {seen[key].line}")
        seen.setdefault(key, endpoint)


def _candidates(reader: Reader, config: Config, places: dict[tuple[str, str], Table], root: Table) -> None:
    headers: dict[str, Endpoint] = {}
    for endpoint in config.endpoints:
        place = places.get((endpoint.phase, endpoint.name))
        node = place.get("candidate") if place is not None else None
        if place is None or node is None:
            continue
        if endpoint.candidate == "connectra":
            if root.get("connectra") is None:
                hint = 'connectra: {url: "${CONNECTRA_BASE_URL}", api_key: "${CONNECTRA_API_KEY}"}'
                reader.complain(node, "the file has no `connectra` section, which this candidate needs", hint)
            if endpoint.candidate_headers is not None:
                message = "candidate_headers: the bundled gateway gets all headers"
                reader.complain(place.get("candidate_headers") or node, message, "for a candidate given by URL")
            continue
        first = headers.setdefault(endpoint.candidate, endpoint)
        if first.candidate_headers != endpoint.candidate_headers:
            message = f"candidate_headers: `{first.name}` gives this candidate other headers"
            reader.complain(place.get("candidate_headers") or node, message, "one candidate gets one set of headers")


def _endpoint(reader: Reader, endpoint: Endpoint, place: Table, others: tuple[Node | None, ...]) -> None:
    if any(low >= high for low, high in pairwise(endpoint.ladder)):
        hint = ", ".join(f"{rung / 100:g}" for rung in sorted(set(endpoint.ladder)))
        reader.complain(_place("ladder", place, others), "ladder: each rung must be above the one before", f"[{hint}]")
    if any(low >= high for low, high in pairwise(endpoint.recheck)):
        reader.complain(_place("recheck", place, others), "recheck: delays are counted from the request and must rise")
    if endpoint.effects and endpoint.percent > 0 and endpoint.candidate != CONNECTRA:
        message = f"{endpoint.name} has effects on legacy, and {NOT_BUNDLED}: it stays in shadow"
        reader.complain(_place("percent", place, others), message, "percent: 0")
    if endpoint.effects and (endpoint.hedge or endpoint.reads):
        key = "hedge" if endpoint.hedge else "reads"
        message = f"{key}: a request with effects is never sent to legacy twice"
        reader.complain(_place(key, place, others), message, f"leave out `{key}`, or `effects` if there are none")
    if endpoint.method not in SAFE and not (endpoint.effects or endpoint.reads):
        message = f"{endpoint.name}: a {endpoint.method} may do something, so it would never be mirrored"
        reader.complain(_place("match", place, others), message, "`reads: true` if it only reads, else `effects: true`")
    if endpoint.cache and not endpoint.single:
        message = f"{endpoint.name}: cache: only single records are cached, and this is no GET of one of Connectra's"
        hint = "leave it out, or match `GET /…/{uuid}/` with `candidate: connectra`, its one parameter at the end"
        reader.complain(_place("cache", place, others), message, hint)
    _gates(reader, endpoint, place, others)


def _gates(reader: Reader, endpoint: Endpoint, place: Table, others: tuple[Node | None, ...]) -> None:
    """A limit that rolls back what may yet be promoted."""
    up, down = endpoint.thresholds.promote_when, endpoint.thresholds.roll_back_when
    for name in RATES:
        promote, back = getattr(up, name), getattr(down, name)
        if promote is not None and back is not None and back < promote:
            spoken = name.replace("latency_", "latency_ratio.")
            message = f"{endpoint.name}: {spoken} rolls back at {back:g}, but may be promoted up to {promote:g}"
            reader.complain(_place("roll_back_when", place, others), message, f"at least {promote:g}")
