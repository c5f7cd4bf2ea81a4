"""What becomes of one exchange: observed at once, compared in the pool, rechecked if it differs, and recorded.

The window hears of every exchange once when it arrives (`Sides`), of a mismatch when it is suspected (`Suspected`), and
of the final verdict (`Compared`). A candidate's failure is never a mismatch: it is told by `Sides` alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from comparators.fingerprint import fingerprint, kinds
from comparators.verdict import Outcome
from proxy.analyst.pool import Comparers, Done, Job, NotCompared, answer_of
from proxy.analyst.recheck import Asker, AskFailed, Waiting, Writes, parsed, pause, written_lately
from proxy.exchange import Exchange, Failure, Observed, Spool
from proxy.tasks import Tasks
from rollout.model import Config, Endpoint, Upstream
from rollout.observations import Compared, Observation, Sides, Suspected

log = logging.getLogger("crossfade.examine")
RECHECK_DEADLINE = 10.0


class Told(Protocol):
    """Who hears of observations, losses and findings."""

    def observe(self, endpoint: str, window: int, observation: Observation) -> None: ...
    def lost(self, endpoint: str, window: int, reason: str, times: int = 1) -> None: ...
    def found(self, finding: Finding) -> None: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A mismatch or an unstable answer, final and redacted."""

    id: str
    endpoint: str
    at: float
    outcome: str
    fingerprint: str
    paths: tuple[str, ...]
    sample: Mapping[str, Any]
    suggestion: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Peers:
    """Where both sides are asked again."""

    legacy: Upstream
    candidate: Upstream


