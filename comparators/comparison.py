"""The ladder of a comparison, cheapest first: bytes, parsed values, keyed values under the rules, DeepDiff."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import orjson

from comparators.answer import Answer
from comparators.coding import same_bytes
from comparators.content import Content, Unreadable, kind_of, read
from comparators.fingerprint import fingerprint
from comparators.leaves import FunctionFailed
from comparators.pairing import OutOfStep
from comparators.rules import Rules
from comparators.tabular import KEPT, CandidateUnreadable, check, compare_tables
from comparators.treatment import plan_of
from comparators.verdict import Change, ChangeKind, Outcome, Verdict
from comparators.walk import Walk

LOOSE = frozenset({"accept-ranges", "cache-control", "content-encoding", "content-language", "content-type", "vary"})
"""Fields whose values are tokens in any case, with spaces where one likes (RFC 9110, RFC 9111)."""


class _NotComparable(Exception):
    """Why there is no verdict, in words."""


def compare(legacy: Answer, candidate: Answer, rules: Rules, *, endpoint: str, today: date) -> Verdict:
    """What the comparison says. Never raises, whatever the bodies are.

    A body that can not be read makes the exchange not comparable if it is legacy's, and is a mismatch if it is the
    candidate's alone.
    """
    changes = _heads(legacy, candidate, rules)
    tables = kind_of(legacy), kind_of(candidate)
    walk = Walk(plan_of(rules, today), KEPT) if "csv" in tables else Walk(plan_of(rules, today))
    try:
        if not changes and _same_bytes(legacy, candidate):
            return Verdict(Outcome.MATCH)
        if "csv" in tables:
            _tables(legacy, candidate, walk, rules.csv or _unordered(walk))
        else:
            _values(legacy, candidate, walk)
    except (_NotComparable, OutOfStep, FunctionFailed) as error:
        return Verdict(Outcome.NOT_COMPARABLE, reason=str(error))
    except RecursionError:
        return Verdict(Outcome.NOT_COMPARABLE, reason="nested too deeply")
    return _verdict(legacy, candidate, changes, walk, endpoint)


def _heads(legacy: Answer, candidate: Answer, rules: Rules) -> list[Change]:
    found = []
    if legacy.status != candidate.status:
        found.append(Change("status", ChangeKind.STATUS, legacy.status, candidate.status))
    for name in rules.headers:
        one, other = _field(legacy, name), _field(candidate, name)
        if one != other and (name not in LOOSE or _loose(one) != _loose(other)):
            found.append(Change(f"header {name}", ChangeKind.HEADER, one, other))
    return found


def _field(answer: Answer, name: str) -> str | None:
    """Every value of the field in order, as one line (RFC 9110 §5.3); None without any."""
    found = [value.strip() for key, value in answer.headers if key.lower() == name]
    return ", ".join(found) if found else None


def _loose(value: str | None) -> str | None:
    return None if value is None else "".join(value.split()).lower()


def _same_bytes(legacy: Answer, candidate: Answer) -> bool:
    try:
        return same_bytes(legacy, candidate)
    except OSError:  # whose file it is that can not be read is said where it is read
        return False


def _values(legacy: Answer, candidate: Answer, walk: Walk) -> None:
    ours = _legacys(legacy)
    try:
        theirs = read(candidate)
    except Unreadable as error:
        walk.changes.append(Change("", ChangeKind.BODY, ours.kind, str(error)))
        return
    except OSError as error:
        raise _NotComparable(f"the candidate's body: {error}") from error
    if ours.kind in ("json", "ndjson") and theirs.kind in ("json", "ndjson"):
        if _sorted(ours.value) != _sorted(theirs.value):
            walk.values(ours.value, theirs.value, walk.root, "")
    elif ours.kind != theirs.kind or _composed(ours.value) != _composed(theirs.value):
        walk.changes.append(Change("", ChangeKind.BODY, _length(ours), _length(theirs)))


def _legacys(legacy: Answer) -> Content:
    try:
        return read(legacy)
    except (Unreadable, OSError) as error:
        raise _NotComparable(f"legacy's body: {error}") from error


def _tables(legacy: Answer, candidate: Answer, walk: Walk, keys: tuple[str, ...]) -> None:
    """Two bodies of which one at least is a CSV, which is never held whole."""
    kinds = kind_of(legacy), kind_of(candidate)
    try:
        if kinds[0] == kinds[1]:
            compare_tables(legacy, candidate, walk, keys)
        else:
            if kinds[0] == "csv":
                check(legacy)
            else:
                read(legacy)
            walk.changes.append(Change("", ChangeKind.BODY, *kinds))
    except CandidateUnreadable as error:
        walk.changes.append(Change("", ChangeKind.BODY, "csv", str(error)))
    except Unreadable as error:
        raise _NotComparable(f"legacy's body: {error}") from error
    except OSError as error:
        raise _NotComparable(f"a spooled body: {error.strerror}") from error


def _unordered(walk: Walk) -> tuple[str, ...]:
    return () if walk.root.unordered is None else (walk.root.unordered,)


def _sorted(value: Any) -> bytes:
    """The value with its keys in order. Raises RecursionError."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # what was read has no other fault: 1024 levels are read, 254 written
        raise RecursionError(str(error)) from error


def _composed(value: Any) -> Any:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


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
