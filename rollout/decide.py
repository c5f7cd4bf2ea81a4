"""Who answers a request, who is asked beside it, and why: one pure decision."""

from __future__ import annotations

from dataclasses import dataclass

from rollout.bucket import serves
from rollout.match import SAFE
from rollout.sides import Side
from rollout.table import Route


@dataclass(frozen=True, slots=True)
class Facts:
    """What the worker knows of a request to a route when its head has been read.

    `draw` in 0..9999 decides sampling: drawn before anything is known of the answer. `wrote` says that this
    caller has written within the route's `read_your_writes`.
    """

    method: str
    sticky: str
    draw: int
    blind: bool = False
    breaker_open: bool = False
    wrote: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """`primary` answers the client; with `shadow` the other side is asked too. `why` is for logs and traces.

    `skipped` says why there is no shadow, None when there is one.
    """

    primary: Side
    shadow: bool
    why: str
    skipped: str | None = None


def decide(route: Route, facts: Facts) -> Choice:
    """The choice for one request."""
    primary, why = _primary(route, facts)
    skipped = _skipped(route, facts, primary)
    return Choice(primary, skipped is None, why, skipped)


def _primary(route: Route, facts: Facts) -> tuple[Side, str]:
    if route.percent <= 0:
        return Side.LEGACY, "0 %"
    if facts.blind:
        return Side.LEGACY, "blind"
    if facts.wrote:
        return Side.LEGACY, "read your writes"
    if not serves(bytes.fromhex(route.salt), facts.sticky, route.percent):
        return Side.LEGACY, "bucket"
    return Side.CANDIDATE, "bucket"


def _skipped(route: Route, facts: Facts, primary: Side) -> str | None:
    if facts.method not in SAFE and not (route.reads or route.effects):
        return "not safe"
    if primary is Side.CANDIDATE and route.effects:
        return "effects"
    if facts.draw >= route.shadow or route.shadow <= 0:
        return "not sampled"
    if primary is Side.LEGACY and facts.breaker_open:
        return "breaker"
    return None

