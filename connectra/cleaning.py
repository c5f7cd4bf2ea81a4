"""Values in legacy's conventions (legacy-api.md §3): the cleaner, joined lists, naive timestamps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from connectra.errors import Misread

NOTHING = ("", "_")
_TOUCHED = frozenset(("", "_", "'", '"'))
"""How a text begins of which more than the spaces around it may have to go."""
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{6})?Z", re.ASCII)
"""Nearly every time: it is written as it came, without the Z."""


def text(value: Any, *, keep_placeholder: bool = False) -> str | None:
    """A text without spaces and quotes around it; None for nothing and for the placeholder. Raises Misread."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Misread(f"a {type(value).__name__} where a text was expected")
    found = value.strip()
    if found[:1] not in _TOUCHED:
        return found  # as nearly every value: there are thousands of them in a page
    while True:
        if found == "" or (found == "_" and not keep_placeholder):
            return None
        if len(found) < 2 or found[0] != found[-1] or found[0] not in "'\"":
            break
        found = found[1:-1].strip()
    return found[1:] if found.startswith("'+") else found


def texts(value: Any) -> list[str] | None:
    """Each element cleaned; None when nothing is left. Raises Misread for what is no list of texts."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise Misread(f"a {type(value).__name__} where a list of texts was expected")
    found = [cleaned for one in value if (cleaned := text(one)) is not None]
    return found or None


def joined(value: Any) -> str | None:
    """The elements as one text."""
    found = texts(value)
    return ", ".join(found) if found else None


def moment(value: Any) -> str | None:
    """An RFC 3339 time as legacy writes it: UTC without a zone, six digits of a fraction or none. Raises Misread."""
    if value in (None, ""):
        return None
    digits = str(value)
    if _PLAIN.fullmatch(digits):
        return _plain(digits)
    head, dot, tail = digits.partition(".")
    if dot:
        fraction = tail.rstrip("Z").partition("+")[0].partition("-")[0]
        if not fraction.isdecimal():
            raise Misread(f"{value!r} is no time")
        digits = f"{head}.{fraction[:6].ljust(6, '0')}{tail[len(fraction) :]}"
    try:
        found = datetime.fromisoformat(digits)
        naive = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError) as error:
        raise Misread(f"{value!r} is no time") from error
    return naive.isoformat(timespec="microseconds" if naive.microsecond else "seconds")


def _plain(digits: str) -> str:
    """A time of the form of _PLAIN."""
    seconds = digits[:19]
    try:
        datetime.fromisoformat(seconds)
    except ValueError as error:
        raise Misread(f"{digits!r} is no time") from error
    return seconds if digits[19:] in ("Z", ".000000Z") else digits[:-1]


def whole(value: Any) -> int | None:
    """A whole number; Connectra leaves 0 out, so nothing may be 0 or unknown. Raises Misread."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misread(f"{value!r} is no whole number")
    return value
