"""Switches from JSON, with every mistake named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lab.connectra.outages import MAX_POOLED, STATES, Outages
from lab.connectra.switches import ACTIONS, KINDS, RULES, Fault, FieldDefect, Latency, Switches

_RANGE = ("match", "path", "endpoint")


class BadSwitch(Exception):
    """What is wrong, and what would be right."""


def latency(value: Any) -> Latency:
    """`{"match": {"path"?, "endpoint"?}, "median_ms", "sigma"?}`; a median of 0 removes the rule."""
    members = _members(value, "latency", ("median_ms",), ("sigma", *_RANGE))
    return Latency(
        _number(members, "median_ms", 0.0, 600_000.0), _number(members, "sigma", 0.0, 5.0, 0.2), *_match(members)
    )


def fault(value: Any) -> Fault:
    """`{"kind", "share"?, "endpoint"?, "path"?}`; a share of 0 removes the rule."""
    members = _members(value, "fault", ("kind",), ("share", *_RANGE))
    return Fault(_one_of(members, "kind", KINDS), _number(members, "share", 0.0, 1.0, 1.0), *_match(members))


def defect(value: Any) -> FieldDefect:
    """`{"field", "action", "share"?, "endpoint"?, "path"?}`; a share of 0 removes the rule."""
    members = _members(value, "field defect", ("field", "action"), ("share", *_RANGE))
    action = _one_of(members, "action", ACTIONS)
    name = members["field"]
    if not isinstance(name, str) or not name:
        raise BadSwitch('"field" must be the name of a record\'s field')
    return FieldDefect(name, action, _number(members, "share", 0.0, 1.0, 1.0), *_match(members))


def lag(value: Any) -> float:
    """`{"seconds": 0…3600}`."""
    return _number(_members(value, "lag", ("seconds",), ()), "seconds", 0.0, 3600.0)


def tokens(value: Any) -> int:
    """`{"tokens": 0…1000000}`: so many requests still pass."""
    return _whole(_members(value, "rate", ("tokens",), ()), "tokens", 1_000_000)


def outages(there: Outages, value: Any) -> None:
    """`{"database"?, "engine"?, "pooled"?}`: the states of outages.py, and how many connections are dead in the pool.

    What is absent stays as it is.
    """
    members = _members(value, "outage", (), ("database", "engine", "pooled"))
    states = {name: _one_of(members, name, STATES) for name in ("database", "engine") if name in members}
    pooled = _whole(members, "pooled", MAX_POOLED) if "pooled" in members else None
    if pooled and states.get("database", there.database) == "down_at_start":
        raise BadSwitch('"pooled" must be 0 with "database": "down_at_start", when no connection was ever made')
    there.turn(states.get("database"), states.get("engine"), pooled)


_READERS: dict[str, Callable[[Any], Latency | Fault | FieldDefect]] = {
    "latencies": latency, "faults": fault, "fields": defect,
}


def switch(switches: Switches, name: str, value: Any) -> None:
    """Puts a rule (or a list of them) in the place of the one for the same requests."""
    for one in value if isinstance(value, list) else [value]:
        rule = _READERS[name](one)
        rules: list[Any] = getattr(switches, name)
        rules[:] = [before for before in rules if _key(before) != _key(rule)]
        if (rule.median_ms if isinstance(rule, Latency) else rule.share) > 0:
            rules.append(rule)


def _key(rule: Any) -> tuple[str, ...]:
    return rule.endpoint, rule.path, getattr(rule, "kind", ""), getattr(rule, "field", "")


def from_json(value: Any) -> Switches:
    """The content of a `--switches` file, as GET /lab/state shows it under `switches`; all keys may be absent."""
    members = _members(value, "switches", (), ("seed", "lag", "outages", "rate", *RULES))
    seed = members.get("seed", 1)
    if not isinstance(seed, int):
        raise BadSwitch('"seed" must be a whole number')
    switches = Switches(seed=seed, lag=_number(members, "lag", 0.0, 3600.0, 0.0))
    for name in RULES:
        switch(switches, name, members.get(name, []))
    outages(switches.outages, members.get("outages", {}))
    if members.get("rate") is not None:
        switches.tokens = tokens(members["rate"])
    return switches


def _members(value: Any, what: str, needed: Iterable[str], free: Iterable[str]) -> dict[str, Any]:
    needed = tuple(needed)
    known = {*needed, *free}
    if not isinstance(value, dict):
        raise BadSwitch(f"a {what} must be a JSON object")
    for name in needed:
        if name not in value:
            raise BadSwitch(f'a {what} needs "{name}"')
    for name in value:
        if name not in known:
            raise BadSwitch(f'a {what} has no "{name}"; it knows {", ".join(sorted(known))}')
    return value


def _number(members: dict[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    value = members.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadSwitch(f'"{name}" must be a number from {low:g} to {high:g}, not {value!r}')
    return float(value)


def _whole(members: dict[str, Any], name: str, most: int) -> int:
    value = members[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadSwitch(f'"{name}" must be a whole number from 0 to {most}, not {value!r}')
    return value


def _one_of(members: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    if members[name] not in allowed:
        raise BadSwitch(f'"{name}" must be one of {", ".join(allowed)}, not {members[name]!r}')
    return str(members[name])


def _match(members: dict[str, Any]) -> tuple[str, str]:
    """Path prefix and endpoint, at the top or under `match`; `endpoint_header` is another name for the endpoint."""
    match = members.get("match") or {}
    if not isinstance(match, dict) or set(match) - {"path", "endpoint", "endpoint_header"}:
        raise BadSwitch('"match" must be an object with "path" and "endpoint"')
    path = match.get("path", members.get("path")) or ""
    endpoint = match.get("endpoint", match.get("endpoint_header", members.get("endpoint"))) or ""
    if not isinstance(path, str) or not isinstance(endpoint, str):
        raise BadSwitch('"path" and "endpoint" must be text')
    return path, endpoint
