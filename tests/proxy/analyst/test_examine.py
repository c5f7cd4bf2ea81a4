"""What becomes of an exchange, from its arrival to its final verdict; comparisons are real, peers and time are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from comparators.rules import parse_rules
from comparators.verdict import Outcome
from proxy.analyst import examine as module
from proxy.analyst.examine import Examiner, Finding
from proxy.analyst.examined import comparable, key_hash, shape_of, sides_of
from proxy.analyst.pool import Done, Job, NotCompared, work
from proxy.analyst.recheck import AskFailed
from proxy.exchange import Exchange, Failure, Observed, Spool, Write
from rollout.model import Config, Upstream
from rollout.observations import Compared, Observation, Sides, Suspected
from rollout.sides import Side
from tests.support.endpoints import config, endpoint
from tests.support.exchanges import AT, exchange, observed

OLD, NEW = {"name": "old"}, {"name": "new"}
Answering = Callable[[], Observed]


@dataclass
class Told:
    """What window and recorder heard."""

    observed: list[Observation] = field(default_factory=list)
    losses: list[tuple[str, int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def observe(self, endpoint: str, window: int, observation: Observation) -> None:
        assert (endpoint, window) == ("contact", 3)
        self.observed.append(observation)

    def lost(self, endpoint: str, window: int, reason: str, times: int = 1) -> None:
        self.losses.append((endpoint, window, reason))

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)

    @property
    def verdict(self) -> Compared:
        [found] = [one for one in self.observed if isinstance(one, Compared)]
        return found

    @property
    def suspected(self) -> list[Suspected]:
        return [one for one in self.observed if isinstance(one, Suspected)]


class Comparers:
    """Compares on the spot; `fails` is raised instead."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.fails: Exception | None = None

    async def compare(self, job: Job) -> Done:
        self.jobs.append(job)
        if self.fails is not None:
            raise self.fails
        return work(job)

    async def ask(self, function: Callable[[Any], Any], value: Any) -> Any:
        return function(value)


class Asker:
    """Both sides as they would answer now, by turns; an AskFailed is raised."""

    def __init__(self) -> None:
        self.legacy: list[Observed | AskFailed] = []
        self.candidate: list[Observed | AskFailed] = []
        self.asked: list[tuple[bool, Upstream]] = []
        self.deadlines: set[float] = set()

    async def ask(self, upstream: Upstream, exchange: Exchange, *, candidate: bool, deadline: float) -> Observed:
        self.asked.append((candidate, upstream))
        self.deadlines.add(deadline)
        answers = self.candidate if candidate else self.legacy
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, AskFailed):
            raise found
        return found


