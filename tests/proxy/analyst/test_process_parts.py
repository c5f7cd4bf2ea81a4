"""The judge put beside what surrounds an endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxy.analyst.process_comparing import Comparing
from proxy.analyst.process_parts import comparing, judging, proving
from proxy.analyst.state import Standing, fresh_window
from proxy.settings import Paths
from rollout.judge import replay
from rollout.states import EndpointState, EventKind
from tests.support.changes import NOW
from tests.support.endpoints import config, endpoint


def standing(name: str = "contact", **given: Any) -> Standing:
    made, state = endpoint(name, **given), EndpointState.initial(0, NOW)
    return Standing(made, state, fresh_window(made, state, NOW, 2))


def test_without_evidence_the_word_is_hold() -> None:
    one = standing()
    assert judging(one, {"contact": one}, NOW + 3600).kind is EventKind.HOLD


def gate(ruling: Any, name: str) -> str:
    return next(str(one.text) for one in ruling.gates if one.name == name)


def test_an_earlier_phase_holds_a_later_one() -> None:
    first, later = standing("contact", phase="single-record"), standing("contacts", phase="lists")
    others = {"contact": first, "contacts": later}
    assert "single-record" in gate(judging(later, others, NOW), "phase")
    assert "single-record" not in gate(judging(first, others, NOW), "phase")


@pytest.mark.parametrize("given", [{"auto": False}, {"effects": True}], ids=["not automatic", "effects"])
def test_what_only_people_promote_is_held_by_the_judge(given: dict[str, Any]) -> None:
    one, plain = standing(**given), standing()
    assert judging(one, {"contact": one}, NOW).kind is EventKind.HOLD
    assert judging(one, {"contact": one}, NOW).reason != judging(plain, {"contact": plain}, NOW).reason


def test_a_ruling_can_be_replayed_from_its_evidence() -> None:
    one = standing()
    again, said = replay(proving(one, NOW + 60)), judging(one, {"contact": one}, NOW + 60)
    assert (again.kind, again.reason) == (said.kind, said.reason)


def test_comparing_is_made_for_a_state_folder(tmp_path: Path) -> None:
    assert isinstance(comparing(config(), Paths(tmp_path), b"secret"), Comparing)
