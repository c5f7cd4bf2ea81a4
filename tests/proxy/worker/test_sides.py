"""What asking the candidate leaves behind: the breaker's probe, and the time-out in force."""

from __future__ import annotations

import asyncio

import pytest

from proxy.spooling import Keep
from proxy.worker.asking import into
from proxy.worker.sides import Setting, Sides
from proxy.worker.upstream import Head
from rollout.breaker import Breaker, Standing
from rollout.model import Upstream
from tests.support.backends import BlackHole
from tests.support.tables import route, table

PATIENCE = 10.0


@pytest.fixture
def sides() -> Sides:
    return Sides(Setting(0, 1, b"t", b"s"), lambda _: None, lambda: 0.0)


async def test_a_probe_whose_client_leaves_makes_room_for_the_next(sides: Sides) -> None:
    sides._breakers["candidate"] = Breaker(Standing.HALF_OPEN)
    async with BlackHole() as hole, asyncio.TaskGroup() as group:
        head, read = Head("GET", "/", [(b"Host", b"h")]), into(Keep(None, 1), candidate=True)
        asking = sides.ask_candidate(
            route(), table(candidate=hole.url), head, b"", deadline=PATIENCE, purpose="client", read=read
        )
        probe = group.create_task(asking)
        async with asyncio.timeout(PATIENCE):
            await hole.arrived.wait()
        assert sides.open("candidate")
        probe.cancel()
    assert not sides.open("candidate")


def test_a_time_out_that_was_edited_is_in_force(sides: Sides) -> None:
    sides.pool(Upstream("http://a", 1.0), "client")
    assert sides.pool(Upstream("http://a", 9.0), "client").timeout == 9.0
