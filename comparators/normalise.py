"""One leaf in the form in which the rules compare it. Pure, and the same for both sides."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any
from urllib.parse import urlsplit

from comparators.treatment import Treatment

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
"""A number as JSON writes it (`007` and `+91` are texts), of a length that is compared digit by digit."""
_EXACT = Context(prec=100)
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
NOTHING = None
"""What null, missing and empty become where they mean the same."""


def leaf(value: Any, how: Treatment) -> Any:
    """The normal form of a scalar, or of a list that a rule reads as one value."""
    if how.joined is not None:
        value = _joined(value, how.joined, how)
    if isinstance(value, str):
        value = _text(value, how)
    elif how.coerce and isinstance(value, int | float) and not isinstance(value, bool):
        value = _number(str(value))
    if how.zero_is_null and not isinstance(value, bool) and value == 0:
        return NOTHING
    if how.null_missing_empty and value in ("", [], {}):
        return NOTHING
    return value


def _text(text: str, how: Treatment) -> Any:
    if how.trim:
        text = text.strip()
    if how.unquote:
        text = unquoted(text)
    if text in how.placeholders:
        return NOTHING
    text = unicodedata.normalize("NFC", text) if not text.isascii() else text
    if how.timestamp and (instant := _instant(text, how.timestamp)) is not None:
        return instant
    if how.url:
        return _url(text)
    if how.coerce:
        return _number(text)
    return text.casefold() if how.casefold else text


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


def _joined(value: Any, separator: str, how: Treatment) -> Any:
    """The elements as texts under the rules of the place; those that come to nothing are none."""
    found = parts(value, separator)
    if found is None:
        return value
    return [form for part in found if (form := _text(part, how)) not in ("", NOTHING)]


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
