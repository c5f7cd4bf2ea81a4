"""Why there is no answer: refused by us, refused by Connectra, not available, misread; or declined to legacy."""

from __future__ import annotations


class ConnectraError(Exception):
    """A call that gave no usable answer. `word` and `status` are what the gateway says of it."""

    word = "unavailable"
    status = 503


class RefusedByUs(ConnectraError):
    """A query that Connectra would misread silently: a defect of ours."""

    word = "refused"
    status = 502


class RefusedByIt(ConnectraError):
    """Connectra answered that it will not: a bad key, a bad query, a route that it does not know."""

    word = "refused"
    status = 502


class Unavailable(ConnectraError):
    """Connectra can not be reached, is too slow, limits us, or fails behind its door."""


class Misread(ConnectraError):
    """An answer that is none to our question: not JSON, half of it, or another record."""

    word = "misread"
    status = 502


class Declined(Exception):
    """The request can not be answered comparably; legacy answers it. The text is the reason, for people."""
