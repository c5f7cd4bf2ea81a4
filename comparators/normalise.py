"""One leaf in the form in which the rules compare it. Pure, and the same for both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any
from urllib.parse import urlsplit

from comparators.treatment import Step, Treatment

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
"""A number as JSON writes it (`007` and `+91` are texts), of a length that is compared digit by digit."""
_EXACT = Context(prec=100)
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
NOTHING = None
"""What null, missing and empty become where they mean the same."""


def leaf(value: Any, how: Treatment) -> Any:
    """The normal form of a scalar, or of a list that a rule reads as one value."""
    for _, apply in steps(how):
        value = apply(value)
    return value


def steps(how: Treatment) -> tuple[Step, ...]:
    """The rules that hold at a place, by their names and in their order, each as what it makes of a value."""
    if how.steps is None:
        how.steps = _made(how)
    return how.steps


def _made(how: Treatment) -> tuple[Step, ...]:
    texts: list[tuple[str, Callable[[str], Any]]] = []
    if how.trim:
        texts.append(("trim", str.strip))
    if how.unquote:
        texts.append(("unquote", unquoted))
    if placeholders := how.placeholders:
        texts.append(("placeholders", lambda text: NOTHING if text in placeholders else text))
    texts.append(("unicode", _composed))
    if unit := how.timestamp:
        texts.append(("timestamps", lambda text: text if (at := _instant(text, unit)) is None else at))
    if how.url:
        texts.append(("urls", _url))
    elif how.coerce:
        texts.append(("coerce", _number))
    elif how.casefold:
        texts.append(("casefold", str.casefold))
    wrap = _of_text if how.joined is None else _of_elements
    found: list[Step] = [(name, wrap(apply)) for name, apply in texts]
    if (separator := how.joined) is not None:
        found.insert(0, ("joined", lambda value: value if (split := parts(value, separator)) is None else split))
    if how.coerce:
        found.append(("coerce", _coerced))
    if how.zero_is_null:
        found.append(("zero_is_null", _without_zero))
    if how.null_missing_empty:
        found.append(("null_missing_empty", lambda value: NOTHING if value in ("", [], {}) else value))
    return tuple(found)


def _of_text(apply: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: apply(value) if isinstance(value, str) else value


def _of_elements(apply: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Of each element of what has been split; those that come to nothing are none."""

    def applied(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        forms = (apply(one) if isinstance(one, str) else one for one in value)
        return [form for form in forms if form not in ("", NOTHING)]

    return applied


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _coerced(value: Any) -> Any:
    return _number(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _without_zero(value: Any) -> Any:
    return NOTHING if not isinstance(value, bool) and value == 0 else value


def unquoted(text: str) -> str:
    """Without layers of quotes around it, and without the apostrophe of a spreadsheet before a plus sign."""
    if not text.startswith(("'", '"')):
        return text
    while len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return text[1:] if text.startswith("'+") else text


def parts(value: Any, separator: str) -> list[str] | None:
    """The trimmed elements of a list, or of a text that joins one, without empty ones; None for another value."""
    if isinstance(value, list):
        return [text for one in value if one is not None and (text := str(one).strip())]
    if isinstance(value, str):
        return [text for part in value.split(separator.strip() or separator) if (text := part.strip())]
    return None


def _number(text: str) -> Any:
    return _EXACT.normalize(Decimal(text)) if _NUMBER.fullmatch(text) else text


def _instant(text: str, unit: int) -> datetime | None:
    """The moment, in UTC; without a zone it is read as UTC. It is cut to whole `unit`s, in microseconds."""
    if len(text) < 10 or not text[:4].isdigit():
        return None
    try:
        found = datetime.fromisoformat(text)  # digits beyond microseconds are cut
        if found.tzinfo is None:
            return found.replace(tzinfo=UTC, microsecond=found.microsecond - found.microsecond % unit)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):  # not a moment, or one that is before the year 1 in UTC
        return None
    return found if unit == 1 else found.replace(microsecond=found.microsecond - found.microsecond % unit)


def _url(text: str) -> str:
    """Host in lower case, no scheme, no `www.`, no slash at the end; what is no address stays as it is."""
    try:
        parts = urlsplit(text if _SCHEME.match(text) else f"//{text}")
    except ValueError:
        return text
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return host + parts.path.rstrip("/") + query + fragment
