"""What becomes of one exchange: observed at once, compared in the pool, rechecked if it differs, and recorded.

The window hears of every exchange once when it arrives (`Sides`), of a mismatch when it is suspected (`Suspected`), and
of the final verdict (`Compared`). A candidate's failure is never a mismatch: it is told by `Sides` alone.
"""

from __future__ import annotations

import logging
from asyncio import Task
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from comparators.fingerprint import fingerprint, kinds
from comparators.verdict import Outcome
from proxy.analyst.examined import (
    comparable,
    day_of,
    drop_again,
    files_of,
    key_hash,
    patience_of,
    seconds_of,
    shape_of,
    sides_of,
    status_of,
    turned_down,
)
from proxy.analyst.pool import Comparers, Done, Job, NotCompared, answer_of
from proxy.analyst.recheck import Asker, AskFailed, Waiting, pause
from proxy.analyst.written import Evidence, Writes
from proxy.exchange import Exchange, Observed
from proxy.spooling import drop_both
from proxy.tasks import Tasks
from rollout.compile import HEADERS
from rollout.flags import CONNECTRA
from rollout.model import Config, Endpoint, Upstream
from rollout.observations import Compared, Observation, Suspected
from rollout.sides import Side

log = logging.getLogger("crossfade.examine")
REFUSALS = frozenset({401, 403, 407, 408, 425, 429})
"""Statuses that speak of the moment or of the caller (an expired token, too many requests), not of the record."""
AGAIN = 5.0
"""Seconds between the further rechecks in place of those that met a side which was away."""


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
    """Examines exchanges; `configure` says under which rules. `key` keys the hashes of what is kept.

    `files` compares bodies that are files; they belong to the examiner, `held` names them, and it deletes them.
    """

    def __init__(
        self, told: Told, comparers: Comparers, asker: Asker, key: bytes, now: Callable[[], float], gateway: str,
        files: Comparers | None = None,
    ) -> None:  # fmt: skip
        self._told = told
        self._comparers = comparers
        self._files = files or comparers
        self._asker = asker
        self._key = key
        self._now = now
        self._gateway = gateway
        self._endpoints: dict[str, Endpoint] = {}
        self._config: Config | None = None
        self.writes = Writes()
        self.waiting = Waiting(0.05)
        self.tasks = Tasks()
        self.held: set[str] = set()

    def configure(self, config: Config) -> None:
        """The rules, gates and peers from now on."""
        self._config = config
        self._endpoints = {endpoint.name: endpoint for endpoint in config.endpoints}
        self.waiting.share = config.extra_legacy_load

    def take(self, exchanges: Sequence[Exchange]) -> None:
        """Observes them all at once, and starts to compare those that have two answers."""
        for exchange in exchanges:
            if exchange.legacy is not None and exchange.primary is not Side.LEGACY:
                self.waiting.seen(1)  # a request that legacy had as the shadow; those of clients come with the counts
            self._told.observe(exchange.endpoint, exchange.window, sides_of(exchange))
            endpoint = self._endpoints.get(exchange.endpoint)
            if exchange.equal:
                self._told.observe(exchange.endpoint, exchange.window, self._compared(exchange, Outcome.MATCH))
            elif endpoint is not None and comparable(exchange):
                self.held |= files_of(exchange)
                task = self.tasks.spawn(self._examine(exchange, endpoint), "examine")
                task.add_done_callback(partial(self._ended, exchange))
                continue
            drop_both(exchange)

    def _ended(self, exchange: Exchange, task: Task[None]) -> None:
        self.held -= files_of(exchange)
        drop_both(exchange)
        if not task.cancelled() and task.exception() is not None:
            self._told.lost(exchange.endpoint, exchange.window, "our error")

    async def _examine(self, exchange: Exchange, endpoint: Endpoint) -> None:
        done = await self._compare(exchange, endpoint)
        if done is None:
            return
        verdict = done.verdict
        if verdict.outcome is not Outcome.MISMATCH:
            observed = self._compared(exchange, verdict.outcome, reason=verdict.reason)
            self._told.observe(exchange.endpoint, exchange.window, observed)
            return
        await self._recheck(exchange, endpoint, done)

    async def _compare(self, exchange: Exchange, endpoint: Endpoint) -> Done | None:
        assert exchange.legacy is not None
        assert exchange.candidate is not None
        clear = self._config.keep_clear if self._config is not None else ()
        job = Job(
            exchange.endpoint, answer_of(exchange.legacy), answer_of(exchange.candidate), endpoint.rules,
            day_of(exchange), self._key, clear,
        )  # fmt: skip
        try:
            return await (self._files if files_of(exchange) else self._comparers).compare(job)
        except NotCompared as error:
            self._told.lost(exchange.endpoint, exchange.window, str(error))
            return None

    # -- rechecks -----------------------------------------------------------------------------------------------

    async def _recheck(self, exchange: Exchange, endpoint: Endpoint, done: Done) -> None:
        if not self.waiting.enter(asks_legacy=not endpoint.effects):
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
        delays, (deadline, patience), away = list(endpoint.recheck), patience_of(endpoint), 0
        for number, delay in enumerate(delays):
            await pause(max(began + delay - self._now(), 0.0))
            if number and not endpoint.effects and not self.waiting.again():
                break
            try:
                again = await self._again(exchange, endpoint, deadline)
            except AskFailed as error:
                log.info("recheck of %s: %s", endpoint.name, error)
                if away < patience:  # a side that is away says nothing about a difference: ask once more, later
                    away += 1
                    delays.append(delays[-1] + AGAIN)
                continue
            try:
                found = await self._compare(again, endpoint)
                if found is None:
                    continue
                if found.verdict.outcome in (Outcome.MATCH, Outcome.ACCEPTED):
                    # While a side was away nobody could see when they came to agree.
                    lag = None if away else self._now() - exchange.at
                    if await self._was_written(exchange, again, endpoint, done):
                        return Outcome.LAGGING, lag, done
                    return Outcome.UNSTABLE, None, done
                last = found
            finally:
                drop_again(again, exchange)
        return Outcome.MISMATCH, None, last if last.verdict.fingerprint else done

    async def _again(self, exchange: Exchange, endpoint: Endpoint, deadline: float) -> Exchange:
        """The exchange as it would be now. With effects legacy is never asked again: its kept answer stands.

        Raises AskFailed, also where an answer is about the moment: two sides that refuse do not agree on a record.
        """
        peers = self._peers(endpoint)
        again = exchange
        try:
            if not endpoint.effects:
                legacy = await self._asker.ask(peers.legacy, exchange, candidate=False, deadline=deadline)
                again = replace(again, legacy=legacy)
                _usable(legacy, exchange.legacy, "legacy")
            candidate = await self._asker.ask(peers.candidate, exchange, candidate=True, deadline=deadline)
            again = replace(again, candidate=candidate)
            _usable(candidate, exchange.candidate, "the candidate")
        except BaseException:
            drop_again(again, exchange)
            raise
        return again

    def _peers(self, endpoint: Endpoint) -> Peers:
        assert self._config is not None
        if endpoint.candidate == CONNECTRA:
            return Peers(self._config.legacy, Upstream(f"unix:{self._gateway}"))
        headers = HEADERS if endpoint.candidate_headers is None else endpoint.candidate_headers
        return Peers(self._config.legacy, Upstream(endpoint.candidate, headers=headers))

    async def _was_written(self, before: Exchange, after: Exchange, endpoint: Endpoint, done: Done) -> bool:
        """Evidence of a write: seen through us, or told by legacy's answers. What can not be asked is no evidence."""
        if self.writes.before(before, endpoint.lag_window):
            return True
        assert before.legacy is not None
        assert after.legacy is not None
        again = None if endpoint.effects else answer_of(after.legacy)
        paths = tuple(dict.fromkeys(change.path for change in done.verdict.changes))
        since = before.at - endpoint.lag_window
        evidence = Evidence(
            answer_of(before.legacy), again, endpoint.rules, day_of(before), paths, since, self._now()
        )
        try:
            comparers = self._files if files_of(before) | files_of(after) else self._comparers
            return await comparers.ask(Evidence.run, evidence)
        except NotCompared as error:
            log.warning("no evidence of a write could be looked for: %s", error)
            return False

    # -- the end ------------------------------------------------------------------------------------------------

    def _settle(self, exchange: Exchange, done: Done, outcome: Outcome, lag: float | None = None) -> None:
        self._told.observe(exchange.endpoint, exchange.window, self._compared(exchange, outcome, lag=lag))
        if outcome is Outcome.LAGGING:
            return
        verdict = done.verdict
        mark = verdict.fingerprint or ""
        if outcome is Outcome.UNSTABLE:
            statuses = (status_of(exchange.legacy), status_of(exchange.candidate))
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
            "statuses": [status_of(exchange.legacy), status_of(exchange.candidate)],
            "seconds": [seconds_of(exchange.legacy), seconds_of(exchange.candidate)],
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


def _usable(now: Observed, before: Observed | None, who: str) -> None:
    """Raises AskFailed for an answer that says nothing of the record."""
    status = status_of(now)
    if turned_down(now):
        raise AskFailed(f"{who} declined")
    if not status or status >= 500 or (status in REFUSALS and status != status_of(before)):
        raise AskFailed(f"{who} answered {status}")
