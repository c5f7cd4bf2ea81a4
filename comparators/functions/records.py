"""Functions on objects that hold a record."""

from __future__ import annotations

from typing import Any

UNKNOWN = ("uuid", "linkedin_sales_url")
"""What says nothing: the record's own name, and what the search index never has."""


def hollow(legacy: Any, candidate: Any) -> bool:
    """Null for an object without any value: null, an empty text, an empty list and 0 (as a text too) are none.

    The index can not tell a row whose columns are all NULL from no row, nor 0 from NULL (D-01, D-05, D-08, D-20).
    """
    if candidate is not None or not isinstance(legacy, dict) or not legacy:
        return False
    return not any(_filled(value) for name, value in legacy.items() if name not in UNKNOWN)


def _filled(value: Any) -> bool:
    return bool(value) and value != "0"
