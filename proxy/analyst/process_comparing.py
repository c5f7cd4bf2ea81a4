"""Intake, examiner and comparing processes of one analyst, as the room's workers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time

from proxy.analyst.examine import Examiner, Finding
from proxy.analyst.intake import Intake
from proxy.analyst.pool import Comparers
from proxy.analyst.process_room import Room
from proxy.analyst.recheck import Asker
from proxy.exchange import Exchange, Write
from proxy.frames import BreakerMoved, Counts, Hello
from proxy.settings import Paths
from rollout.bucket import derive
from rollout.model import Config
from rollout.observations import Observation
from rollout.sides import Side


class Comparing:
    """Takes what workers hand over, and tells the room what it means."""

    def __init__(self, config: Config, paths: Paths, secret: bytes) -> None:
        self._config = config
        self._intake = Intake(paths.intake)
        self._key = derive(secret, "samples")
        self._gateway = str(paths.gateway)
        self._ears: _Ears | None = None

    def broadcast(self, frame: bytes) -> None:
        """Hands the frame to every connected worker; never waits."""
        self._intake.broadcast(frame)

    def configure(self, config: Config) -> None:
        """Other rules are in force."""
        self._config = config
        if self._ears is not None:
            self._ears.examiner.configure(config)

    async def run(self, room: Room) -> None:
        """Takes and compares until cancelled."""
        asker = Asker(os.environ.get("CROSSFADE_GATEWAY_SECRET", ""))
        comparers = Comparers()
        ears = _Ears(room)
        ears.examiner = Examiner(ears, comparers, asker, self._key, time, self._gateway)
        ears.examiner.configure(self._config)
        self._ears = ears
        try:
            await self._intake.run(ears)
        finally:
            await ears.examiner.tasks.cancel()
            await asker.close()
            comparers.close()


def legacy_requests(counts: Counts) -> int:
    """How many of the requests legacy answered: they pay for its extra ones."""
    return sum(
        number
        for numbers in counts.requests.values()
        for name, number in numbers.items()
        if name.startswith(f"{Side.LEGACY}:")
    )


class _Ears:
    """What workers say goes to the room, and exchanges to the examiner, whose word goes to the room as well."""

    examiner: Examiner

    def __init__(self, room: Room) -> None:
        self._room = room

    def hello(self, hello: Hello) -> None:
        self._room.hello(hello)

    def gone(self, worker: int) -> None:
        self._room.gone(worker)

    def counts(self, counts: Counts) -> None:
        self._room.counts(counts)
        self.examiner.waiting.seen(legacy_requests(counts))

    def breaker(self, moved: BreakerMoved) -> None:
        self._room.breaker(moved)

    def exchanges(self, exchanges: Sequence[Exchange]) -> None:
        self.examiner.take(exchanges)

    def writes(self, writes: Sequence[Write]) -> None:
        self.examiner.writes.add(list(writes))

    def observe(self, endpoint: str, window: int, observation: Observation) -> None:
        self._room.observe(endpoint, window, observation)

    def lost(self, endpoint: str, window: int, reason: str, times: int = 1) -> None:
        self._room.lost(endpoint, window, reason, times)

    def found(self, finding: Finding) -> None:
        self._room.recorder.add(finding)
