"""Figures and thresholds → promote, hold or roll back, and always why. Pure: the same evidence gives the same ruling.

Promotion needs every gate (an intersection-union test: alpha is not split). Roll back fires on any breached gate.
No data is a hold, never a pass. The proof must stand when the bake is over, not at an earlier look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, log
from typing import Any

from rollout import gates
from rollout.evidence import Window
from rollout.facts import from_json, to_json
from rollout.gate import Gate, Verdict, duration, percentage
from rollout.ladder import next_rung, written
from rollout.limits import TAUS
from rollout.states import Climb, EndpointState, EventKind, Status

JUDGE = "crossfade-judge-1"
WATCH = 10_000.0
"""The e-CUSUM's average run length to a false alarm, in observations (statistics §8)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What beside its evidence holds an endpoint.

    `waits_for` is an earlier phase, `store_ok` whether evidence can be kept, `auto` whether the judge may promote,
    `effects` whether it has effects that can not be made now on legacy, and `why_effects` says why.
    """

    waits_for: str | None = None
    store_ok: bool = True
    auto: bool = True
    effects: bool = False
    why_effects: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One word of the judge, whole: stored with the transition that it leads to.

    `kind` is PROMOTE, HOLD or ROLL_BACK.
    """

    kind: EventKind
    reason: str
    gates: tuple[Gate, ...] = ()
    to_zero: bool = False
    judge: str = JUDGE
    figures: Mapping[str, float | int | None] = field(default_factory=dict)


def judge(window: Window, state: EndpointState, climb: Climb, around: Surroundings, now: float) -> Ruling:
    """The ruling on one endpoint at `now` (Unix seconds): the worst gate decides."""
    found = all_gates(window, state, climb, around, now)
    worst = max(gate.verdict for gate in found)
    if worst is Verdict.BREACHED and not _off_already(state):
        breached = [gate for gate in found if gate.verdict is Verdict.BREACHED]
        to_zero = any(gate.name == "error" for gate in breached)
        return Ruling(EventKind.ROLL_BACK, _said(breached), found, to_zero)
    if state.done:
        alarm = _alarm(window)
        if alarm is not None:
            return Ruling(EventKind.ROLL_BACK, alarm, found, to_zero=alarm.startswith("error"))
        return Ruling(EventKind.HOLD, "done: the last rung has been proven; watched on", found)
    if (why := _held(state, around, now)) is not None:
        return Ruling(EventKind.HOLD, why, found)
    if worst >= Verdict.OPEN:
        return Ruling(EventKind.HOLD, _longest(found), found)
    return Ruling(EventKind.PROMOTE, _proven(window, climb, state), found)


def _off_already(state: EndpointState) -> bool:
    """At 0 % after a breach: this one is on record, and there is nothing left to take back."""
    return state.percent == 0 and state.status in (Status.BACKING_OFF, Status.HELD_FOR_PERSON)


def all_gates(
    window: Window, state: EndpointState, climb: Climb, around: Surroundings, now: float
) -> tuple[Gate, ...]:
    """Every gate, in the order in which people read them."""
    promote, back = window.thresholds.promote_when, window.thresholds.roll_back_when
    errors = gates.share(
        "error", "requests to the candidate failed", window.errors, window, promote.error_rate, back.error_rate
    )
    return (
        gates.mismatch(window, now),
        errors,
        _fallback(window),
        *(gates.latency(window, name) for name in TAUS),
        gates.lag(window),
        gates.compared(window),
        gates.eligible(window),
        gates.shapes(window),
        gates.served(window),
        _bake(state, climb, now),
        _phase(around),
    )


def _fallback(window: Window) -> Gate:
    promote, back = window.thresholds.promote_when, window.thresholds.roll_back_when
    if window.percent == 0 and promote.fallback_rate is not None:
        return Gate("fallback", Verdict.PASSED, "nothing is served by the candidate at 0 %", wait=0.0)
    return gates.share(
        "fallback", "requests fell back", window.fallbacks, window, promote.fallback_rate, back.fallback_rate
    )


