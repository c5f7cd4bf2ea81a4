"""What a handler is given: the request as legacy would see it, and its numbers (legacy-api.md §2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from connectra.errors import Declined

MOST_PARAMETERS = 1000
MOST_DIGITS = 18
"""Of a number that fits 64 bits for certain; legacy fails on larger ones (LQ-20)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: path parameters, the query in its order, the body, and the URL that links are made of.

    `user` is the caller's uuid, who has been admitted; `headers` are found by name in any case.
    """

    params: dict[str, str]
    url: str
    body: bytes = b""
    endpoint: str = ""
    query: list[tuple[str, str]] = field(default_factory=list)
    user: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def last(self, name: str) -> str | None:
        """The last value of a repeated parameter: the one that legacy reads."""
        return next((value for key, value in reversed(self.query) if key == name), None)


def read_query(target: str) -> list[tuple[str, str]]:
    """The query's pairs, blank values kept. Raises Declined for more than MOST_PARAMETERS.

    And for a target that only legacy's own server knows how to read: with bytes beyond ASCII, or with a fragment.
    """
    if not target.isascii() or "#" in target:
        raise Declined("the target is not percent-encoded")
    query = target.partition("?")[2]
    if query.count("&") >= MOST_PARAMETERS:
        raise Declined(f"more than {MOST_PARAMETERS} parameters")
    return parse_qsl(query, keep_blank_values=True)


def check_pages(asked: Asked) -> None:
    """Raises Declined for a `page` or `page_size` that legacy refuses even where it does not use them (§2.5)."""
    number(asked, "page", least=1)
    number(asked, "page_size", least=1)


def number(asked: Asked, name: str, *, least: int) -> int | None:
    """A whole number of at least `least`, None without one. Raises Declined: legacy refuses others in its own words."""
    text = asked.last(name)
    if text is None:
        return None
    digits = text.strip(" ")
    if not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS or int(digits) < least:
        raise Declined(f"parameter {name}")
    return int(digits)
