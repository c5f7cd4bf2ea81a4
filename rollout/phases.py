"""Phases gate their successors: an endpoint leaves 0 % only when the phase before has arrived at the top.

An endpoint that can not arrive, because it has effects or only people promote it, holds nobody; one that a person must
look at holds the next phase until that person has resumed it or taken `auto` away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rollout.model import Endpoint
from rollout.states import EndpointState


def waits_for(endpoint: Endpoint, endpoints: Sequence[Endpoint], states: Mapping[str, EndpointState]) -> str | None:
    """The earlier phase that this endpoint's first rung waits for, None when it may climb.

    `endpoints` are all of the file, in its order.
    """
    state = states.get(endpoint.name)
    if state is not None and state.percent > 0:
        return None
    for other in endpoints:
        if other.phase == endpoint.phase:
            return None
        if not _arrived(other, states.get(other.name)):
            return other.phase
    return None


def _arrived(endpoint: Endpoint, state: EndpointState | None) -> bool:
    if endpoint.effects or not endpoint.auto:
        return True
    top = max(endpoint.ladder, default=0)
    return state is not None and state.percent >= top
