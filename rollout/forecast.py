"""What a climb costs if all is well: distinct requests, time blocks and seconds for each rung, and what takes longest.

An estimate for people who choose ladders and limits, made from the same formulas as the gates. Nothing decides by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p

from rollout.betting import clean_blocks
from rollout.blocks import DISCORDANT_AT_LEAST
from rollout.bounds import alpha_of_window, observations_needed, signs_needed
from rollout.evidence import GRACE
from rollout.ladder import next_rung
from rollout.states import Climb
from rollout.tallies import WARM_UP
from rollout.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Pace:
    """An endpoint's traffic: compared requests a second, and how many distinct ones there are in all.

    `discordant` is the share of pairs on which the rarest latency gate decides: about 5 % at p95.
    """

    rate: float
    keys: int
    discordant: float = 0.05


@dataclass(frozen=True, slots=True)
class RungForecast:
    """The price of leaving `percent` (hundredths) in evidence window `window`.

    `seconds` is None, and `longest` says why, where the endpoint can not get there.
    """

    percent: int
    window: int
    keys: int
    signs: int
    error_blocks: int
    fallback_blocks: int
    seconds: float | None
    longest: str


def forecast(thresholds: Thresholds, climb: Climb, pace: Pace, window: int = 1) -> tuple[RungForecast, ...]:
    """One price a rung from 0 %, the last rung's own proof included; evidence windows are numbered from `window`."""
    found = list[RungForecast]()
    percent: int | None = 0
    while percent is not None:
        found.append(_rung(thresholds, climb, pace, percent, window + len(found), warm=bool(found)))
        percent = next_rung(climb.ladder, percent)
    return tuple(found)


def _rung(
    thresholds: Thresholds, climb: Climb, pace: Pace, percent: int, window: int, *, warm: bool
) -> RungForecast:
    promote, block = thresholds.promote_when, thresholds.block
    alpha = alpha_of_window(promote.alpha, window)
    rate = promote.mismatch_rate
    keys = 0 if rate is None else observations_needed(0, 0, rate, alpha) or 0
    timed = promote.latency_p50 is not None or promote.latency_p95 is not None
    signs = signs_needed(0, 0, alpha) if timed else 0
    errors = 0 if promote.error_rate is None else clean_blocks(promote.error_rate, alpha)
    fallbacks = 0 if promote.fallback_rate is None or not percent else clean_blocks(promote.fallback_rate, alpha)
    times: dict[str, float | None] = {
        "bake": climb.bake,
        "mismatch": seconds_for(keys, pace),
        "latency": signs * _sign(pace, block) + (0.0 if warm or not timed else WARM_UP / pace.rate),
        "error": errors * block,
        "fallback": fallbacks * block,
    }
    never = [name for name, seconds in times.items() if seconds is None]
    longest = never[0] if never else max(times, key=lambda name: times[name] or 0.0)
    least = times[longest]
    seconds = None if least is None else least + (GRACE + block if longest != "bake" else 0.0)
    return RungForecast(percent, window, keys, signs, errors, fallbacks, seconds, longest)


def seconds_for(keys: int, pace: Pace) -> float | None:
    """How long until `keys` distinct requests of `pace.keys`, all asked for alike, have come; None: never."""
    if keys >= pace.keys:
        return None
    return -pace.keys / pace.rate * log1p(-keys / pace.keys)


def _sign(pace: Pace, block: float) -> float:
    """Seconds a sign: a block, or as many as it takes to find enough discordant pairs."""
    return max(block, DISCORDANT_AT_LEAST / (pace.rate * pace.discordant))