class Bench:
    """An examiner among fakes. Time passes only while it pauses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.pauses = AT + 0.5, cast("list[float]", [])
        self.told, self.comparers, self.asker = Told(), Comparers(), Asker()
        self.examiner = Examiner(
            self.told, cast("Any", self.comparers), cast("Any", self.asker), b"key", lambda: self.now, "/run/g.sock"
        )
        self.configure()

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            self.now += seconds

        monkeypatch.setattr(module, "pause", pause)

    def configure(self, keep_clear: tuple[str, ...] = (), rules: dict[str, Any] | None = None, **given: Any) -> Config:
        made = config(endpoint(rules=parse_rules(rules or {}), **given))
        made = replace(made, keep_clear=keep_clear, extra_legacy_load=0.05)
        self.examiner.configure(made)
        return made

    def answers(self, legacy: Any, candidate: Any) -> None:
        """What both say when they are asked again: one value, or a list of `Observed` by turns."""
        self.asker.legacy = legacy if isinstance(legacy, list) else [observed(legacy)]
        self.asker.candidate = candidate if isinstance(candidate, list) else [observed(candidate)]

    async def take(self, *exchanges: Exchange) -> Told:
        self.examiner.take(exchanges)
        async with asyncio.timeout(10):
            await self.examiner.tasks.ended()
        return self.told


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


# -- without a recheck ------------------------------------------------------------------------------------------------


async def test_equal_answers_match(bench: Bench) -> None:
    told = await bench.take(exchange(OLD, OLD))
    assert told.verdict == Compared(key_hash(exchange()), AT, Outcome.MATCH, shape="page")
    assert (told.findings, bench.asker.asked) == ([], [])


async def test_what_a_worker_found_equal_needs_no_comparison(bench: Bench) -> None:
    without = observed(body=None, size=9)
    told = await bench.take(exchange(without, without, equal=True))
    assert told.verdict.outcome is Outcome.MATCH
    assert bench.comparers.jobs == []


async def test_every_exchange_is_observed_once_and_first(bench: Bench) -> None:
    told = await bench.take(exchange(OLD, OLD))
    assert [type(one) for one in told.observed] == [Sides, Compared]


async def test_what_a_known_gap_takes_is_accepted(bench: Bench) -> None:
    bench.configure(rules={"known_gaps": [{"path": "name", "reason": "r", "owner": "o", "until": "2026-03-01"}]})
    told = await bench.take(exchange(OLD, NEW))
    assert (told.verdict.outcome, told.findings) == (Outcome.ACCEPTED, [])


async def test_a_known_gap_ends_on_the_exchanges_day(bench: Bench) -> None:
    bench.configure(rules={"known_gaps": [{"path": "name", "reason": "r", "owner": "o", "until": "2026-02-28"}]})
    bench.answers(OLD, NEW)
    told = await bench.take(exchange(OLD, NEW))
    assert told.verdict.outcome is Outcome.MISMATCH


async def test_what_can_not_be_compared_says_why(bench: Bench) -> None:
    told = await bench.take(exchange(observed(b"{"), OLD))
    assert told.verdict.outcome is Outcome.NOT_COMPARABLE
    assert (told.verdict.reason or "").startswith("legacy's body: not JSON")


async def test_what_is_not_compared_is_lost_with_its_reason(bench: Bench) -> None:
    bench.comparers.fails = NotCompared("comparers full")
    told = await bench.take(exchange(OLD, NEW))
    assert told.losses == [("contact", 3, "comparers full")]
    assert [type(one) for one in told.observed] == [Sides]


async def test_a_fault_of_ours_is_a_loss_that_is_counted(bench: Bench) -> None:
    bench.comparers.fails = ValueError("a bug")
    told = await bench.take(exchange(OLD, NEW))
    assert told.losses == [("contact", 3, "our error")]


@pytest.mark.parametrize(
    "given",
    [
        {"candidate": observed(status=None, body=None, failure=Failure.CONNECT)},
        {"candidate": observed(status=503, failure=Failure.STATUS)},
        {"candidate": observed(body=None, declined="fields")},
        {"legacy": observed(status=None, body=None, failure=Failure.RESET)},
        {"candidate": None, "skipped": "not sampled"},
        {"endpoint": "contact", "legacy": None},
    ],
    ids=["candidate gone", "candidate 503", "declined", "legacy failed", "not sampled", "legacy not asked"],
)
async def test_without_two_answers_nothing_is_compared(bench: Bench, given: dict[str, Any]) -> None:
    told = await bench.take(replace(exchange(OLD, OLD), **given))
    assert [type(one) for one in told.observed] == [Sides]
    assert (told.losses, bench.comparers.jobs) == ([], [])


async def test_an_endpoint_that_the_file_no_longer_has_is_not_compared(bench: Bench) -> None:
    bench.examiner.configure(config(endpoint("another")))
    told = await bench.take(exchange(OLD, NEW))
    assert [type(one) for one in told.observed] == [Sides]


# -- rechecks ---------------------------------------------------------------------------------------------------------


async def test_a_difference_that_stays_is_a_mismatch(bench: Bench) -> None:
    bench.answers(OLD, NEW)
    told = await bench.take(exchange(OLD, NEW))
    assert [type(one) for one in told.observed] == [Sides, Suspected, Compared]
    assert (told.verdict.outcome, told.verdict.lag) == (Outcome.MISMATCH, None)
    [finding] = told.findings
    assert (finding.id, finding.outcome, finding.paths) == ("x1", "mismatch", ("name",))


async def test_both_are_asked_again_after_each_delay_from_the_request(bench: Bench) -> None:
    bench.answers(OLD, NEW)
    await bench.take(exchange(OLD, NEW))
    assert bench.pauses == [1.5, 6.0]
    assert [side for side, _ in bench.asker.asked] == [False, True, False, True]


async def test_a_late_recheck_does_not_wait(bench: Bench) -> None:
    bench.now = AT + 100
    bench.answers(OLD, NEW)
    await bench.take(exchange(OLD, NEW))
    assert bench.pauses == [0.0, 0.0]


def wrote(bench: Bench) -> None:
    bench.examiner.writes.add([Write(AT - 1, "contact", {"contact_uuid": "c1"}, 200)])


async def test_agreement_after_a_write_is_lag(bench: Bench) -> None:
    wrote(bench)
    bench.answers(NEW, NEW)
    told = await bench.take(exchange(NEW, OLD))
    assert (told.verdict.outcome, told.verdict.lag, told.findings) == (Outcome.LAGGING, 2.0, [])


async def test_lag_is_measured_to_the_recheck_that_agreed(bench: Bench) -> None:
    wrote(bench)
    bench.answers(NEW, [observed(OLD), observed(NEW)])
    assert (await bench.take(exchange(NEW, OLD))).verdict.lag == 8.0


@pytest.mark.parametrize(
    ("stamped", "outcome"), [("legacy", Outcome.LAGGING), ("candidate", Outcome.UNSTABLE)], ids=str
)
async def test_a_records_own_time_is_evidence_of_a_write_if_legacy_gives_it(
    bench: Bench, stamped: str, outcome: Outcome
) -> None:
    bench.configure(rules={"ignore": ["updated_at"]})
    fresh = {"name": "new", "updated_at": "2026-03-01T09:59:59Z"}
    stale = {"name": "old", "updated_at": "2025-01-01T00:00:00Z"}
    sides = (fresh, stale) if stamped == "legacy" else ({"name": "new"}, fresh | {"name": "old"})
    bench.answers(sides[0], sides[0])
    assert (await bench.take(exchange(*sides))).verdict.outcome is outcome


async def test_another_records_own_time_is_no_evidence_of_a_write(bench: Bench) -> None:
    bench.configure(rules={"unordered": {"results": "uuid"}})
    fresh, stale = ({"uuid": uuid, "updated_at": at} for uuid, at in
                    (("a", "2026-03-01T09:59:59Z"), ("b", "2025-01-01T00:00:00Z")))  # fmt: skip
    page, wrong = {"results": [fresh, stale]}, {"results": [fresh, stale | {"name": "x"}]}
    bench.answers(page, page)
    assert (await bench.take(exchange(page, wrong))).verdict.outcome is Outcome.UNSTABLE


async def test_an_ignored_field_that_changes_is_no_evidence_of_a_write(bench: Bench) -> None:
    bench.configure(rules={"ignore": ["asked_at"]})
    bench.answers(OLD | {"asked_at": 2}, OLD | {"asked_at": 2})
    told = await bench.take(exchange(OLD | {"asked_at": 1}, NEW | {"asked_at": 1}))
    assert told.verdict.outcome is Outcome.UNSTABLE


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_two_sides_that_refuse_do_not_agree(bench: Bench, status: int) -> None:
    refused = observed({"detail": "no"}, status)
    bench.answers([refused], [refused])
    assert (await bench.take(exchange(OLD, NEW))).verdict.outcome is Outcome.MISMATCH


async def test_legacys_own_change_is_evidence_of_a_write(bench: Bench) -> None:
    bench.answers(NEW, NEW)
    assert (await bench.take(exchange(OLD, NEW))).verdict.outcome is Outcome.LAGGING


async def test_agreement_without_a_write_is_unstable(bench: Bench) -> None:
    bench.answers(OLD, OLD)
    told = await bench.take(exchange(OLD, NEW))
    assert (told.verdict.outcome, told.verdict.lag) == (Outcome.UNSTABLE, None)
    assert [finding.outcome for finding in told.findings] == ["unstable"]


async def test_an_unstable_answer_has_a_fingerprint_of_its_own(bench: Bench) -> None:
    bench.answers(OLD, OLD)
    await bench.take(exchange(OLD, NEW))
    bench.answers(OLD, NEW)
    await bench.take(exchange(OLD, NEW))
    one, other = bench.told.findings
    assert one.fingerprint != other.fingerprint


async def test_a_write_beyond_the_lag_window_is_no_evidence(bench: Bench) -> None:
    bench.configure(lag_window=0.5)
    wrote(bench)
    bench.answers(OLD, OLD)
    assert (await bench.take(exchange(OLD, NEW))).verdict.outcome is Outcome.UNSTABLE


async def test_without_budget_a_mismatch_stays_one(bench: Bench) -> None:
    while bench.examiner.waiting.again():
        pass
    told = await bench.take(exchange(OLD, NEW))
    assert (told.verdict.outcome, told.suspected, bench.asker.asked) == (Outcome.MISMATCH, [], [])


async def test_when_the_budget_ends_between_rechecks_the_mismatch_stays(bench: Bench) -> None:
    while bench.examiner.waiting.again():
        pass
    bench.examiner.waiting.seen(20)
    bench.answers(OLD, NEW)
    assert (await bench.take(exchange(OLD, NEW))).verdict.outcome is Outcome.MISMATCH
    assert len(bench.asker.asked) == 2


@pytest.mark.parametrize(
    "again",
    [
        AskFailed("gone"),
        observed(OLD, 503),
        observed(OLD, headers=((b"X-Crossfade-Declined", b"fields"),)),
        observed(status=None, body=None),
    ],
    ids=["gone", "503", "declined", "no status"],
)
async def test_a_side_that_gives_no_answer_clears_nobody(bench: Bench, again: Any) -> None:
    bench.answers(OLD, [again])
    told = await bench.take(exchange(OLD, NEW))
    assert (told.verdict.outcome, len(told.findings)) == (Outcome.MISMATCH, 1)


async def test_a_recheck_that_failed_is_followed_by_the_next(bench: Bench) -> None:
    wrote(bench)
    bench.answers([AskFailed("gone"), observed(NEW)], NEW)
    told = await bench.take(exchange(NEW, OLD))
    assert (told.verdict.outcome, told.verdict.lag) == (Outcome.LAGGING, None)


@pytest.mark.parametrize(("stream", "seconds", "times"), [(False, 10.0, 10), (True, 60.0, 3)])
async def test_answers_that_stream_have_more_time_at_a_recheck_and_fewer_turns(
    bench: Bench, *, stream: bool, seconds: float, times: int
) -> None:
    bench.configure(stream=stream, recheck=(1.0, 2.0))
    bench.answers([AskFailed("too slow")], NEW)
    await bench.take(exchange(OLD, NEW))
    assert (bench.asker.deadlines, len(bench.asker.asked)) == ({seconds}, times)


async def test_a_side_that_is_away_is_asked_once_more_than_planned(bench: Bench) -> None:
    wrote(bench)
    bench.answers([AskFailed("gone"), AskFailed("gone"), observed(NEW)], NEW)
    assert (await bench.take(exchange(NEW, OLD))).verdict.outcome is Outcome.LAGGING
    assert len(bench.pauses) > 2


async def test_the_last_difference_is_the_one_that_is_kept(bench: Bench) -> None:
    bench.answers({"a": 1, "b": 1}, {"a": 1, "b": 2})
    [finding] = (await bench.take(exchange({"a": 1, "b": 1}, {"a": 2, "b": 2}))).findings
    assert finding.paths == ("b",)


async def test_with_effects_legacy_is_never_asked_again(bench: Bench) -> None:
    bench.configure(effects=True)
    bench.answers([AskFailed("legacy was asked")], OLD)
    told = await bench.take(exchange(OLD, NEW))
    assert {side for side, _ in bench.asker.asked} == {True}
    assert told.verdict.outcome is Outcome.UNSTABLE


async def test_with_effects_no_budget_of_legacy_is_needed(bench: Bench) -> None:
    bench.configure(effects=True)
    while bench.examiner.waiting.again():
        pass
    bench.answers([AskFailed("legacy was asked")], NEW)
    await bench.take(exchange(OLD, NEW))
    assert len(bench.asker.asked) == 2


async def test_new_rules_in_the_middle_of_a_recheck_keep_the_count(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reconfigures(seconds: float) -> None:
        bench.configure()

    monkeypatch.setattr(module, "pause", reconfigures)
    bench.answers(OLD, NEW)
    await bench.take(exchange(OLD, NEW))
    assert bench.examiner.waiting.count == 0


@pytest.mark.parametrize(
    ("given", "peer"),
    [
        ({}, Upstream("unix:/run/g.sock")),
        ({"candidate": "http://127.0.0.1:9", "candidate_headers": ("accept",)},
         Upstream("http://127.0.0.1:9", 30.0, ("accept",))),
    ],
    ids=["the gateway", "by url"],
)  # fmt: skip
async def test_the_candidate_is_asked_where_it_is(bench: Bench, given: dict[str, Any], peer: Upstream) -> None:
    made = bench.configure(**given)
    bench.answers(OLD, NEW)
    await bench.take(exchange(OLD, NEW))
    assert bench.asker.asked[:2] == [(False, made.legacy), (True, peer)]


# -- what is kept and what is deleted ---------------------------------------------------------------------------------


async def test_a_finding_holds_no_value_and_no_target(bench: Bench) -> None:
    bench.answers({"name": "Ada Lovelace"}, {"name": "Grace Hopper"})
    [finding] = (await bench.take(exchange({"name": "Ada Lovelace"}, {"name": "Grace Hopper"}))).findings
    text = repr(finding)
    assert not [one for one in ("Ada", "Grace", "Bearer", "page=1") if one in text]
    assert finding.sample["statuses"] == [200, 200]
    assert finding.suggestion is not None
    assert "known_gaps" in finding.suggestion["rule"]


async def test_where_everything_may_be_kept_the_target_is(bench: Bench) -> None:
    bench.configure(keep_clear=("**",))
    bench.answers(OLD, NEW)
    [finding] = (await bench.take(exchange(OLD, NEW))).findings
    assert finding.sample["request"] == {"method": "GET", "target": "/contact/c1/?page=1"}
    assert finding.sample["changes"][0]["legacy"]["value"] == "old"


def spooled(path: Path, value: bytes = b'{"name": "old"}') -> Observed:
    path.write_bytes(value)
    return observed(body=Spool(str(path), len(value)))


@pytest.mark.parametrize(
    "given",
    [{}, {"equal": True}, {"legacy": None}, {"endpoint": "contact", "fallback": "reset"}],
    ids=["compared", "equal", "one side", "after a fallback"],
)
async def test_spool_files_are_deleted_in_the_end(bench: Bench, tmp_path: Path, given: dict[str, Any]) -> None:
    sides = spooled(tmp_path / "legacy"), spooled(tmp_path / "candidate")
    held = [side for side, one in zip(sides, ("legacy", "candidate"), strict=True) if given.get(one, side) is None]
    await bench.take(replace(exchange(*sides), **given))
    assert [str(one) for one in tmp_path.iterdir()] == [side.body.path for side in held if isinstance(side.body, Spool)]


async def test_spool_files_stay_until_the_last_recheck(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.configure(effects=True)
    bench.answers([AskFailed("legacy was asked")], NEW)
    told = await bench.take(exchange(spooled(tmp_path / "legacy"), NEW))
    assert told.verdict.outcome is Outcome.MISMATCH
    assert list(tmp_path.iterdir()) == []


async def test_spool_files_are_deleted_when_the_examiner_is_stopped(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def for_ever(seconds: float) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "pause", for_ever)
    bench.examiner.take([exchange(spooled(tmp_path / "legacy"), NEW)])
    async with asyncio.timeout(10):
        await reached.wait()
        await bench.examiner.tasks.cancel()
    assert list(tmp_path.iterdir()) == []
    assert bench.examiner.waiting.count == 0


async def test_the_files_of_rechecks_are_deleted_as_well(bench: Bench, tmp_path: Path) -> None:
    again = [spooled(tmp_path / "again"), spooled(tmp_path / "and again")]
    bench.answers(again, NEW)
    told = await bench.take(exchange(spooled(tmp_path / "legacy"), NEW))
    assert (told.verdict.outcome, list(tmp_path.iterdir())) == (Outcome.MISMATCH, [])


async def test_the_file_of_a_recheck_that_came_to_nothing_is_deleted(bench: Bench, tmp_path: Path) -> None:
    bench.answers([spooled(tmp_path / "again")], [AskFailed("it is away")])
    await bench.take(exchange(OLD, NEW))
    assert list(tmp_path.iterdir()) == []


async def test_files_are_compared_where_small_answers_need_not_wait_for_them(bench: Bench, tmp_path: Path) -> None:
    files = Comparers()
    bench.examiner._files = cast("Any", files)
    await bench.take(exchange(spooled(tmp_path / "legacy"), OLD), exchange(OLD, OLD))
    assert [job.legacy.body for job in files.jobs] == [tmp_path / "legacy"]
    assert len(bench.comparers.jobs) == 1


async def test_files_are_held_until_the_verdict(bench: Bench, tmp_path: Path) -> None:
    bench.examiner.take([exchange(spooled(tmp_path / "legacy"), OLD)])
    held = set(bench.examiner.held)
    await bench.examiner.tasks.ended()
    assert (held, bench.examiner.held) == ({str(tmp_path / "legacy")}, set())


async def test_spool_files_are_deleted_when_the_examiner_never_got_to_them(bench: Bench, tmp_path: Path) -> None:
    bench.examiner.take([exchange(spooled(tmp_path / "legacy"), NEW)])
    await bench.examiner.tasks.cancel()
    assert list(tmp_path.iterdir()) == []


# -- pure parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "shape"),
    [("/a", ""), ("/a?b=1&a=2&b=3", "a,b"), ("/a?x=", "x"), ("/a?first%20name=1", "first name")],
)
def test_a_shape_is_the_set_of_parameter_names(target: str, shape: str) -> None:
    assert shape_of(exchange(target=target)) == shape


def test_the_key_is_cut_to_eight_bytes() -> None:
    assert key_hash(exchange(key=b"\0" * 7 + b"\1" + b"\2" * 8)) == 1


@pytest.mark.parametrize(
    ("side", "seconds", "failed"),
    [
        (observed(1, seconds=0.2), 0.2, None),
        (observed(status=None, body=None, seconds=float("inf"), failure=Failure.DEADLINE), float("inf"), "deadline"),
        (observed(status=None, body=None, failure=Failure.RESET), None, "reset"),
        (observed(body=None, declined="fields"), None, None),
        (None, None, None),
    ],
    ids=["answered", "deadline", "reset", "declined", "not asked"],
)
def test_a_window_hears_how_the_candidate_fared(side: Any, seconds: Any, failed: str | None) -> None:
    found = sides_of(replace(exchange(1, 1), candidate=side))
    assert (found.candidate_seconds, found.candidate_failed) == (seconds, failed)


def test_a_window_hears_who_was_chosen_and_who_served() -> None:
    made = exchange(1, 1, primary=Side.CANDIDATE, served=Side.LEGACY, fallback="reset", skipped="shed")
    found = sides_of(made)
    assert (found.primary, found.served, found.fallback, found.skipped) == (
        Side.CANDIDATE, Side.LEGACY, "reset", "shed",
    )  # fmt: skip


def test_a_side_without_a_body_is_not_comparable() -> None:
    sides: Sequence[Observed] = (observed(1), observed(body=None))
    assert comparable(exchange(sides[0], sides[0]))
    assert not comparable(exchange(sides[0], sides[1]))
