"""One leaf in the form in which the rules compare it. Pure, and the same for both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
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


def leaf(value: Any, how: Treatment, placeholders: Collection[str]) -> Any:
    """The normal form of a scalar, or of a list that a rule reads as one value."""
    if how.joined is not None:
        value = _joined(value, how.joined)
    if isinstance(value, str):
        value = _text(value, how, placeholders)
    elif how.coerce and isinstance(value, int | float) and not isinstance(value, bool):
        value = _number(str(value))
    if how.zero_is_null and not isinstance(value, bool) and value == 0:
        return NOTHING
    if how.null_missing_empty and value in ("", [], {}):
        return NOTHING
    return value


def _text(text: str, how: Treatment, placeholders: Collection[str]) -> Any:
    if how.trim:
        text = text.strip()
    if how.unquote:
        text = unquoted(text)
    if text in placeholders:
        return NOTHING
    text = unicodedata.normalize("NFC", text) if not text.isascii() else text
    if how.timestamp and (instant := _instant(text)) is not None:
        return instant
    if how.url:
        return _url(text)
    if how.coerce:
        return _number(text)
    return text.casefold() if how.casefold else text


def unquoted(text: str) -> str:
    """Without layers of quotes around it, and without the apostrophe of a spreadsheet before a plus sign."""
    while len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return text[1:] if text.startswith("'+") else text


def _joined(value: Any, separator: str) -> Any:
    if isinstance(value, list):
        return [str(one).strip() for one in value if one not in (None, "")]
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator.strip() or separator) if part.strip()]
    return value


def _number(text: str) -> Any:
    return _EXACT.normalize(Decimal(text)) if _NUMBER.fullmatch(text) else text


def _instant(text: str) -> datetime | None:
    """The moment, in UTC; without a zone it is read as UTC. Digits beyond microseconds are cut."""
    if len(text) < 10 or not text[:4].isdigit():
        return None
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # not a moment, or one that is before the year 1 in UTC
        return None


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
