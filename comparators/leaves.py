"""Two leaves at one place: which rule makes them the same, and if none, what sort of change it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from comparators.functions import Function
from comparators.normalise import leaf, steps
from comparators.treatment import Treatment
from comparators.verdict import Change, ChangeKind

ABSENT: Any = type("Absent", (), {"__repr__": lambda _self: "absent"})()
_NOTHINGS: tuple[Any, ...] = (None, "", [], {})


class FunctionFailed(Exception):
    """A named function that raised: the exchange can not be compared. The text names function and error."""


def taken(legacy: Any, candidate: Any, how: Treatment) -> str | None:
    """The rule that makes two leaves the same (empty if none is needed), or None. Raises FunctionFailed.

    Where several work together it is the one at which they became the same: of `" _ "` and null it is `placeholders`.
    """
    if equal(legacy, candidate):
        return ""
    one, other = _there(legacy, how), _there(candidate, how)
    if one is None and other is None:
        return "null_missing_empty"
    for name, apply in steps(how):
        ours, theirs = apply(one), apply(other)
        if ours is one and theirs is other:
            continue
        if equal(ours, theirs):
            return name
        one, other = ours, theirs
    if how.tolerance is not None and _near(one, other, how.tolerance):
        return "tolerance"
    if how.function is not None and function_takes(legacy, candidate, how.function):
        return f"function {how.function[0]}"
    return None


def function_takes(legacy: Any, candidate: Any, function: tuple[str, Function]) -> bool:
    """What a named function says of two values as they came; absence is None to it. Raises FunctionFailed."""
    try:
        return function[1](shown(legacy), shown(candidate)) is True
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise FunctionFailed(f"the function {function[0]} raised {type(error).__name__}") from error


def kind(legacy: Any, candidate: Any, how: Treatment) -> ChangeKind:
    """The sort of change between two leaves that no rule makes the same."""
    one, other = _forms(legacy, candidate, how)
    if other is ABSENT:
        return ChangeKind.MISSING
    if one is ABSENT:
        return ChangeKind.EXTRA
    alike = type(one) is type(other) or one is None or other is None or (_number(one) and _number(other))
    return ChangeKind.VALUE if alike else ChangeKind.TYPE


def gap_kind(change: Change, how: Treatment) -> str:
    """As the `kinds` of a known gap name it: null and empty are nothing, as absence is."""
    ours, theirs = leaf(change.legacy, how) in _NOTHINGS, leaf(change.candidate, how) in _NOTHINGS
    if ours is theirs:
        return change.kind.value
    return "missing" if theirs else "extra"


def equal(one: Any, other: Any) -> bool:
    """JSON equality: numbers are numbers (RFC 8259 §6), but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def shown(value: Any) -> Any:
    """As a change shows it: absence is None."""
    return None if value is ABSENT else value


def _forms(legacy: Any, candidate: Any, how: Treatment) -> tuple[Any, Any]:
    return leaf(_there(legacy, how), how), leaf(_there(candidate, how), how)


def _there(value: Any, how: Treatment) -> Any:
    """Absence is null where it means the same."""
    return None if value is ABSENT and how.null_missing_empty else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _near(one: Any, other: Any, tolerance: tuple[float, float]) -> bool:
    if not (_number(one) and _number(other)):
        return False
    first, second = float(one), float(other)
    return abs(first - second) <= max(tolerance[0], tolerance[1] * abs(first))
