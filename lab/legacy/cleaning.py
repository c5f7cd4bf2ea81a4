"""The cleaner through which every text leaves the contact and company endpoints (contract §3)."""

from __future__ import annotations

from collections.abc import Sequence

PLACEHOLDER = "_"
_QUOTES = "'\""


def clean(text: str | None, *, keep_placeholder: bool = False) -> str | None:
    """The text without surrounding spaces and quotes; None for nothing and for the placeholder.

    `keep_placeholder` lets `_` through (seniority). A leading `'+` of a spreadsheet's phone number becomes `+`.
    """
    if text is None:
        return None
    text = text.strip()
    if not text or (text == PLACEHOLDER and not keep_placeholder):
        return None
    while len(text) >= 2 and text[0] in _QUOTES and text[0] == text[-1]:
        text = text[1:-1].strip()
        if not text or (text == PLACEHOLDER and not keep_placeholder):
            return None
    return text[1:] if text.startswith("'+") else text


def clean_all(values: Sequence[str | None] | None) -> list[str] | None:
    """Each element cleaned, empty ones dropped; None when nothing is left."""
    if not values:
        return None
    return [cleaned for value in values if (cleaned := clean(value)) is not None] or None


def joined(values: Sequence[str | None] | None) -> str | None:
    """The cleaned elements joined with comma and space; None when nothing is left."""
    cleaned = clean_all(values)
    return None if cleaned is None else ", ".join(cleaned)
