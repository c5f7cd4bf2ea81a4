"""What requests have left behind in the reference legacy's database: activity rows, credits, and keys of effects."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from lab import people
from tests.support.reference import Reference

PATIENCE = 15.0
USER = people.user_uuid(1)
"""Whose requests are counted; they pay."""


class Made(NamedTuple):
    """Rows of `user_activities` and credits taken, of USER."""

    activities: int
    credits: int

    def __sub__(self, before: Made) -> tuple[int, int]:
        return self.activities - before.activities, self.credits - before.credits


async def made(legacy: Reference) -> Made:
    """What there is by now."""
    found = await legacy.row(
        """SELECT (SELECT count(*) FROM user_activities WHERE user_id = $1) AS activities,
                  (SELECT credits FROM user_profiles WHERE user_id = $1) AS credits""",
        USER,
    )
    return Made(found["activities"], -(found["credits"] or 0))


async def keys(legacy: Reference) -> list[str]:
    """The keys under which effects were made."""
    rows = await legacy.server.lab.pool.fetch("SELECT key FROM crossfade_effects ORDER BY made_at")
    return [row["key"] for row in rows]


async def waiting(legacy: Reference, number: int) -> None:
    """Returns when this many sessions of legacy's database wait for a lock."""
    query = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    async with asyncio.timeout(PATIENCE):
        while await legacy.server.lab.pool.fetchval(query) < number:
            await asyncio.sleep(0.01)
