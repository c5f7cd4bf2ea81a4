"""The desk behind the control API: answers out of the steward and the store, and takes orders to the steward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from proxy.console import views
from proxy.console.api import Order, Refused
from proxy.console.views import Json, Shown
from proxy.store import Fenced, NotNow, Store, StoreLost
from rollout.model import Config
from rollout.states import Event, EventKind, IllegalTransition

KINDS = {
    "set": EventKind.ORDER_SET,
    "promote": EventKind.ORDER_PROMOTE,
    "hold": EventKind.ORDER_HOLD,
    "resume": EventKind.ORDER_RESUME,
    "rollback": EventKind.ORDER_ROLLBACK,
}


class Office(Protocol):
    """What the desk needs of the analyst."""

    @property
    def config(self) -> Config: ...
    @property
    def shown(self) -> Mapping[str, Shown]: ...
    def general(self) -> Json:
        """The rest of /status: breakers, workers, epoch, config, blind, store."""

    async def order(self, endpoint: str, event: Event, who: str) -> str:
        """Raises IllegalTransition, NotNow, Fenced or OSError."""


class AnalystDesk:
    """`api.Desk` over an analyst and its store."""

    def __init__(self, office: Office, store: Store, now: Callable[[], float]) -> None:
        self._office = office
        self._store = store
        self._now = now

    async def status(self) -> Json:
        now = self._now()
        lines = [views.endpoint_line(one, now) for one in self._office.shown.values()]
        return {"endpoints": lines, **self._office.general()}

    async def explain(self, endpoint: str) -> Json:
        shown = self._endpoint(endpoint)
        found = views.endpoint_line(shown, self._now())
        try:
            rows = await self._store.audit(endpoint, 50)
        except StoreLost as error:
            return {**found, "history": [], "history_missing": str(error)}
        return {**found, "history": [views.audit_row(row) for row in rows]}

    async def audit(self, endpoint: str | None, limit: int) -> Sequence[Json]:
        try:
            return [views.audit_row(row) for row in await self._store.audit(endpoint, limit)]
        except StoreLost as error:
            raise _away(error) from error

    async def mismatches(self, endpoint: str | None, limit: int) -> Sequence[Json]:
        if endpoint is not None:
            self._endpoint(endpoint)
        try:
            return [views.mismatch(known) for known in await self._store.known(endpoint, limit)]
        except StoreLost as error:
            raise _away(error) from error

    async def repro(self, sample: str) -> Sequence[str]:
        try:
            found = await self._store.sample(sample)
        except StoreLost as error:
            raise _away(error) from error
        if found is None:
            raise Refused(404, f"{sample}: no such example is kept; see `crossfade mismatches`")
        endpoint = self._endpoint(found.endpoint).config
        config = self._office.config
        sides = [("legacy", config.legacy.url)]
        sides.append(("candidate", "$GATEWAY_URL" if endpoint.candidate == "connectra" else endpoint.candidate))
        return views.curl_lines(found, sides, endpoint.method, endpoint.template)

    async def order(self, order: Order) -> Sequence[Json]:
        names = self._meant(order)
        kind = EventKind.ORDER_OVERRIDE if order.override and order.kind == "promote" else KINDS[order.kind]
        event = Event(kind, reason=order.reason, percent=order.percent)
        changes = []
        for name in names:
            try:
                text, done = await self._office.order(name, event, order.who), True
            except (IllegalTransition, NotNow, Fenced) as error:
                text, done = str(error), False
            except OSError as error:
                text, done = f"not made: the journal can not be written: {error}", False
            changes.append({"endpoint": name, "done": done, "text": text})
        return changes

    def _meant(self, order: Order) -> list[str]:
        if order.everything:
            return list(self._office.shown)
        if order.phase is not None:
            names = [name for name, one in self._office.shown.items() if one.config.phase == order.phase]
            if not names:
                phases = ", ".join(phase.name for phase in self._office.config.phases)
                raise Refused(404, f"phase: there is no {order.phase!r}; there are {phases}")
            return names
        return [self._endpoint(order.endpoint or "").config.name]

    def _endpoint(self, name: str) -> Shown:
        found = self._office.shown.get(name)
        if found is None:
            raise Refused(404, f"endpoint: there is no {name!r}; there are {', '.join(self._office.shown)}")
        return found


def _away(error: StoreLost) -> Refused:
    return Refused(409, f"PostgreSQL is away, and with it the history: {error}")
