"""Asks both sides the same, and compares their answers under the rules of rollout.yaml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from time import monotonic, perf_counter

import aiohttp
from yarl import URL

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import Rules
from comparators.verdict import Outcome, Verdict
from loadtests.replay.questions import Question

HOST = "127.0.0.1:8000"
"""What both sides are told they are called: links must not differ by a port."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides' addresses, and the caller."""

    session: aiohttp.ClientSession
    legacy: str
    gateway: str
    token: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """More header fields for the gateway: what a worker says."""
    pids: Mapping[str, int] = field(default_factory=dict)
    """Processes by their names, for whoever measures them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what came of it. `declined` is the gateway's reason; then there is no verdict."""

    question: Question
    legacy: Answer
    candidate: Answer
    verdict: Verdict | None
    declined: str | None = None
    seconds: tuple[float, float] = (0.0, 0.0)
    """How long legacy and the gateway took."""
    comparing: float = 0.0
    """Seconds that comparing took; 0 where nothing was compared."""


async def ask(sides: Sides, question: Question, rules: Rules, today: date) -> Asked:
    """Both answers and the verdict."""
    began = monotonic()
    legacy = await _answer(sides, sides.legacy, question, {})
    between = monotonic()
    candidate = await _answer(sides, sides.gateway, question, sides.fields)
    seconds = between - began, monotonic() - between
    declined = candidate.header("X-Crossfade-Declined")
    if declined is not None:
        return Asked(question, legacy, candidate, None, declined, seconds)
    begun = perf_counter()
    verdict = compare(legacy, candidate, rules, endpoint=question.endpoint, today=today)
    return Asked(question, legacy, candidate, verdict, None, seconds, perf_counter() - begun)


async def _answer(sides: Sides, base: str, question: Question, more: Mapping[str, str]) -> Answer:
    fields = {"Authorization": f"Bearer {sides.token}", "Host": HOST, "Accept-Encoding": "identity", **more}
    if question.body is not None:
        fields["Content-Type"] = "application/json"
    url = URL(base + question.target, encoded=True)
    async with sides.session.request(question.method, url, data=question.body, headers=fields) as got:
        body = await got.read()
        return Answer(got.status, tuple(got.headers.items()), body)


@dataclass(slots=True)
class Tally:
    """What came of many questions, by endpoint."""

    asked: Counter[str] = field(default_factory=Counter)
    declined: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Of both sides, by endpoint, where both answered."""
    bad: list[Asked] = field(default_factory=list)
    """Whatever is neither a match nor accepted nor declined."""

    def take(self, one: Asked) -> None:
        """Counts one."""
        name = one.question.endpoint
        self.asked[name] += 1
        if one.declined is not None:
            self.declined[name, one.declined] += 1
            return
        if one.candidate.status >= 500:
            self.failed[name, one.candidate.status] += 1
            self.bad.append(one)
            return
        if one.verdict is None:
            return
        self.verdicts[name, one.verdict.outcome.value] += 1
        self.seconds.setdefault(name, []).append(one.seconds)
        self.rules.update(one.verdict.counts)
        if one.verdict.outcome not in (Outcome.MATCH, Outcome.ACCEPTED):
            self.bad.append(one)
