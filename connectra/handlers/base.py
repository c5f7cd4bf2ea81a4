"""What every handler does: eligible (pure) → fetch → shape (pure)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectra.asked import Asked
from connectra.client import Client


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in legacy's shape. `missing` are the paths of what Connectra can not provide."""

    status: int
    body: Any
    missing: tuple[str, ...] = ()


Handler = Callable[[Client, Asked], Awaitable[Given]]


def not_found(what: str) -> Given:
    """Legacy's own text (legacy-api.md §2.5)."""
    return Given(404, {"detail": f"{what} not found"})
