"""What was read, with defaults laid under it: the values of `rollout.model`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comparators.rules import Rules, RulesError, parse_rules
from rollout.config_reader import Reader
from rollout.model import FULL, Budget, Config, Connectra, Endpoint, Phase, Upstream
from rollout.source import Node, Row, Scalar, Table, at, plain
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds

Given = Mapping[str, Any]
LADDER = (100, 500, 2_500, 5_000, FULL)
BAKE = 24 * 3600.0
NESTED = ("budget", "promote_when", "roll_back_when", "latency_ratio", "lag")
"""Sections that are laid over each other key by key."""
DIRECT = (
    "sticky", "shadow", "recheck", "lag_window", "serve_deadline", "read_your_writes", "written_by", "cache", "effects",
    "effects_deadline",
    "reads", "stream", "hedge", "candidate_headers", "retry_after", "retries", "acknowledge",
)  # fmt: skip


def build(reader: Reader, root: Node, given: Given, digest: str) -> Config:
    """The Config. What is wrong has been noted by the reader; in its place stand values that offend nothing."""
    legacy = given.get("legacy", {})
    defaults = given.get("defaults", {})
    retention = given.get("retention", {})
    nodes = root.get("phases") if isinstance(root, Table) else None
    rows = nodes.items if isinstance(nodes, Row) else ()
    phases = given.get("phases", [])
    general = {key: given[key] for key in ("flags_file", "blind_after", "trusted_proxies", "keep_clear", "serve_health")
               if key in given}  # fmt: skip
    if "extra_legacy_load" in defaults:
        general["extra_legacy_load"] = defaults["extra_legacy_load"]
    if "age" in retention:
        general["retention_age"] = retention["age"]
    if "bytes" in retention:
        general["retention_bytes"] = retention["bytes"]
    return Config(
        version=given.get("version", 1),
        legacy=Upstream(legacy.get("url", ""), legacy.get("timeout", 30.0)),
        phases=tuple(_phase(reader, node, one, defaults) for node, one in zip(rows, phases, strict=False)),
        digest=digest,
        connectra=_connectra(given.get("connectra")),
        **general,
    )


def _connectra(given: Given | None) -> Connectra | None:
    if given is None:
        return None
    known = {key: given[key] for key in ("timeout", "cache") if key in given}
    return Connectra(given.get("url", ""), given.get("api_key", ""), **known)


def _phase(reader: Reader, node: Node, given: Given, defaults: Given) -> Phase:
    name = given.get("name", "")
    under = laid_over(defaults, {key: value for key, value in given.items() if key != "endpoints"})
    nodes = node.get("endpoints") if isinstance(node, Table) else None
    endpoints = []
    if isinstance(nodes, Table):
        for endpoint, one in given.get("endpoints", {}).items():
            key, value = nodes.entries[endpoint]
            endpoints.append(_endpoint(reader, endpoint, name, (key, value), laid_over(under, one)))
    return Phase(
        name=name,
        flag=given.get("flag"),
        bake=under.get("bake", BAKE),
        shadow_when_off=given.get("shadow_when_off", False),
        endpoints=tuple(endpoints),
    )


def laid_over(under: Given, over: Given) -> dict[str, Any]:
    """`over` wins, key by key; nested sections are laid over each other in the same way."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if key in NESTED and isinstance(below, dict) and isinstance(value, dict):
            value = laid_over(below, value)  # noqa: PLW2901 - what is laid over is what counts
        merged[key] = value
    return merged


def _endpoint(reader: Reader, name: str, phase: str, nodes: tuple[Scalar, Node], given: Given) -> Endpoint:
    key, node = nodes
    method, template = given.get("match", ("GET", f"/{name}"))
    percent = node.get("percent") if isinstance(node, Table) else None
    return Endpoint(
        name=name,
        phase=phase,
        method=method,
        template=template,
        candidate=given.get("candidate", ""),
        percent=given.get("percent", 0),
        percent_writable=isinstance(percent, Scalar) and not percent.shared and not percent.expanded,
        auto=given.get("auto", True),
        rules=_rules(reader, given.get("compare")),
        thresholds=_thresholds(given),
        ladder=given.get("ladder") or LADDER,
        bake=given.get("bake", BAKE),
        budget=Budget(**given.get("budget", {})),
        line=key.line,
        **{name: given[name] for name in DIRECT if name in given},
    )


def _thresholds(given: Given) -> Thresholds:
    block = {"block": given["block"]} if "block" in given else {}
    return Thresholds(
        PromoteWhen(**_gates(given.get("promote_when", {}))),
        RollBackWhen(**_gates(given.get("roll_back_when", {}))),
        **block,
    )


def _gates(given: Given) -> dict[str, Any]:
    """Nested gates by the names of `rollout.thresholds`; `latency_ratio: none` removes both of them."""
    found = {key: value for key, value in given.items() if key not in ("latency_ratio", "lag")}
    for group, names in (("latency_ratio", ("p50", "p95")), ("lag", ("p99",))):
        if group not in given:
            continue
        values = given[group]
        prefix = group.removesuffix("_ratio")
        for name in names:
            if values is None or name in values:
                found[f"{prefix}_{name}"] = None if values is None else values[name]
    return found


def _rules(reader: Reader, node: Node | None) -> Rules:
    if node is None:
        return parse_rules({})
    try:
        return parse_rules(plain(node))
    except RulesError as error:
        for problem in error.problems:
            reader.complain(at(node, problem.path), problem.message)
        return parse_rules({})
