"""Did the story come true? Pure: audit rows, the load generator's log and what the scenes noted, in; claims out.

Crossfade's own summary is not asked: who moved what stands in the audit, and what clients saw in the generator's log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loadtests.demo.traffic import LISTS, Logged

FULL = 10_000
LADDER = (500, 2_500, 5_000, FULL)
WITHIN = 4 * 60.0
"""Seconds that the story may take after installation."""
LAG = 1.5
EDIT_WITHIN = 1.0
COUNTS_A_SECOND = 5.0
AGREE = ("linkedin", "export-download", *LISTS)
"""Endpoints of which no answer may differ."""


@dataclass(frozen=True, slots=True)
class Row:
    """One audit row. Percents in hundredths."""

    at: float
    endpoint: str
    who: str
    kind: str
    percent_from: int
    percent_to: int
    status_to: str
    reason: str


@dataclass(slots=True)
class Notes:
    """What the scenes did, and what they read at the time. Times are Unix seconds."""

    began: float = 0.0
    ended: float = 0.0
    outage: tuple[float, float] | None = None
    fallbacks: int = 0
    defect_at: float | None = None
    defect: dict[str, str] = field(default_factory=dict)
    """fingerprint, path, example, rule, hides"""
    slow_gate: str = ""
    lagging: int = 0
    lag_p99: float | None = None
    edited_at: float | None = None
    redeployed_at: float | None = None
    orders_after_redeploy: int = 0
    refusal: str = ""
    by_hand: dict[str, int] = field(default_factory=dict)
    """Answers of the candidate, by endpoint that a person took up."""
    activities: int = 0
    phases: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By endpoint: exchanges compared in its open window, and mismatches."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that must have happened, whether it did, and from what one sees it."""

    text: str
    true: bool
    because: str


def claims(rows: Sequence[Row], log: Iterable[Logged], notes: Notes) -> list[Claim]:
    """All of them, in the story's order."""
    logged = list(log)
    return [
        _no_failure(logged),
        _climbed(rows),
        *_outage(rows, logged, notes),
        *_defect(rows, notes),
        _slow(rows, notes),
        *_lag(rows, logged, notes),
        *_operator(rows, notes),
        *_phases(logged, notes),
        Claim("within four minutes", notes.ended - notes.began <= WITHIN, f"{notes.ended - notes.began:.0f} s"),
    ]


def of(rows: Iterable[Row], endpoint: str, kind: str | None = None) -> list[Row]:
    """The rows of one endpoint, and of one kind of event."""
    return [row for row in rows if row.endpoint == endpoint and kind in (None, row.kind)]


def _no_failure(logged: list[Logged]) -> Claim:
    failed = [one for one in logged if one.failed]
    shown = f"; the first: {failed[0].kind} {failed[0].status} {failed[0].error}" if failed else ""
    because = f"{len(failed)} of {len(logged)} failed{shown}"
    return Claim("no client request failed", bool(logged) and not failed, because)


def _climbed(rows: Sequence[Row]) -> Claim:
    steps = [row.percent_to for row in of(rows, "contact", "promote") if row.who == "judge"]
    climbed = [step for step in steps if step in LADDER]
    words = " → ".join(f"{step / 100:g} %" for step in dict.fromkeys([0, *climbed]))
    return Claim("contact climbed from 0 to 100 % by itself", tuple(dict.fromkeys(climbed)) == LADDER, words)


def _outage(rows: Sequence[Row], logged: list[Logged], notes: Notes) -> list[Claim]:
    opened, closed = of(rows, "contact", "breaker opened"), of(rows, "contact", "breaker closed")
    held = [row for row in opened if row.status_to == "held" and row.percent_to >= row.percent_from > 0]
    since, until = notes.outage or (0.0, 0.0)
    asked = sum(since <= one.at <= until and one.kind == "contact" for one in logged)
    top = [row.at for row in of(rows, "contact") if row.percent_to == FULL]
    fell = [row for row in of(rows, "contact") if row.percent_to < row.percent_from]
    return [
        Claim("while it served, the candidate was dead for five seconds", until - since >= 5.0 and asked > 0,
              f"{until - since:.1f} s, {asked} contacts asked meanwhile"),
        Claim("fallbacks were counted", notes.fallbacks > 0, f"{notes.fallbacks}"),
        Claim("the breaker opened and closed; contact was held", bool(held and closed),
              f"{len(opened)} times opened, {len(closed)} times closed"),
        Claim("its percent did not fall", not fell, f"{len(fell)} falls"),
        Claim("and it reached 100 % afterwards", bool(top) and top[0] > until > 0, "" if top else "never"),
    ]  # fmt: skip


