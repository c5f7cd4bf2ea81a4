"""One exchange in the making, and what answering it needs of the worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from proxy.exchange import Failure, Observed
from proxy.spooling import Keep
from proxy.worker.asking import Reply
from proxy.worker.client import Client
from proxy.worker.handover import Handover
from proxy.worker.sides import Sides
from proxy.worker.tally import Tally
from rollout.decide import Choice
from rollout.sides import Side
from rollout.table import Route, Table


class Effects(Protocol):
    """What makes the effects of candidates' answers."""

    async def made(self, pair: Pair, reply: Reply) -> str | None:
        """None when the answer may go out, else why legacy has to answer."""


class Service(Protocol):
    """The worker, as far as requests of migrated endpoints need it."""

    @property
    def sides(self) -> Sides: ...
    @property
    def tally(self) -> Tally: ...
    @property
    def handover(self) -> Handover: ...
    @property
    def effects(self) -> Effects: ...
    @property
    def blind(self) -> bool: ...

    async def forward(self, client: Client, table: Table, body: bytes | None, keep: Keep | None = None) -> Observed:
        """Legacy's answer to the client, as it streams; `keep` gets it as well."""

    def remember(self, client: Client, status: int | None) -> None:
        """What a legacy answer tells of its caller."""

    def vouched(self, client: Client) -> bool:
        """Whether legacy has accepted this caller lately."""

    def fell_back(self, endpoint: str, reason: str) -> None:
        """Counts a fallback and says so."""

    def cut_off(self, endpoint: str, failure: Failure) -> None:
        """Counts a candidate's answer that broke off in the client's hands, and says so."""


@dataclass(slots=True)
class Pair:
    """One exchange in the making."""

    client: Client
    route: Route
    params: dict[str, str]
    choice: Choice
    table: Table
    body: bytes
    id: str
    at: float
    served: Side
    legacy: Observed | None = None
    candidate: Observed | None = None
    fallback: str | None = None
    skipped: str | None = None

    @property
    def streams(self) -> bool:
        """Whether answers of any size are passed on and kept; an effect is ordered when the answer is whole."""
        return self.route.stream and not self.route.effects
