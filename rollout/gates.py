"""The gates of the judge, each a value: how it stands, and that in words with figures.

The formulas are in rollout.bounds, betting and quantiles. A gate without data is no pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import log

from rollout.betting import Capital
from rollout.blocks import ShareTest, SignTest
from rollout.bounds import log_promote, log_sign_promote, observations_needed, signs_needed
from rollout.evidence import Window
from rollout.ladder import written
from rollout.limits import TAUS, LatencyLimit
from rollout.quantiles import ratio_interval
from rollout.sides import Side

CERTAIN = 1e-12


class Verdict(IntEnum):
    """How a gate stands, the worst last: the worst of all gates decides."""

    PASSED = 0
    REMOVED = 1
    OPEN = 2
    NO_DATA = 3
    BREACHED = 4


WORDS = {
    Verdict.PASSED: "passed",
    Verdict.REMOVED: "removed",
    Verdict.OPEN: "open",
    Verdict.NO_DATA: "no data",
    Verdict.BREACHED: "breached",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition. `wait` is about how many seconds it needs yet, None when nobody can tell."""

    name: str
    verdict: Verdict
    text: str
    figures: Mapping[str, float | int | None] = field(default_factory=dict)
    wait: float | None = None

    @property
    def standing(self) -> str:
        """The verdict in a word."""
        return WORDS[self.verdict]


def removed(name: str) -> Gate:
    """A gate that the operator has taken out."""
    return Gate(name, Verdict.REMOVED, f"{name}: removed by the operator", wait=0.0)


def percentage(share: float) -> str:
    """0.0073 → `0.73 %`."""
    return f"{share * 100:.3g} %"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"


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
    needed = observations_needed(test.n, test.mismatches, limit, alpha, min(rate, limit * 0.5))
    if rate >= limit and test.n:
        return Gate("mismatch", Verdict.OPEN, f"{said}: too many differ to be proven below it", figures)
    wait = _wait(window, needed, now)
    if not test.n:
        text = f"nothing compared yet: needs {needed} distinct requests"
        return Gate("mismatch", Verdict.NO_DATA, text, figures, wait)
    about = "" if wait is None else f", about {duration(wait)} at this rate"
    text = f"{said}: needs {needed} more distinct requests{about}"
    if wait is not None and wait > 86_400:
        text += "; loosen the limit, widen the endpoint, or approve by hand"
    return Gate("mismatch", Verdict.OPEN, text, figures, wait)


def _wait(window: Window, needed: int | None, now: float) -> float | None:
    if needed is None or not window.marks:
        return None
    since, before = window.marks[0]
    seconds, keys = now - since, window.mismatch.n - before
    return None if seconds <= 0 or keys <= 0 else needed * seconds / keys


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


def latency(window: Window, at: int, limit: LatencyLimit) -> Gate:
    """One quantile's ratio: one sign a block (statistics §5); the interval shown is unpaired and exact."""
    test: SignTest = window.signs[at]
    tau = TAUS[limit.name]
    interval = ratio_interval(window.candidate, window.legacy, tau, window.thresholds.promote_when.alpha)
    ours, theirs = window.legacy.quantile(tau), window.candidate.quantile(tau)
    ratio = theirs / ours if ours and theirs is not None else None
    figures = {
        "ratio": ratio, "low": interval.low, "high": interval.high, "limit": limit.ratio,
        "good_blocks": test.good, "bad_blocks": test.bad,
    }  # fmt: skip
    name = f"latency {limit.name}"
    if ratio is None:
        return Gate(name, Verdict.NO_DATA, f"{limit.name}: no pair of answers yet", figures)
    high = "∞" if interval.high is None else f"{interval.high:.2f}"
    said = f"{limit.name} {ratio:.2f} times legacy's ({interval.low:.2f} to {high}), limit {limit.ratio:.2f}"
    if not limit.promote:
        breached = test.log_roll_back >= -log(window.limits.alpha_roll_back)
        return Gate(name, Verdict.BREACHED if breached else Verdict.PASSED, said, figures, 0.0)
    if log_sign_promote(test.bad, test.good) >= -log(window.limits.alpha_promote) - CERTAIN:
        return Gate(name, Verdict.PASSED, said, figures, 0.0)
    if test.bad > test.good and test.bad + test.good >= 3:
        text = f"{said}: slower than that in {test.bad} of {test.bad + test.good} blocks"
        return Gate(name, Verdict.OPEN, text, figures)
    more = signs_needed(test.bad, test.good, window.limits.alpha_promote)
    text = f"{said}: needs {more} more good blocks of {duration(window.thresholds.block)}"
    if not window.reference.quantiles(TAUS):
        text += f", and {window.reference.samples} of 2000 samples of legacy are there to begin with"
    return Gate(name, Verdict.OPEN, text, figures, more * window.thresholds.block)


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
    """Of the eligible exchanges that should have been compared, how many were; those lost on the way count as not."""
    tallies = window.tallies
    missing = sum(tallies.missing.values())
    failed = sum(tallies.failures.values()) + sum(tallies.excluded.get(name, 0) for name in ("legacy failed",))
    declined = sum(tallies.declined.values())
    waiting = len(window.suspects)
    whole = tallies.seen - declined - failed - waiting + missing
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
        return Gate("served", Verdict.PASSED, "nothing is to be served at 0 %", wait=0.0)
    counts = dict(window.tallies.served)
    for side, number in window.tallies.reported.items():
        counts[side] = counts.get(side, 0) + number
    whole = sum(counts.values())
    if not whole:
        return Gate("served", Verdict.NO_DATA, "no request yet")
    found = counts.get(Side.CANDIDATE.value, 0) / whole
    wanted = window.percent / 10_000 * limit
    text = f"the candidate served {percentage(found)} at {written(window.percent)}"
    good = found >= wanted
    figures = {"share": found, "wanted": wanted}
    return Gate("served", Verdict.PASSED if good else Verdict.OPEN, text, figures, 0.0 if good else None)


