"""Changes of endpoints, as tests of the store and of the steward need them."""

from __future__ import annotations

from typing import Any

from proxy.store import Change
from rollout.machine import Climb, EndpointState, Event, EventKind, advance

NOW = 1_800_000_000.0
CLIMB = Climb("contact", (100, 500, 10_000), bake=60.0)


def changed(state: EndpointState | None = None, kind: EventKind = EventKind.PROMOTE, **fields: Any) -> Change:
    """The change that an event makes of a state (a new endpoint at 0 % unless given)."""
    event = Event(kind, reason=f"because of {kind}", percent=fields.pop("percent", None))
    at = fields.pop("at", NOW)
    step = advance(state or EndpointState.initial(0, NOW), event, CLIMB, now=at, draw=0.5)
    values: dict[str, Any] = {"endpoint": "contact", "at": at, "who": "judge", **fields}
    return Change(state=step.state, transition=step.transition, **values)
