"""The gates of the judge, each a value: how it stands, and that in words with figures.

The formulas are in rollout.bounds, betting and quantiles. A gate without data is no pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf, log

from rollout.betting import Capital
from rollout.blocks import ShareTest, SignTest
from rollout.bounds import log_promote, log_sign_promote, observations_needed, signs_needed
from rollout.evidence import Window
from rollout.gate import Gate, Verdict, duration, percentage, removed
from rollout.ladder import written
from rollout.limits import TAUS
from rollout.quantiles import ratio_interval
from rollout.sides import Side
from rollout.tallies import WARM_UP

Figures = dict[str, float | int | None]
CERTAIN = 1e-12
DAY = 86_400.0
FAR = 1e9
"""Stands for an infinite ratio in figures: JSON has no word for it."""
BREAKER = "breaker"
"""Why the candidate was not asked: the reason that the workers give while its breaker is open."""


def mismatch(window: Window, now: float) -> Gate:
    """Distinct request keys that differ, against the limit (statistics §3 and §4)."""
    test, limit = window.mismatch, window.thresholds.promote_when.mismatch_rate
    back = window.thresholds.roll_back_when.mismatch_rate
    alpha = window.limits.alpha_promote
    figures = {"distinct": test.n, "differ": test.mismatches, "upper": test.upper, "limit": limit, "roll_back": back}
    said = f"{test.mismatches} of {test.n} distinct requests differ, at most {percentage(test.upper)}"
    if back is not None and test.log_roll_back(back) >= -log(window.limits.alpha_roll_back):
        return Gate("mismatch", Verdict.BREACHED, f"{said}; proven above {percentage(back)}", figures, None)
    if limit is None:
        return removed("mismatch")
    said += f" (limit {percentage(limit)})"
    if log_promote(test.n, test.mismatches, limit) >= -log(alpha) - CERTAIN:
        return Gate("mismatch", Verdict.PASSED, said, figures, 0.0)
    rate = test.mismatches / test.n if test.n else 0.0
    likely = rate if rate < limit else 0.0
    needed = observations_needed(test.n, test.mismatches, limit, alpha, likely)
    wait = _wait(window, needed, now) if rate < limit else None
    if not test.n:
        text = f"nothing compared yet: needs {needed} distinct requests"
        return Gate("mismatch", Verdict.NO_DATA, text, figures, wait)
    agreeing = " that agree" if rate >= limit else ""
    text = f"{said}: needs {needed} more distinct requests{agreeing}{_when(window, wait, now)}"
    return Gate("mismatch", Verdict.OPEN, text, figures, wait)


def _per_second(window: Window, now: float) -> float | None:
    """New distinct keys a second, lately; None while it is too early to say."""
    if not window.marks:
        return None
    since, before = window.marks[0]
    seconds = now - since
    return (window.mismatch.n - before) / seconds if seconds >= 2.0 * window.thresholds.block else None


def _wait(window: Window, needed: int | None, now: float) -> float | None:
    rate = _per_second(window, now)
    return None if needed is None or not rate else needed / rate


def _when(window: Window, wait: float | None, now: float) -> str:
    """How long that takes at the present rate; what to do where it would take for ever."""
    rate = _per_second(window, now)
    advice = "; loosen the limit, widen the endpoint, or approve by hand"
    if rate == 0.0:
        return f", and no new one came for {duration(now - window.marks[0][0])}{advice}"
    if wait is None or rate is None:
        return ""
    if wait <= DAY:
        return f", about {duration(wait)} at this rate"
    return f", and this endpoint shows about {rate * DAY:.0f} distinct ones a day{advice}"


def share(name: str, words: str, test: ShareTest, window: Window, promote: float | None, back: float | None) -> Gate:
    """The share that fails, by time block and betting (statistics §4, dependent blocks)."""
    figures: dict[str, float | int | None] = {
        "asked": test.asked, "failed": test.failed, "blocks": test.blocks, "limit": promote, "roll_back": back,
        "outage_failed": test.outage_failed,
    }  # fmt: skip
    said = f"{test.failed} of {test.asked} {words}"
    if test.outage_blocks:
        said += f" (outages apart: {test.outage_failed} of {test.outage_asked})"
    if back is not None and test.log_roll_back >= -log(window.limits.alpha_roll_back):
        return Gate(name, Verdict.BREACHED, f"{said}; proven above {percentage(back)}", figures)
    capital = test.promote
    if promote is None or capital is None:
        return removed(name)
    if not test.blocks and test.outage_blocks:
        return Gate(name, Verdict.NO_DATA, f"{said}: nothing but outages yet", figures)
    said += f" (limit {percentage(promote)})"
    if not test.blocks:
        return Gate(name, Verdict.NO_DATA, f"{said}: no time block is over yet", figures)
    if capital.log_value >= -log(window.limits.alpha_promote) - CERTAIN:
        return Gate(name, Verdict.PASSED, said, figures, 0.0)
    return _betting(name, said, capital, window, figures)


def _betting(
    name: str, said: str, capital: Capital, window: Window, figures: Mapping[str, float | int | None]
) -> Gate:
    more = capital.more_blocks()
    if more is None:
        return Gate(name, Verdict.OPEN, f"{said}: too many to be proven below it", figures)
    wait = more * window.thresholds.block
    text = f"{said}: needs {more} more clean blocks of {duration(window.thresholds.block)}"
    return Gate(name, Verdict.OPEN, text, figures, wait)


def latency(window: Window, name: str) -> Gate:
    """One quantile's ratio: one sign a block (statistics §5); the interval shown is unpaired and exact."""
    tests = {limit.promote: (limit, window.signs[at]) for at, limit in enumerate(window.limits.latency)
             if limit.name == name}  # fmt: skip
    figures, said = _ratio(window, name)
    gate = f"latency {name}"
    if False in tests:
        limit, back = tests[False]
        figures |= {"roll_back": limit.ratio, "roll_back_good": back.good, "roll_back_bad": back.bad}
        if back.log_roll_back >= -log(window.limits.alpha_roll_back):
            return Gate(gate, Verdict.BREACHED, f"{said}; proven above {limit.ratio:.2f}", figures)
    if True not in tests:
        return removed(gate)
    limit, test = tests[True]
    said += f", limit {limit.ratio:.2f}"
    figures |= {"limit": limit.ratio, "good_blocks": test.good, "bad_blocks": test.bad}
    if figures["ratio"] is None:
        return Gate(gate, Verdict.NO_DATA, f"{said}: no pair of answers yet", figures)
    if log_sign_promote(test.bad, test.good) >= -log(window.limits.alpha_promote) - CERTAIN:
        return Gate(gate, Verdict.PASSED, said, figures, 0.0)
    if test.bad > test.good and test.bad + test.good >= 3:
        text = f"{said}: slower than that in {test.bad} of {test.bad + test.good} blocks"
        return Gate(gate, Verdict.OPEN, text, figures)
    return _signs(window, gate, said, figures, test)


