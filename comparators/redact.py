"""What may be kept of a difference: by default no value of a person, but enough to judge rules by.

A leaf keeps its type, the class of its length, whether it is null or empty, and keyed hashes of its normal forms: two
leaves that some rule would make equal have an equal hash, and nobody can read the value from it. A numeric
difference is kept as a ratio. Clear text is kept for paths on an allow list only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any

import orjson

from comparators.normalise import leaf, unquoted
from comparators.paths import ELEMENT, Pattern, Place, compile_path, without_indexes
from comparators.treatment import Treatment
from comparators.verdict import Change

FORMS = {
    "raw": Treatment(()),
    "trimmed": Treatment((), trim=True),
    "casefold": Treatment((), trim=True, casefold=True),
    "url": Treatment((), url=True),
    "instant": Treatment((), timestamp=1),
}
CHANGES = 50
CLEAR_LENGTH = 200


def redact(changes: Iterable[Change], key: bytes, clear: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Each change as plain JSON. `key` (at most 64 bytes) keys the hashes, `clear` are patterns kept in clear text."""
    patterns = [compile_path(path) for path in clear]
    return [_change(change, key, patterns) for _, change in zip(range(CHANGES), changes, strict=False)]


def place_of(path: str) -> Place:
    """A printed path as a place: `results[uuid=c1].email` → results, [], email."""
    place: list[str] = []
    for part in without_indexes(path).split("."):
        name = part.replace(ELEMENT, "")
        place += [name] if name else []
        place += [ELEMENT] * part.count(ELEMENT)
    return tuple(place)


def _change(change: Change, key: bytes, patterns: Sequence[Pattern]) -> dict[str, Any]:
    shown = any(pattern.covers(place_of(change.path)) for pattern in patterns)
    found: dict[str, Any] = {
        "path": change.path if shown else without_indexes(change.path),
        "kind": change.kind.value,
        "legacy": _leaf(change.legacy, key, shown=shown),
        "candidate": _leaf(change.candidate, key, shown=shown),
    }
    ratio = _ratio(change.legacy, change.candidate)
    if ratio is not None:
        found["ratio"] = ratio
    if change.accepted_by is not None:
        found["accepted_by"] = change.accepted_by
    return found


def _leaf(value: Any, key: bytes, *, shown: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _type(value)}
    if isinstance(value, str | list | dict):
        found["length"] = _length_class(len(value))
    if value is not None and not isinstance(value, bool):
        found["hashes"] = _hashes(value, key)
    if shown:
        text = orjson.dumps(value, default=str).decode()
        found["value"] = value if len(text) <= CLEAR_LENGTH else text[:CLEAR_LENGTH] + "…"
    elif isinstance(value, bool):
        found["value"] = value
    return found


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return names.get(type(value), "text")


def _length_class(length: int) -> str:
    """0, 1, 2-3, 4-7, 8-15, …: enough to see that something was cut, too little to tell names apart."""
    if length < 2:
        return str(length)
    low = 1 << (length.bit_length() - 1)
    return f"{low}-{2 * low - 1}"


def _hashes(value: Any, key: bytes) -> dict[str, str]:
    if not isinstance(value, str):
        return {"raw": _hash(value, key)}
    found = {"raw": _hash(value, key)}
    for name, how in FORMS.items():
        form = _hash(leaf(value, how), key)
        if form not in found.values():
            found[name] = form
    bare = _hash(unquoted(value.strip()), key)
    if bare not in found.values():
        found["unquoted"] = bare
    return found


def _hash(value: Any, key: bytes) -> str:
    text = value.encode(errors="surrogatepass") if isinstance(value, str) else orjson.dumps(value, default=str)
    return blake2b(text, key=key, digest_size=8).hexdigest()


def _ratio(legacy: Any, candidate: Any) -> float | None:
    numbers = [one for one in (legacy, candidate) if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) < 2 or not numbers[0]:
        return None
    ratio = numbers[1] / numbers[0]
    return round(ratio, 6) if isfinite(ratio) else None
