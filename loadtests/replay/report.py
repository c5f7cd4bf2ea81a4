"""What a replay says, in words and figures."""

from __future__ import annotations

from collections import Counter
from statistics import median

from comparators.verdict import Outcome
from loadtests.replay.asking import Tally
from loadtests.replay.differences import ROWS, Occurred

SHOWN = 20
ENOUGH = 50_000
"""Requests among which every known difference is expected."""


def printed(tally: Tally) -> str:
    """The table by endpoint, the rules that were needed, why requests were declined, and what is wrong."""
    lines = [f"{'endpoint':28}{'asked':>8}{'declined':>10}{'match':>8}{'accepted':>10}{'wrong':>7}   legacy   gateway"]
    for name in sorted(tally.asked):
        verdicts = {what: count for (of, what), count in tally.verdicts.items() if of == name}
        declined = sum(count for (of, _), count in tally.declined.items() if of == name)
        wrong = sum(1 for one in tally.bad if one.question.endpoint == name)
        lines.append(
            f"{name:28}{tally.asked[name]:>8,}{declined:>10,}{verdicts.get(Outcome.MATCH, 0):>8,}"
            f"{verdicts.get(Outcome.ACCEPTED, 0):>10,}{wrong:>7,}{_median(tally.seconds.get(name, []))}"
        )
    lines += ["", "rules that were needed:"]
    lines += [f"  {count:>9,}  {name}" for name, count in tally.rules.most_common()]
    reasons: Counter[str] = Counter()
    for (_, why), count in tally.declined.items():
        reasons[why] += count
    lines += ["", "declined:"]
    lines += [f"  {count:>9,}  {why}" for why, count in reasons.most_common()]
    for one in tally.bad[:SHOWN]:
        lines += ["", f"WRONG {one.question.method} {one.question.target} {(one.question.body or b'').decode()}"]
        lines.append(f"  {one.legacy.status} and {one.candidate.status}")
        for change in one.verdict.changes[:5] if one.verdict else ():
            lines.append(f"  {change.path} {change.kind}: {str(change.legacy)[:100]} / {str(change.candidate)[:100]}")
    return "\n".join(lines)


def of_rows(occurred: Occurred) -> str:
    """Of each known difference (docs/differences.md) how often it was seen, or why it can not be seen."""
    lines = ["", "known differences (legacy-api.md, section 10):"]
    for number, row in ROWS.items():
        if row.signs:
            count, note = f"{occurred.rows[number]:>9,}", "" if occurred.rows[number] else "did not occur"
        else:
            count, note = f"{'-':>9}", row.why
        lines.append(f"  D-{number:02} {count}  {row.treatment.value:16}{note}".rstrip())
    absent = ", ".join(f"D-{number:02}" for number in occurred.absent())
    lines.append(f"  did not occur: {absent}" if absent else "  every row that can occur did")
    return "\n".join(lines)


def failed(tally: Tally, occurred: Occurred) -> bool:
    """Whether an answer was not legacy's, or one of many requests should have shown a difference and none did."""
    return bool(tally.bad) or (tally.asked.total() >= ENOUGH and bool(occurred.absent()))


def _median(seconds: list[tuple[float, float]]) -> str:
    """Median milliseconds of both sides, of requests that both answered."""
    if not seconds:
        return ""
    legacy, candidate = (median(one[at] for one in seconds) * 1000 for at in (0, 1))
    return f"{legacy:>6.1f} ms{candidate:>7.1f} ms"
