"""The endpoints of rollout.yaml: defaults for all, and what each says for itself."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from comparators.rules import Rules, RulesError, parse_rules
from rollout.bucket import SOURCES
from rollout.model import FULL, Budget, Endpoint
from rollout.sections import Section
from rollout.template import TemplateError, compile_template
from rollout.thresholds import PromoteWhen, RollBackWhen, Thresholds
from rollout.units import (
    alpha,
    duration,
    durations,
    hundredths,
    ladder,
    lag,
    limit,
    rate,
    ratio,
    serve_deadline,
    share,
    size,
    texts,
    url,
    whole,
    words,
    yes,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EFFECTS = "this endpoint has effects on legacy (credits, activity rows): it is mirrored, and served by legacy only"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What endpoints have unless they say otherwise."""

    shadow: int = FULL
    budget: Budget = field(default_factory=Budget)
    extra_legacy_load: float = 0.05
    serve_deadline: float | None = None
    recheck: tuple[float, ...] = (2.0, 8.0)
    lag_window: float = 60.0
    ladder: tuple[int, ...] = (100, 500, 2_500, 5_000, 10_000)
    read_your_writes: float = 10.0
    retry_after: float = 600.0
    retries: int = 3
    thresholds: Thresholds = field(default_factory=Thresholds)


def read_defaults(root: Section) -> Defaults:
    """The section `defaults`."""
    section = root.section("defaults")
    if section is None:
        return Defaults()
    found = _common(section, Defaults())
    found = replace(found, extra_legacy_load=section.get("extra_legacy_load", share, found.extra_legacy_load))
    section.close()
    return found


def _common(section: Section, base: Defaults) -> Defaults:
    """The keys that `defaults` and every endpoint share."""
    return replace(
        base,
        shadow=section.get("shadow", hundredths, base.shadow),
        budget=_budget(section, base.budget),
        serve_deadline=section.get("serve_deadline", serve_deadline, base.serve_deadline),
        recheck=section.get("recheck", durations, base.recheck),
        lag_window=section.get("lag_window", duration, base.lag_window),
        ladder=section.get("ladder", ladder, base.ladder),
        read_your_writes=section.get("read_your_writes", duration, base.read_your_writes),
        retry_after=section.get("retry_after", duration, base.retry_after),
        retries=section.get("retries", whole, base.retries),
        thresholds=_thresholds(section, base.thresholds),
    )


def _budget(section: Section, base: Budget) -> Budget:
    inner = section.section("budget")
    if inner is None:
        return base
    found = Budget(
        in_flight=inner.get("in_flight", whole, base.in_flight),
        rate=inner.get("rate", rate, base.rate),
        body=inner.get("body", size, base.body),
        deadline=inner.get("deadline", duration, base.deadline),
    )
    inner.close()
    return found


def _thresholds(section: Section, base: Thresholds) -> Thresholds:
    block = section.get("block", duration, base.block)
    if block <= 0.0:
        section.problem("block", "a time block needs a length", "60s")
        block = base.block
    promote, back = base.promote_when, base.roll_back_when
    if (inner := section.section("promote_when")) is not None:
        promote = PromoteWhen(**_gates(inner, promote))
        inner.close()
    if (inner := section.section("roll_back_when")) is not None:
        back = RollBackWhen(**_gates(inner, back))
        inner.close()
    lower, upper = promote.mismatch_rate, back.mismatch_rate
    if lower is not None and upper is not None and upper < lower:
        text = "roll_back_when.mismatch_rate lies below promote_when.mismatch_rate"
        section.problem("roll_back_when", text, "an endpoint would be rolled back for what it may be promoted with")
    return Thresholds(promote, back, block)