class Examiner:
    """Examines exchanges; `configure` says under which rules. `key` keys the hashes of what is kept."""

    def __init__(
        self, told: Told, comparers: Comparers, asker: Asker, key: bytes, now: Callable[[], float], gateway: str
    ) -> None:
        self._told = told
        self._comparers = comparers
        self._asker = asker
        self._key = key
        self._now = now
        self._gateway = gateway
        self._endpoints: dict[str, Endpoint] = {}
        self._config: Config | None = None
        self.writes = Writes()
        self.waiting = Waiting(0.05, now)
        self.tasks = Tasks()

    def configure(self, config: Config) -> None:
        """The rules, gates and peers from now on."""
        self._config = config
        self._endpoints = {endpoint.name: endpoint for endpoint in config.endpoints}
        self.waiting = Waiting(config.extra_legacy_load, self._now)

    def take(self, exchanges: Sequence[Exchange]) -> None:
        """Observes them all at once, and starts to compare those that have two answers."""
        for exchange in exchanges:
            self.waiting.seen(1)
            self._told.observe(exchange.endpoint, exchange.window, sides_of(exchange))
            endpoint = self._endpoints.get(exchange.endpoint)
            if exchange.equal:
                self._told.observe(exchange.endpoint, exchange.window, self._compared(exchange, Outcome.MATCH))
            elif endpoint is not None and comparable(exchange):
                self.tasks.spawn(self._examine(exchange, endpoint), "examine")
                continue
            drop_spools(exchange)

    async def _examine(self, exchange: Exchange, endpoint: Endpoint) -> None:
        try:
            done = await self._compare(exchange, endpoint)
            if done is None:
                return
            verdict = done.verdict
            if verdict.outcome is not Outcome.MISMATCH:
                observed = self._compared(exchange, verdict.outcome, reason=verdict.reason)
                self._told.observe(exchange.endpoint, exchange.window, observed)
                return
            await self._recheck(exchange, endpoint, done)
        finally:
            drop_spools(exchange)

    async def _compare(self, exchange: Exchange, endpoint: Endpoint) -> Done | None:
        assert exchange.legacy is not None
        assert exchange.candidate is not None
        clear = self._config.keep_clear if self._config is not None else ()
        today = datetime.fromtimestamp(exchange.at, UTC).date()
        job = Job(
            exchange.endpoint, answer_of(exchange.legacy), answer_of(exchange.candidate), endpoint.rules, today,
            self._key, clear,
        )  # fmt: skip
        try:
            return await self._comparers.compare(job)
        except NotCompared as error:
            self._told.lost(exchange.endpoint, exchange.window, str(error))
            return None

    # -- rechecks -----------------------------------------------------------------------------------------------

    async def _recheck(self, exchange: Exchange, endpoint: Endpoint, done: Done) -> None:
        if not self.waiting.enter():
            self._settle(exchange, done, Outcome.MISMATCH)
            return
        key = key_hash(exchange)
        self._told.observe(exchange.endpoint, exchange.window, Suspected(key, exchange.at))
        try:
            outcome, lag, last = await self._rechecked(exchange, endpoint, done)
        finally:
            self.waiting.leave()
        self._settle(exchange, last, outcome, lag)

    async def _rechecked(
        self, exchange: Exchange, endpoint: Endpoint, done: Done
    ) -> tuple[Outcome, float | None, Done]:
        """The final outcome after asking again at each delay."""
        began, last = exchange.at, done
        for number, delay in enumerate(endpoint.recheck):
            await pause(max(began + delay - self._now(), 0.0))
            if number and not self.waiting.again():
                break
            try:
                again = await self._again(exchange, endpoint)
            except AskFailed as error:
                log.info("recheck of %s: %s", endpoint.name, error)
                continue
            found = await self._compare(again, endpoint)
            if found is None:
                continue
            if found.verdict.outcome in (Outcome.MATCH, Outcome.ACCEPTED):
                lag = self._now() - exchange.at
                if self._was_written(exchange, again, endpoint):
                    return Outcome.LAGGING, lag, done
                return Outcome.UNSTABLE, None, done
            last = found
        return Outcome.MISMATCH, None, last if last.verdict.fingerprint else done

    async def _again(self, exchange: Exchange, endpoint: Endpoint) -> Exchange:
        """The exchange as it would be now. With effects legacy is never asked again: its kept answer stands."""
        peers = self._peers(endpoint)
        legacy = exchange.legacy
        if not endpoint.effects:
            legacy = await self._asker.ask(peers.legacy, exchange, candidate=False, deadline=RECHECK_DEADLINE)
        candidate = await self._asker.ask(peers.candidate, exchange, candidate=True, deadline=RECHECK_DEADLINE)
        if candidate.status is None or candidate.status >= 500 or _declined(candidate):
            raise AskFailed(f"the candidate answered {candidate.status}")
        return replace(exchange, legacy=legacy, candidate=candidate)

    def _peers(self, endpoint: Endpoint) -> Peers:
        assert self._config is not None
        if endpoint.candidate == "connectra":
            return Peers(self._config.legacy, Upstream(f"unix:{self._gateway}"))
        return Peers(self._config.legacy, Upstream(endpoint.candidate, 30.0, endpoint.candidate_headers))

    def _was_written(self, before: Exchange, after: Exchange, endpoint: Endpoint) -> bool:
        """Evidence of a write: seen through us, told by a record's own times, or legacy's answer is another now."""
        if self.writes.before(before, endpoint.lag_window):
            return True
        bodies = tuple(parsed(side) for side in (before.legacy, before.candidate, after.legacy, after.candidate))
        if not endpoint.effects and bodies[0] is not None and bodies[0] != bodies[2]:
            return True
        return written_lately(before, bodies, endpoint.lag_window)

    # -- the end ------------------------------------------------------------------------------------------------

    def _settle(self, exchange: Exchange, done: Done, outcome: Outcome, lag: float | None = None) -> None:
        self._told.observe(exchange.endpoint, exchange.window, self._compared(exchange, outcome, lag=lag))
        if outcome is Outcome.LAGGING:
            return
        verdict = done.verdict
        mark = verdict.fingerprint or ""
        if outcome is Outcome.UNSTABLE:
            statuses = (_status(exchange.legacy), _status(exchange.candidate))
            mark = fingerprint(exchange.endpoint, verdict.changes, statuses, "unstable")
        suggestion = None
        if done.suggestion is not None:
            suggestion = {"rule": done.suggestion.rule, "hides": done.suggestion.hides}
        sample = self._sample(exchange, done)
        paths = kinds(verdict.changes)
        finding = Finding(
            exchange.id, exchange.endpoint, exchange.at, outcome.value, mark, paths, sample, suggestion
        )
        self._told.found(finding)

    def _sample(self, exchange: Exchange, done: Done) -> dict[str, Any]:
        """What is kept: no header, no value of a person; the target only where everything may be kept."""
        sample: dict[str, Any] = {
            "statuses": [_status(exchange.legacy), _status(exchange.candidate)],
            "seconds": [_seconds(exchange.legacy), _seconds(exchange.candidate)],
            "percent": exchange.percent,
            "primary": exchange.primary.value,
            "changes": list(done.redacted),
        }
        if self._config is not None and "**" in self._config.keep_clear:
            sample["request"] = {"method": exchange.request.method, "target": exchange.request.target}
        return sample

    def _compared(
        self, exchange: Exchange, outcome: Outcome, *, lag: float | None = None, reason: str | None = None
    ) -> Compared:
        return Compared(key_hash(exchange), exchange.at, outcome, lag, reason, shape_of(exchange))


