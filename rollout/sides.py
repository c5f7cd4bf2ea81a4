"""The two implementations of an endpoint."""

from enum import StrEnum


class Side(StrEnum):
    """Of a request, the primary is the side whose answer the client gets; the shadow is the other."""

    LEGACY = "legacy"
    CANDIDATE = "candidate"

    @property
    def other(self) -> "Side":
        return Side.CANDIDATE if self is Side.LEGACY else Side.LEGACY