def _gates(section: Section, base: Any) -> dict[str, Any]:
    found = {one.name: getattr(base, one.name) for one in fields(base)}
    for name in found:
        if name == "alpha":
            found[name] = section.get(name, alpha, found[name])
        elif not name.startswith(("latency", "lag")):
            found[name] = section.get(name, limit, found[name])
    if (ratios := section.section("latency_ratio")) is not None:
        for quantile in ("p50", "p95"):
            found[f"latency_{quantile}"] = ratios.get(quantile, ratio, found[f"latency_{quantile}"])
        ratios.close()
    if "lag_p99" in found and (lags := section.section("lag")) is not None:
        found["lag_p99"] = lags.get("p99", lag, found["lag_p99"])
        lags.close()
    return found


def read_endpoint(section: Section, name: str, phase: str, bake: float, defaults: Defaults) -> Endpoint:
    """One endpoint; `section` is what stands below its name."""
    common = _common(section, defaults)
    method, template = _match(section)
    found = Endpoint(
        name=name,
        phase=phase,
        method=method,
        template=template,
        candidate=_candidate(section),
        percent=section.get("percent", hundredths, 0),
        percent_writable=section.writable("percent") if "percent" in section.given else False,
        auto=section.get("auto", yes, True),
        rules=_rules(section),
        thresholds=common.thresholds,
        ladder=common.ladder,
        bake=section.get("bake", duration, bake),
        budget=common.budget,
        sticky=_sticky(section),
        shadow=common.shadow,
        recheck=common.recheck,
        lag_window=common.lag_window,
        serve_deadline=common.serve_deadline,
        read_your_writes=common.read_your_writes,
        written_by=_written_by(section),
        effects=section.get("effects", yes, False),
        reads=section.get("reads", yes, False),
        stream=section.get("stream", yes, False),
        hedge=section.get("hedge", yes, False),
        candidate_headers=section.get("candidate_headers", texts, None),
        retry_after=common.retry_after,
        retries=common.retries,
        acknowledge=section.get("acknowledge", words, None),
        line=section.line,
    )
    if found.effects and found.percent > 0:
        section.problem("percent", f"percent must stay 0: {EFFECTS}", "percent: 0")
    section.close()
    return found


def _match(section: Section) -> tuple[str, str]:
    text = section.need("match", words, "GET /api/v1/contacts/{contact_uuid}/", "")
    method, _, template = text.partition(" ")
    if not text:
        return "", ""
    if method not in METHODS:
        section.problem("match", f"{method!r} is no method", f"METHOD /path, with one of {', '.join(METHODS)}")
        return "", ""
    try:
        compile_template(template.strip())
    except TemplateError as error:
        section.problem("match", str(error), "METHOD /path/{parameter}/")
    return method, template.strip()


def _candidate(section: Section) -> str:
    text: str = section.need("candidate", words, "connectra", "")
    if text in ("", "connectra"):
        return text
    try:
        found = url(text)
    except ValueError:
        section.problem("candidate", f"{text!r} is no candidate", "`connectra` for the bundled gateway, or an address")
        return ""
    parts = urlsplit(found)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        text = "plain http to a host that is not this one"
        section.problem("candidate", text, "https://…, or a candidate on loopback")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sticky(section: Section) -> tuple[str, ...]:
    found: tuple[str, ...] = section.get("sticky", texts, ("client_ip",))
    for source in found:
        if source != "client_ip" and not any(source.startswith(one) and source != one for one in SOURCES[:3]):
            section.problem("sticky", f"{source!r} is no source", "jwt:CLAIM, header:NAME, cookie:NAME or client_ip")
    return found


def _written_by(section: Section) -> tuple[str, ...]:
    found: tuple[str, ...] = section.get("written_by", texts, ())
    for one in found:
        method, _, template = one.partition(" ")
        try:
            if method not in METHODS[1:5]:
                raise TemplateError(f"{method!r} is no method that writes")
            compile_template(template)
        except TemplateError as error:
            section.problem("written_by", str(error), "METHOD /path/{parameter}/")
    return found


def _rules(section: Section) -> Rules:
    value = section.raw("compare")
    try:
        return parse_rules(value or {})
    except RulesError as error:
        for problem in error.problems:
            section.problem_below(("compare", *problem.path), problem.message)
        return parse_rules({})
