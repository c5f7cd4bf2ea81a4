"""Whatever is asked: the gateway gives what legacy gives out of the same rows, or declines and says why."""

from __future__ import annotations

import pytest

from tests.support.replay import both


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_generated_request_is_answered_wrongly(dsn: str, seed: int) -> None:
    async with both(dsn) as sides:
        tally = await sides.ask(sides.questions(500, seed))
    assert [(one.question.target, one.verdict) for one in tally.bad] == []
    assert len(tally.asked) >= 13
    assert sum(tally.verdicts.values()) > 150
