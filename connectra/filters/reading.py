"""Values of query parameters as legacy reads them (legacy-api.md §2.6). What legacy refuses is declined by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectra.asked import MOST_DIGITS
from connectra.errors import Declined

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def tokens(raw: str) -> list[str]:
    """Class A: comma-separated, trimmed, blanks dropped; of commas alone the text itself; of blanks nothing."""
    found = [token for part in raw.split(",") if (token := part.strip())]
    return found or [text for text in (raw.strip(),) if text]


def elements(raw: str) -> list[str]:
    """Class C: as `tokens`, but a blank that is not empty is literal (legacy-api.md §4.3)."""
    return [token for part in raw.split(",") if (token := part.strip())] or ([raw] if raw else [])


def listed(name: str, values: Iterable[str], *, caseless: bool = True) -> list[str]:
    """Repeated keys, comma lists, JSON arrays and mixtures; duplicates dropped, the first spelling kept.

    Raises Declined for JSON that legacy fails at: too deep, numbers without end, NUL and halves of letters in escapes.
    """
    found: dict[str, str] = {}
    try:
        for value in values:
            for token in _items(value):
                found.setdefault(token.lower() if caseless else token, token)
    except (ValueError, RecursionError) as error:
        raise Declined(f"parameter {name}") from error
    if any("\0" in token or not _whole(token) for token in found.values()):
        raise Declined(f"parameter {name}: NUL or half a letter")
    return list(found.values())


def _whole(token: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in token)


def _items(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [token for one in value for token in _items(one)]
    text = str(value).strip()
    if isinstance(value, str) and text.startswith("[") and text.endswith("]"):
        try:
            return _items(json.loads(text))
        except json.JSONDecodeError:
            return [token for part in text.split(",") if (token := part.strip())]
    if isinstance(value, str):
        return [token for part in text.split(",") if (token := part.strip())]
    return [text] if text else []


def number(name: str, raw: str) -> int:
    """A whole number of at least 0. Raises Declined for anything that is written otherwise."""
    text = raw.strip(" ")
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise Declined(f"parameter {name}")
    return int(text)


def moment(name: str, raw: str) -> datetime:
    """A date or an ISO 8601 time, in UTC without its zone. Raises Declined for every other form."""
    if not _MOMENT.fullmatch(raw):
        raise Declined(f"parameter {name}")
    try:
        found = datetime.fromisoformat(raw)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError) as error:
        raise Declined(f"parameter {name}") from error


def flag(raw: str | None) -> bool:
    """Anything that is not clearly true is false (legacy-api.md §2.6)."""
    return (raw or "").strip().lower() in ("true", "1", "yes", "y", "on")
