"""Why there is no answer: refused by us, refused by Connectra, not available, misread; or declined to legacy.

`word` is what the gateway's `X-Crossfade-Error` says, and under which the worker counts the fallback.
"""

from __future__ import annotations

from collections.abc import Iterator


class ConnectraError(Exception):
    """A call that gave no usable answer. `word` and `status` are what the gateway says of it to the worker."""

    word = "unavailable"
    status = 503


class RefusedByUs(ConnectraError):
    """A query that Connectra would misread silently: a defect of ours."""

    word = "unasked"
    status = 502


class RefusedByIt(ConnectraError):
    """Connectra answered that it will not: a bad key, a bad query, a route that it does not know."""

    word = "refused"
    status = 502


class Unavailable(ConnectraError):
    """Connectra can not be reached, or is too slow."""


class Limited(Unavailable):
    """Connectra answered 429; whether it says when to come back does not matter: the breaker pauses by itself."""

    word = "limited"


class Failed(Unavailable):
    """Connectra answered that it failed: 5xx."""

    word = "failed"


class Misread(ConnectraError):
    """An answer that is none to our question: not JSON, half of it, or another record."""

    word = "misread"
    status = 502


class Declined(Exception):
    """The request can not be answered comparably; legacy answers it. The text is the reason, for people."""


class TooMany(Declined):
    """More records would have to be looked through than is worth it. `count` is what the index holds."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{_rounded(count)} records would have to be looked through")
        self.count = count


def _rounded(count: int) -> str:
    """Few different texts: reasons are counted by their words."""
    return "over 1,000" if count > 1000 else "over 100"


def leading(group: ExceptionGroup[Exception]) -> Exception:
    """Of calls that failed side by side: what declines the request, or else the first failure."""
    leaves = list(_leaves(group))
    return next((one for one in leaves if isinstance(one, Declined)), leaves[0])


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for one in group.exceptions:
        if isinstance(one, ExceptionGroup):
            yield from _leaves(one)
        else:
            yield one
