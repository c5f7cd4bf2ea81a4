"""Values of queries on long and date fields, with the engine's refusals."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

from lab.connectra.errors import EngineRefused

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1


def number(value: Any) -> Decimal:
    """A value for a long field. Raises EngineRefused for what is no number in range."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InvalidOperation
        found = Decimal(str(value).strip())
        if not found.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise EngineRefused(f"failed to create query: For input string: {text(value)}") from None
    if not LONG_MIN <= found <= LONG_MAX:
        raise EngineRefused(f"failed to create query: Value [{text(value)}] is out of range for a long")
    return found


def equal_to(value: Any) -> int | None:
    """The whole number to look for; None for a fraction, which matches nothing."""
    found = number(value)
    return int(found) if found == found.to_integral_value() else None


def lower(value: Any, *, over: bool) -> int:
    """The smallest whole number at or above (`over`: above) the bound."""
    found = number(value)
    whole = math.ceil(found)
    return whole + 1 if over and whole == found else whole


def upper(value: Any, *, under: bool) -> int:
    """The largest whole number at or below (`under`: below) the bound."""
    found = number(value)
    whole = math.floor(found)
    return whole - 1 if under and whole == found else whole


def text(value: Any) -> str:
    """A scalar as the engine compares it on a keyword field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
