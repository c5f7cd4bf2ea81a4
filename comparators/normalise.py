"""One leaf in the form in which the rules compare it. Pure, and the same for both sides."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from comparators.treatment import Treatment

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
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number.normalize() if number.is_finite() else text


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
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _url(text: str) -> str:
    """Host in lower case, no scheme, no `www.`, no slash at the end."""
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return host + parts.path.rstrip("/") + query
