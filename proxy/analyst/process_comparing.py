"""Intake, examiner and comparing processes of one analyst, as the room's workers."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from time import time

from proxy.analyst.examine import Examiner, Finding
from proxy.analyst.intake import Intake
from proxy.analyst.pool import FILES_DEADLINE, Comparers
from proxy.analyst.process_room import Room
from proxy.analyst.recheck import Asker
from proxy.exchange import Exchange, Write
from proxy.frames import BreakerMoved, Counts, Hello
from proxy.settings import Paths
from proxy.spooling import OLD, Spools, sweep
from rollout.bucket import derive
from rollout.model import Config
from rollout.observations import Observation
from rollout.sides import Side

log = logging.getLogger("crossfade.analyst")
RECHECK_BYTES = 1 << 30
"""Bytes of files that answers at rechecks may take."""
SWEEP = 60.0
"""Seconds between two looks for files that nobody holds."""


class Comparing:
    """Takes what workers hand over, and tells the room what it means."""

    def __init__(self, config: Config, paths: Paths, secret: bytes) -> None:
        self._config = config
        self._intake = Intake(paths.intake)
        self._spool = paths.spool
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
        spools = Spools(self._spool, "analyst", RECHECK_BYTES)
        asker = Asker(os.environ.get("CROSSFADE_GATEWAY_SECRET", ""), spools)
        comparers, files = Comparers(), Comparers(deadline=FILES_DEADLINE)
        ears = _Ears(room)
        ears.examiner = Examiner(ears, comparers, asker, self._key, time, self._gateway, files)
        ears.examiner.configure(self._config)
        self._ears = ears
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._intake.run(ears), name="intake")
                group.create_task(self._sweeping(ears.examiner), name="sweep")
        finally:
            await ears.examiner.tasks.cancel()
            await asker.close()
            comparers.close()
            files.close()

    async def _sweeping(self, examiner: Examiner) -> None:
        """Deletes the files of processes that were killed. Workers that waited for us have handed over by then."""
        while True:
            await asyncio.sleep(SWEEP)
            found = await asyncio.to_thread(sweep, self._spool, time() - OLD, frozenset(examiner.held).__contains__)
            if found:
                log.warning("%d spool files that nobody held were deleted", found)


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
