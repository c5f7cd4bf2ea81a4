"""What an edit of the file changes in an endpoint's evidence: which gates were removed or loosened, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from rollout.model import Endpoint
from rollout.thresholds import PromoteWhen, RollBackWhen

AT_LEAST = "_at_least"


def ruled_by(endpoint: Endpoint) -> tuple[object, ...]:
    """What the evidence was gathered for and against: when it changes, the evidence starts anew."""
    matched = (endpoint.method, endpoint.template, endpoint.candidate)
    return (*matched, endpoint.rules, endpoint.thresholds, endpoint.ladder)


def loosened(before: Endpoint, after: Endpoint) -> tuple[str, ...]:
    """One text that names every gate that is gone or wider than before; empty if there is none."""
    found = [
        *_wider("promote_when", before.thresholds.promote_when, after.thresholds.promote_when),
        *_wider("roll_back_when", before.thresholds.roll_back_when, after.thresholds.roll_back_when),
    ]
    return (", ".join(found),) if found else ()


def _wider(
    where: str, before: PromoteWhen | RollBackWhen, after: PromoteWhen | RollBackWhen
) -> Iterator[str]:
    """A roll-back's alpha is wider when it is smaller: less happens by chance, and less is caught."""
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old is None or old == new:
            continue
        if new is None:
            yield f"{where}.{field.name} is removed"
            continue
        downwards = field.name.endswith(AT_LEAST) or (field.name == "alpha" and where == "roll_back_when")
        if (new < old) if downwards else (new > old):
            yield f"{where}.{field.name} is loosened from {old:g} to {new:g}"