def _ratio(window: Window, name: str) -> tuple[Figures, str]:
    """The measured ratio with its interval, as figures and in words; the figure is None without pairs."""
    tau = TAUS[name]
    interval = ratio_interval(window.candidate, window.legacy, tau, window.thresholds.promote_when.alpha)
    ours, theirs = window.legacy.quantile(tau), window.candidate.quantile(tau)
    low = None if isinf(interval.low) else interval.low
    figures: Figures = {"ratio": None, "low": low, "high": interval.high}
    if not ours or theirs is None or isinf(ours):
        return figures, f"{name} not known"
    ratio = theirs / ours
    figures["ratio"] = FAR if isinf(ratio) else ratio
    words = "over any limit: most meet their deadline" if isinf(ratio) else f"{ratio:.2f} times legacy's"
    high = "∞" if interval.high is None else f"{interval.high:.2f}"
    return figures, f"{name} {words} ({interval.low:.2f} to {high})"


def _signs(window: Window, gate: str, said: str, figures: Figures, test: SignTest) -> Gate:
    block = window.thresholds.block
    more = signs_needed(test.bad, test.good, window.limits.alpha_promote)
    text = f"{said}: needs {more} more good blocks of {duration(block)}"
    if not window.reference.quantiles(TAUS):
        text += f", and {window.reference.samples} of {WARM_UP} samples of legacy are there to begin with"
        return Gate(gate, Verdict.OPEN, text, figures)
    blocks = max(window.errors.blocks, 1)
    signs = test.bad + test.good
    return Gate(gate, Verdict.OPEN, text, figures, more * block * (blocks / signs if signs else 1.0))