def _phase(around: Surroundings) -> Gate:
    if around.waits_for is None:
        return Gate("phase", Verdict.PASSED, "no earlier phase is in the way", wait=0.0)
    return Gate("phase", Verdict.OPEN, f"waits for phase {around.waits_for}")


def _bake(state: EndpointState, climb: Climb, now: float) -> Gate:
    left = climb.bake - (now - state.entered_at)
    figures = {"bake": climb.bake, "left": max(left, 0.0)}
    if left <= 0:
        return Gate("bake", Verdict.PASSED, f"{duration(climb.bake)} are over", figures, 0.0)
    return Gate("bake", Verdict.OPEN, f"{duration(left)} of {duration(climb.bake)} are left", figures, left)


def _held(state: EndpointState, around: Surroundings, now: float) -> str | None:
    """What holds it beside its evidence, in words."""
    if state.status is Status.HELD:
        return f"held by {', '.join(state.held_by)}: {state.reason}"
    if state.status is Status.BACKING_OFF:
        return f"backing off, {_next_try(state, now)}: {state.reason}"
    if state.status is Status.HELD_FOR_PERSON:
        return f"held for a person: {state.reason}"
    if around.effects:
        return f"has effects on legacy (credits, activity rows) and is mirrored only: {around.why_effects}"
    if not around.auto:
        return "auto is false: only people promote it"
    if not around.store_ok:
        return "PostgreSQL is away: nothing goes up until it is back"
    return None


def _next_try(state: EndpointState, now: float) -> str:
    left = 0.0 if state.retry_at is None else state.retry_at - now
    return "tried again now" if left <= 0 else f"tried again in {duration(left)}"


def _said(found: list[Gate]) -> str:
    return "; ".join(f"{gate.name}: {gate.text}" for gate in found)


def _longest(found: tuple[Gate, ...]) -> str:
    """The gate that holds longest; one of which nobody can tell goes before all others."""
    waiting = [gate for gate in found if gate.verdict in (Verdict.OPEN, Verdict.NO_DATA)]
    gate = max(waiting, key=lambda one: inf if one.wait is None else one.wait)
    return f"{gate.name}: {gate.text}"


def _proven(window: Window, climb: Climb, state: EndpointState) -> str:
    test = window.mismatch
    rung = next_rung(climb.ladder, state.percent)
    where = "the last rung is proven" if rung is None else f"{written(state.percent)} is proven, on to {written(rung)}"
    return f"{where}: {test.mismatches} of {test.n} distinct requests differ, at most {percentage(test.upper)}"


def _alarm(window: Window) -> str | None:
    """The watch after the last rung."""
    tests = {
        "mismatch": window.mismatch.cusum,
        "error": window.errors.cusum,
        "fallback": window.fallbacks.cusum,
        **{
            f"latency {limit.name} over {limit.ratio:g}": window.signs[at].cusum
            for at, limit in enumerate(window.limits.latency)
        },
    }
    for name, cusum in tests.items():
        if cusum.log_value >= log(WATCH):
            return f"{name}: has become worse since the last rung was proven (e-CUSUM {cusum.log_value:.1f})"
    return None


def evidence_of(
    window: Window, state: EndpointState, climb: Climb, around: Surroundings, now: float
) -> dict[str, Any]:
    """All that a ruling follows from, as plain JSON."""
    return {
        "judge": JUDGE,
        "now": now,
        "window": window.to_json(),
        "state": state.to_json(),
        "climb": to_json(climb),
        "around": to_json(around),
    }


def replay(evidence: Mapping[str, Any]) -> Ruling:
    """The ruling that stored evidence gives; raises facts.Unreadable."""
    return judge(
        Window.from_json(evidence["window"]),
        EndpointState.from_json(evidence["state"]),
        from_json(Climb, evidence["climb"]),
        from_json(Surroundings, evidence["around"]),
        float(evidence["now"]),
    )
