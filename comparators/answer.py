"""What is compared: one side's answer to a request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, its header fields as sent (names in any case, duplicates kept), and a decoded body.

    `body` is whole in memory, or the path of a spool file when it is large. Content codings (gzip)
    are still applied: `comparators.content` undoes them by the `Content-Encoding` field.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Path

    def header(self, name: str) -> str | None:
        """The last value of the field, or None."""
        wanted = name.lower()
        return next((value for key, value in reversed(self.headers) if key.lower() == wanted), None)