def lag(window: Window) -> Gate:
    """How long the candidate takes to agree after a write; no lag seen is a pass."""
    limit = window.thresholds.promote_when.lag_p99
    value = window.lags.quantile(0.99)
    if limit is None:
        return removed("lag")
    if value is None:
        return Gate("lag", Verdict.PASSED, "no lag seen", {"p99": None, "limit": limit}, 0.0)
    text = f"p99 {value:.1f} s over {window.lags.size} rechecks that agreed, limit {limit:g} s"
    figures = {"p99": value, "limit": limit, "seen": window.lags.size}
    good = value <= limit
    return Gate("lag", Verdict.PASSED if good else Verdict.OPEN, text, figures, 0.0 if good else None)


def at_least(name: str, words: str, part: int, whole: int, limit: float | None, *, empty: str) -> Gate:
    """A share that must be reached: compared, eligible, covered shapes."""
    if limit is None:
        return removed(name)
    if not whole:
        return Gate(name, Verdict.NO_DATA, empty, {"part": part, "whole": whole, "limit": limit})
    found = part / whole
    text = f"{part} of {whole} {words}, {percentage(found)} (at least {percentage(limit)})"
    figures = {"part": part, "whole": whole, "limit": limit}
    good = found >= limit
    return Gate(name, Verdict.PASSED if good else Verdict.OPEN, text, figures, 0.0 if good else None)


def compared(window: Window) -> Gate:
    """Of the eligible exchanges that should have been compared, how many were; those lost on the way count as not.

    What was not asked because of an open breaker is not lost: an outage is dealt with by the breaker's rule, and
    five seconds of it would otherwise take twenty times as long to outweigh.
    """
    tallies = window.tallies
    missing = sum(times for reason, times in tallies.missing.items() if reason != BREAKER)
    whole = tallies.pairs - len(window.suspects) + missing
    verdicts = sum(tallies.verdicts.values())
    limit = window.thresholds.promote_when.compared_at_least
    return at_least(
        "compared", "eligible exchanges have a verdict", min(verdicts, max(whole, 0)), max(whole, 0), limit,
        empty="nothing to compare yet",
    )  # fmt: skip


def eligible(window: Window) -> Gate:
    """Requests that the candidate can answer comparably, of all that it was asked."""
    tallies = window.tallies
    declined = sum(tallies.declined.values()) + sum(tallies.not_comparable.values())
    limit = window.thresholds.promote_when.eligible_at_least
    return at_least(
        "eligible", "requests can be answered comparably", max(tallies.seen - declined, 0), tallies.seen, limit,
        empty="no request yet",
    )  # fmt: skip


def shapes(window: Window) -> Gate:
    """Requests whose query shape has been compared at least once in this window."""
    known = window.tallies.shapes.values()
    covered = sum(shape.seen for shape in known if shape.compared)
    limit = window.thresholds.promote_when.shapes_at_least
    return at_least(
        "shapes", "requests have a query shape that was compared", covered, sum(shape.seen for shape in known), limit,
        empty="no request yet",
    )  # fmt: skip


def served(window: Window) -> Gate:
    """Whether the candidate serves about what the percent says, fallbacks included."""
    limit = window.thresholds.promote_when.served_at_least
    if limit is None:
        return removed("served")
    if window.percent == 0:
        return Gate("served", Verdict.PASSED, "nothing is to be served by the candidate at 0 %", wait=0.0)
    counts = dict(window.tallies.served)
    for side, number in window.tallies.reported.items():
        counts[side] = counts.get(side, 0) + number
    whole = sum(counts.values())
    if not whole:
        return Gate("served", Verdict.NO_DATA, "no request yet")
    found = counts.get(Side.CANDIDATE.value, 0) / whole
    wanted = window.percent / 10_000 * limit
    text = f"the candidate served {percentage(found)} of the requests at {written(window.percent)}"
    good = found >= wanted
    if not good:
        text += f", less than {percentage(wanted)}: fallbacks, writers and declined requests go to legacy"
    figures = {"share": found, "wanted": wanted}
    return Gate("served", Verdict.PASSED if good else Verdict.OPEN, text, figures, 0.0 if good else None)
