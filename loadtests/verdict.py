"""The 20 % verdict from samples: for each endpoint, the candidate's quantile over legacy's, with an interval. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from rollout.quantiles import Sketch, ratio_interval

LIMIT = 1.20
ALPHA = 0.05
TAUS = {"p50": 0.50, "p95": 0.95}
GOOD, BAD, OPEN = "at most 20 % slower", "slower than allowed", "not enough evidence"


@dataclass(frozen=True, slots=True)
class Measured:
    """One endpoint at one quantile, in seconds.

    `high` is None while nothing bounds the ratio; `proxy` is legacy through us.
    """

    endpoint: str
    quantile: str
    samples: int
    legacy: float
    proxy: float | None
    candidate: float
    ratio: float
    low: float
    high: float | None
    verdict: str


def measured(samples: Mapping[str, Mapping[str, Iterable[float]]]) -> list[Measured]:
    """The table's rows from seconds by target (`legacy`, `proxy`, `candidate`) and endpoint.

    An endpoint that one side lacks is left out.
    """
    sketches = {
        target: {name: _sketch(values) for name, values in by_name.items()} for target, by_name in samples.items()
    }
    found = []
    for name in sorted(set(sketches["legacy"]) & set(sketches["candidate"])):
        for quantile, tau in TAUS.items():
            found.append(_one(name, quantile, tau, sketches))
    return found


def _one(name: str, quantile: str, tau: float, sketches: Mapping[str, Mapping[str, Sketch]]) -> Measured:
    legacy, candidate = sketches["legacy"][name], sketches["candidate"][name]
    through = sketches.get("proxy", {}).get(name)
    interval = ratio_interval(candidate, legacy, tau, ALPHA)
    high = interval.high
    verdict = GOOD if high is not None and high <= LIMIT else BAD if interval.low > LIMIT else OPEN
    one, other = legacy.quantile(tau) or 0.0, candidate.quantile(tau) or 0.0
    return Measured(
        name,
        quantile,
        min(legacy.size, candidate.size),
        one,
        through.quantile(tau) if through else None,
        other,
        other / one if one else 0.0,
        interval.low,
        high,
        verdict,
    )


def _sketch(values: Iterable[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def exit_code(found: Iterable[Measured]) -> int:
    """0: all within the limit; 1: one is not; 2: the evidence does not suffice (none at all included)."""
    verdicts = {one.verdict for one in found}
    return 1 if BAD in verdicts else 0 if verdicts == {GOOD} else 2


def rows(found: Iterable[Measured]) -> list[list[str]]:
    """The table for people: a heading and a row each."""
    heading = ["endpoint", "quantile", "pairs", "legacy", "through proxy", "candidate", "ratio", "interval", "verdict"]
    return [heading, *([*_cells(one)] for one in found)]


def _cells(one: Measured) -> list[str]:
    high = "∞" if one.high is None else f"{one.high:.2f}"
    through = "" if one.proxy is None else f"{one.proxy * 1e3:.1f} ms"
    return [
        one.endpoint,
        one.quantile,
        str(one.samples),
        f"{one.legacy * 1e3:.1f} ms",
        through,
        f"{one.candidate * 1e3:.1f} ms",
        f"{one.ratio:.2f}",
        f"{one.low:.2f} to {high}",
        one.verdict,
    ]


def as_json(found: Iterable[Measured]) -> list[dict[str, object]]:
    """For machines."""
    return [asdict(one) for one in found]


def as_html(found: Iterable[Measured], note: str) -> str:
    """One page without anything from elsewhere."""
    heading, *body = rows(found)
    cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in heading)
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    style = "body{font:14px sans-serif;margin:2em}td,th{padding:.3em .8em;border-bottom:1px solid #ccc;text-align:left}"
    title = "Is the candidate at most 20 % slower?"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{style}</style>"
        f"<h1>{title}</h1><p>{html.escape(note)}</p><table><tr>{cells}</tr>{lines}</table></html>\n"
    )
