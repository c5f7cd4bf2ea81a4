"""The ladder of a comparison, cheapest first: bytes, parsed values, keyed values under the rules, DeepDiff."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson

from comparators.answer import Answer
from comparators.content import Content, Unreadable, read
from comparators.fingerprint import fingerprint
from comparators.rules import Rules
from comparators.treatment import plan_of
from comparators.verdict import Change, ChangeKind, Outcome, Verdict
from comparators.walk import Walk


def compare(legacy: Answer, candidate: Answer, rules: Rules, *, endpoint: str, today: date) -> Verdict:
    """What the comparison says. Never raises, whatever the bodies are.

    A body that can not be read makes the exchange not comparable if it is legacy's, and is a mismatch if it is the
    candidate's alone.
    """
    changes = _heads(legacy, candidate, rules)
    if not changes and _same_bytes(legacy, candidate):
        return Verdict(Outcome.MATCH)
    try:
        ours = read(legacy)
    except (Unreadable, OSError) as error:
        return Verdict(Outcome.NOT_COMPARABLE, reason=f"legacy's body: {error}")
    try:
        theirs = read(candidate)
    except Unreadable as error:
        changes.append(Change("", ChangeKind.BODY, ours.kind, str(error)))
        return _verdict(legacy, candidate, changes, Walk(plan_of(rules, today)), endpoint)
    except OSError as error:
        return Verdict(Outcome.NOT_COMPARABLE, reason=f"the candidate's body: {error}")
    walk = Walk(plan_of(rules, today))
    try:
        _bodies(ours, theirs, walk)
    except RecursionError:
        return Verdict(Outcome.NOT_COMPARABLE, reason="nested too deeply")
    return _verdict(legacy, candidate, changes, walk, endpoint)


def _heads(legacy: Answer, candidate: Answer, rules: Rules) -> list[Change]:
    found = []
    if legacy.status != candidate.status:
        found.append(Change("status", ChangeKind.STATUS, legacy.status, candidate.status))
    for name in rules.headers:
        one, other = legacy.header(name), candidate.header(name)
        if _field(one) != _field(other):
            found.append(Change(f"header {name}", ChangeKind.HEADER, one, other))
    return found


def _field(value: str | None) -> str | None:
    return None if value is None else "".join(value.split()).lower()


def _same_bytes(legacy: Answer, candidate: Answer) -> bool:
    if isinstance(legacy.body, Path) or isinstance(candidate.body, Path):
        return False
    coding = (legacy.header("content-encoding"), candidate.header("content-encoding"))
    return coding[0] == coding[1] and legacy.body == candidate.body


def _bodies(ours: Content, theirs: Content, walk: Walk) -> None:
    if ours.kind in ("json", "ndjson", "csv") and theirs.kind in ("json", "ndjson", "csv"):
        if _sorted(ours.value) != _sorted(theirs.value):
            walk.values(ours.value, theirs.value, walk.root, "")
    elif ours.kind != theirs.kind or ours.value != theirs.value:
        walk.changes.append(Change("", ChangeKind.BODY, _length(ours), _length(theirs)))


def _sorted(value: Any) -> bytes:
    """The value with its keys in order. Raises RecursionError."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # what was read has no other fault: 1024 levels are read, 254 written
        raise RecursionError(str(error)) from error


def _length(content: Content) -> str:
    return f"{content.kind}, {len(content.value)} long" if isinstance(content.value, str | bytes) else content.kind


def _verdict(legacy: Answer, candidate: Answer, changes: list[Change], walk: Walk, endpoint: str) -> Verdict:
    every = [*changes, *walk.changes]
    counts = dict(walk.counts)
    accepted = tuple(walk.accepted)
    if every:
        mark = fingerprint(endpoint, every, (legacy.status, candidate.status))
        return Verdict(Outcome.MISMATCH, tuple(every), accepted, fingerprint=mark, counts=counts)
    outcome = Outcome.ACCEPTED if accepted else Outcome.MATCH
    return Verdict(outcome, accepted=accepted, counts=counts)
