"""Whether an endpoint with effects may be served by its candidate: the effect must be made on legacy all the same."""

from __future__ import annotations

from rollout.flags import CONNECTRA
from rollout.model import Endpoint

NOT_KNOWN = "nobody has said yet whether the gateway can make effects in legacy's database"
NOT_BUNDLED = "its candidate is not the bundled gateway, which alone can make effects in legacy's database"


def why_not(endpoint: Endpoint, gateway: str | None) -> str | None:
    """Why the candidate may not serve this endpoint for the sake of its effects; None where it may.

    `gateway` is why the bundled gateway can not make effects now, None when it can.
    """
    if not endpoint.effects:
        return None
    return gateway if endpoint.candidate == CONNECTRA else NOT_BUNDLED