def _declined(side: Observed) -> bool:
    return any(name.lower() == b"x-crossfade-declined" for name, _ in side.headers)


def _status(side: Observed | None) -> int:
    return 0 if side is None or side.status is None else side.status


def _seconds(side: Observed | None) -> float | None:
    return None if side is None or side.failure is not None else round(side.seconds, 6)


def key_hash(exchange: Exchange) -> int:
    """The first eight bytes of the request key."""
    return int.from_bytes(exchange.key[:8], "big")


def shape_of(exchange: Exchange) -> str:
    """The set of the query's parameter names, sorted."""
    _, _, query = exchange.request.target.partition("?")
    return ",".join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))


def comparable(exchange: Exchange) -> bool:
    """Whether both sides answered; what one side could not do is told by `Sides`."""
    legacy, candidate = exchange.legacy, exchange.candidate
    if legacy is None or candidate is None or candidate.declined is not None:
        return False
    if legacy.failure is not None or candidate.failure is not None:
        return False
    return legacy.body is not None and candidate.body is not None


def sides_of(exchange: Exchange) -> Sides:
    """What the window hears of an exchange when it arrives."""
    legacy, candidate = exchange.legacy, exchange.candidate
    return Sides(
        at=exchange.at,
        primary=exchange.primary,
        served=exchange.served,
        legacy_seconds=_heard(legacy),
        candidate_seconds=_heard(candidate),
        legacy_failed=legacy is not None and legacy.failure is not None,
        candidate_failed=None if candidate is None or candidate.failure is None else candidate.failure.value,
        fallback=exchange.fallback,
        declined=None if candidate is None else candidate.declined,
        skipped=exchange.skipped,
        legacy_size=0 if legacy is None else legacy.size,
        candidate_size=0 if candidate is None else candidate.size,
        paused=max(0.0 if side is None else side.paused for side in (legacy, candidate)),
        shape=shape_of(exchange),
    )


def _heard(side: Observed | None) -> float | None:
    if side is None or side.declined is not None:
        return None
    return side.seconds if side.failure in (None, Failure.DEADLINE) else None


def drop_spools(exchange: Exchange) -> None:
    """Deletes the files of bodies that have been dealt with."""
    for side in (exchange.legacy, exchange.candidate):
        if side is not None and isinstance(side.body, Spool):
            with suppress(OSError):
                Path(side.body.path).unlink()
