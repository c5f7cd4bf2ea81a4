"""For a kind of mismatch: the rule that would accept it, and what that rule would hide. Suggested, never applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson

from comparators.leaves import ABSENT, FunctionFailed
from comparators.paths import ELEMENT, PathError, compile_path, without_indexes
from comparators.redact import place_of
from comparators.rules import UNITS, Rules
from comparators.treatment import Plan, Treatment
from comparators.verdict import Change, ChangeKind
from comparators.walk import Walk


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`rule` is YAML for the endpoint's `compare:`; `hides` says in words what else would not be seen any more."""

    rule: str
    hides: str


GAP = "a known gap needs a reason, an owner and an end; until then every difference at this path is hidden"
_LADDER: tuple[tuple[str, str, str], ...] = (
    ("null_missing_empty", "null_missing_empty: [{path}]", "null on one side that is empty or absent on the other"),
    ("timestamps", "timestamps: [{path}]", "other spellings of the same moment"),
    ("trim", "trim: [{path}]", "spaces around the value"),
    ("unquote", "unquote: [{path}]", "quotes around the value"),
    ("coerce", "coerce: [{path}]", "a number that is sent as text"),
    ("casefold", "casefold: [{path}]", "capital letters in place of small ones"),
    ("urls", "urls: [{path}]", "scheme, `www.`, capital letters of the host and a slash at the end of an address"),
    ("zero_is_null", "zero_is_null: [{path}]", "a 0 that has become null, or the reverse"),
)  # fmt: skip


def suggest(changes: Sequence[Change], rules: Rules) -> Suggestion | None:
    """The narrowest rule that accepts all these changes (of one kind of mismatch); None where none should.

    A difference of status or of a whole body has no rule: it is a defect or a decision for people.
    """
    paths = sorted({without_indexes(change.path) for change in changes})
    if not paths or any(change.kind in (ChangeKind.STATUS, ChangeKind.BODY, ChangeKind.HEADER) for change in changes):
        return None
    if not all(_can_be_named(path) for path in paths):
        return None
    written = ", ".join(paths)
    for name, text, hides in _LADDER:
        if all(_accepts(change, name, rules) for change in changes):
            return Suggestion(text.format(path=", ".join(map(_quoted, paths))), f"at {written}: {hides}")
    numbers = _numbers(changes)
    gaps = "\n".join(f"  - {{path: {_quoted(path)}, reason: …, owner: …, until: …}}" for path in paths)
    cost = f"every wrong value at {written}, this defect included; {GAP}"
    if numbers is not None:
        cost = f"every wrong number at {written}, this defect included (here up to {numbers:.3g} times off); {GAP}"
    return Suggestion(f"known_gaps:\n{gaps}", cost)


def _can_be_named(path: str) -> bool:
    """Whether a pattern can name this place: not the root, and no key with brackets in it."""
    try:
        return compile_path(path).matches(place_of(path))
    except PathError:
        return False


def _quoted(path: str) -> str:
    """As YAML needs it within a list: brackets would open another one."""
    return orjson.dumps(path).decode()


def _accepts(change: Change, name: str, rules: Rules) -> bool:
    path = without_indexes(change.path)
    if path.endswith(ELEMENT) and change.kind in (ChangeKind.MISSING, ChangeKind.EXTRA):
        return False  # no rule on values makes up for an element that is not there
    field: Callable[..., Rules] = replace
    added = (path, UNITS["us"]) if name == "timestamps" else path
    widened = field(rules, **{name: (*getattr(rules, name), added)})
    plan = Plan(widened, date.min)
    how: Treatment = plan.root
    for segment in place_of(path):
        how = plan.below(how, segment)
    walk = Walk(plan)
    one = ABSENT if change.kind is ChangeKind.EXTRA else change.legacy
    other = ABSENT if change.kind is ChangeKind.MISSING else change.candidate
    try:
        walk.values(one, other, how, path)
    except FunctionFailed:  # asked of a value that comparing did not ask it of: nothing can be said
        return False
    return not walk.changes


def _numbers(changes: Sequence[Change]) -> float | None:
    ratios: list[float] = []
    for change in changes:
        pair: list[Any] = [change.legacy, change.candidate]
        if not all(isinstance(one, int | float) and not isinstance(one, bool) and one for one in pair):
            return None
        ratios.append(max(abs(pair[1] / pair[0]), abs(pair[0] / pair[1])))
    return max(ratios)