def _defect(rows: Sequence[Row], notes: Notes) -> list[Claim]:
    back = of(rows, "company", "roll back")
    again = of(rows, "company", "retry due")
    by_judge = [row for row in back if row.who == "judge"]
    found = notes.defect
    return [
        Claim("company was rolled back from 5 %", bool(by_judge) and by_judge[0].percent_from == LADDER[0],
              by_judge[0].reason if by_judge else "never"),
        Claim("tried once more", len(again) == 1, f"{len(again)} times"),
        Claim("then held for a person", bool(back) and back[-1].status_to == "held for a person",
              back[-1].status_to if back else "never"),
        Claim("the defect is named by its path", "employees_count" in found.get("path", ""), found.get("path", "")),
        Claim("with fingerprint, example, rule and what it would cost",
              all(found.get(key) for key in ("fingerprint", "example", "rule", "hides")), found.get("fingerprint", "")),
    ]  # fmt: skip


def _slow(rows: Sequence[Row], notes: Notes) -> Claim:
    raised = of(rows, "company-contacts", "promote")
    good = not raised and "to" in notes.slow_gate and "1.2" in notes.slow_gate
    return Claim("company-contacts, 40 % slower, was held with its ratio and interval", good, notes.slow_gate)


def _lag(rows: Sequence[Row], logged: list[Logged], notes: Notes) -> list[Claim]:
    after = [one for one in logged if one.after_write is not None and one.after_write <= LAG]
    seconds = max((one.at for one in logged), default=0.0) - min((one.at for one in logged), default=0.0)
    rate = len(after) / seconds if seconds else 0.0
    promoted = [row for row in of(rows, "company-contacts-count", "promote") if row.percent_to > 0]
    shown = "none" if notes.lag_p99 is None else f"{notes.lag_p99:.1f} s"
    return [
        Claim("counts were asked within the lag of a write, five a second or more", rate >= COUNTS_A_SECOND,
              f"{rate:.1f} a second"),
        Claim("rechecks agreed, with evidence of a write", notes.lagging > 0, f"{notes.lagging} lagging"),
        Claim("the count was promoted all the same", bool(promoted), f"{len(promoted)} times"),
        Claim("the lag's p99 is shown", notes.lag_p99 is not None, shown),
    ]  # fmt: skip


def _phases(logged: list[Logged], notes: Notes) -> list[Claim]:
    searches = sum(one.kind == "linkedin" and one.status == 200 for one in logged)
    bad = [f"{name}: {wrong} of {of_all}" for name, (of_all, wrong) in notes.phases.items() if name in AGREE and wrong]
    silent = [name for name in AGREE if not notes.phases.get(name, (0, 0))[0]]
    served = ", ".join(f"{name} {count}" for name, count in notes.by_hand.items())
    return [
        Claim("every endpoint of every phase was compared", not silent, ", ".join(silent)),
        Claim("lists, exports and LinkedIn agree with legacy", bool(notes.phases) and not bad, ", ".join(bad)),
        Claim("LinkedIn, company lists and downloads were served by the candidate",
              bool(notes.by_hand) and all(notes.by_hand.values()), served),
        Claim("each LinkedIn search was charged exactly once, whoever served it",
              notes.activities == searches > 0, f"{notes.activities} activities, {searches} searches"),
    ]  # fmt: skip


def _operator(rows: Sequence[Row], notes: Notes) -> list[Claim]:
    orders = [row.at for row in rows if row.kind == "file order"]
    took = min((at - notes.edited_at for at in orders if notes.edited_at and at >= notes.edited_at), default=None)
    return [
        Claim("an operator's edit took effect within a second", took is not None and took <= EDIT_WITHIN,
              "never" if took is None else f"{took:.2f} s"),
        Claim("redeploying the old file ordered nothing", notes.redeployed_at is not None and
              not notes.orders_after_redeploy, f"{notes.orders_after_redeploy} orders"),
        Claim("a broken edit was refused with its line", ":" in notes.refusal and "rollout.yaml" in notes.refusal,
              notes.refusal),
    ]  # fmt: skip
