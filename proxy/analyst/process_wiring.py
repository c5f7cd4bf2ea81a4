"""`Decisions` out of their parts: the judge, the table's compiler, the flags, and the pen that writes the file."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from proxy.analyst.state import Ruling, Standing
from proxy.store import WriteBack
from rollout.effects import NOT_KNOWN
from rollout.flags import Flags
from rollout.model import Config, Endpoint
from rollout.states import EndpointState
from rollout.table import Table


class Compile(Protocol):
    """`rollout.compile.compile_table`."""

    def __call__(
        self, config: Config, states: Mapping[str, EndpointState], flags: Flags, *, epoch: int, now: float,
        secret: bytes, gateway: str | None, p99: Mapping[str, float], effects: str | None,
    ) -> Table: ...  # fmt: skip


class Pen(Protocol):
    """Writes a percent back into rollout.yaml, in place."""

    def prepare(self, endpoint: str, percent: int) -> WriteBack | None:
        """The edit with the file's hashes before and after; None if it is read-only or shows the percent already."""

    def complete(self, pending: WriteBack) -> str:
        """Makes the edit unless the file is not what it was; says what came of it in a word. Blocking."""


class NoPen:
    """For a file that is read-only: nothing is written back."""

    def prepare(self, _endpoint: str, _percent: int) -> WriteBack | None:
        return None

    def complete(self, _pending: WriteBack) -> str:
        return "read-only"


@dataclass(slots=True)
class Wired:
    """`process_room.Decisions`. `flags` is replaced whenever environment, file or configuration give others, and
    `effects` (why none can be made) whenever the gateway says so."""

    judging: Callable[[Standing, Mapping[str, Standing], float, str | None], Ruling]
    proving: Callable[[Standing, float, str | None], dict[str, Any]]
    compiling: Compile
    flags: Flags
    secret: bytes = field(repr=False)
    gateway: str | None = None
    pen: Pen = field(default_factory=NoPen)
    effects: str | None = NOT_KNOWN

    def judge(self, standing: Standing, others: Mapping[str, Standing], now: float) -> Ruling:
        return self.judging(standing, others, now, self.effects)

    def evidence(self, standing: Standing, now: float) -> dict[str, Any]:
        return self.proving(standing, now, self.effects)

    def may_serve(self, endpoint: Endpoint) -> bool:
        return self.flags.of(endpoint.phase, endpoint.candidate).serve

    def why_no_effects(self) -> str | None:
        return self.effects

    def table(
        self, config: Config, states: Mapping[str, EndpointState], epoch: int, now: float, p99: Mapping[str, float]
    ) -> Table:
        return self.compiling(
            config, states, self.flags, epoch=epoch, now=now, secret=self.secret, gateway=self.gateway, p99=p99,
            effects=self.effects,
        )  # fmt: skip

    def write_back(self, endpoint: str, percent: int) -> WriteBack | None:
        return self.pen.prepare(endpoint, percent)

    def complete(self, pending: WriteBack) -> str:
        return self.pen.complete(pending)

    def draw(self) -> float:
        return random.random()
