"""Findings become counts and samples in the store, in batches; what does not fit is counted, never waited for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from proxy.store import Kind, Pruned, Sample, Store, StoreLost

log = logging.getLogger("crossfade.recorder")
EVERY = 1.0
"""Seconds between two batches."""
SAMPLES = 256
"""Samples that wait for the store; beyond it only the counts go on."""
KINDS = 2_048
"""Kinds of mismatch whose counts wait for the store; one endpoint's noise must not become our memory."""
EXAMPLES = 5
"""Samples of one kind in one batch."""
RETENTION = 60.0


class Finding(Protocol):
    """A mismatch or an unstable answer, final and redacted: nothing in it is a value of a person."""

    @property
    def id(self) -> str:
        """The exchange's id."""

    @property
    def endpoint(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def outcome(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that differ, indexes removed."""

    @property
    def sample(self) -> Mapping[str, Any]:
        """What is kept of the exchange, as plain JSON."""

    @property
    def suggestion(self) -> Mapping[str, Any] | None:
        """`rule` (YAML text) and `hides` (words), if a rule would accept it."""


class Recorder:
    """Takes findings without waiting and writes them about once a second. `dropped` counts by reason."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._samples: deque[Sample] = deque()
        self._of_kind: dict[tuple[str, str], int] = {}
        self.dropped: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        """Counts a finding and keeps it as a sample if there is room."""
        key = (finding.endpoint, finding.fingerprint)
        known = self._kinds.get(key)
        if known is None and len(self._kinds) >= KINDS:
            self._drop("kinds")
            return
        if known is None:
            self._kinds[key] = Kind(
                finding.endpoint, finding.fingerprint, finding.outcome, finding.paths, 1, finding.at, finding.at,
                finding.suggestion,
            )  # fmt: skip
        else:
            self._kinds[key] = replace(
                known,
                seen=known.seen + 1,
                first_seen=min(known.first_seen, finding.at),
                last_seen=max(known.last_seen, finding.at),
            )
        self._keep(key, finding)

    def _keep(self, key: tuple[str, str], finding: Finding) -> None:
        if self._of_kind.get(key, 0) >= EXAMPLES:
            return  # there are enough of this kind: no loss
        if len(self._samples) >= SAMPLES:
            self._drop("samples")
            return
        self._of_kind[key] = self._of_kind.get(key, 0) + 1
        self._samples.append(Sample(finding.id, finding.endpoint, finding.fingerprint, finding.at, finding.sample))

    async def run(self, retention: Callable[[], tuple[float, int]]) -> None:
        """Writes until cancelled; `retention` gives the age (seconds) and the bytes that the file allows now."""
        pruned_at = self._now()
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()
            if self._now() - pruned_at >= RETENTION:
                pruned_at = self._now()
                await self.prune(*retention())

    async def flush(self) -> bool:
        """Writes what waits. When the store is away it waits on, within bounds, and the answer is False."""
        kinds, samples = self._kinds, list(self._samples)
        if not kinds:
            return True
        self._kinds, self._of_kind = {}, {}
        self._samples.clear()
        try:
            await self._store.record(list(kinds.values()), samples)
        except BaseException as error:
            self._back(kinds, samples)
            if isinstance(error, StoreLost):
                return False
            raise
        return True

    async def prune(self, age: float, size: int) -> Pruned:
        """Applies retention now."""
        try:
            pruned = await self._store.prune(self._now(), age, size)
        except StoreLost as error:
            log.info("retention waits: %s", error)
            return Pruned()
        if pruned != Pruned():
            log.info("retention removed %d samples and %d kinds of mismatch", pruned.samples, pruned.kinds)
        return pruned

    def _back(self, kinds: Mapping[tuple[str, str], Kind], samples: list[Sample]) -> None:
        for key, kind in kinds.items():
            newer = self._kinds.get(key)
            if newer is None:
                self._kinds[key] = kind
            else:
                last = max(kind.last_seen, newer.last_seen)
                self._kinds[key] = replace(kind, seen=kind.seen + newer.seen, last_seen=last)
        for sample in samples:
            key = (sample.endpoint, sample.fingerprint)
            if len(self._samples) >= SAMPLES:
                self._drop("samples")
                continue
            self._of_kind[key] = self._of_kind.get(key, 0) + 1
            self._samples.append(sample)

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
