"""What a request leaves behind in the accounts: credits and activity rows (contract §6.11, §7.1)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from lab.legacy.http import Call

log = logging.getLogger("lab.legacy.effects")

UNLIMITED_ROLES = ("SuperAdmin", "Admin")
"""Roles that are never charged. A role of NULL counts as FreeUser; who has no profile is not charged either."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of `user_activities`, before it is written."""

    service: str
    action: str
    request: Mapping[str, Any]
    count: int
    summary: Mapping[str, Any]
    status: str = "success"
    error: str | None = None


async def charge(pool: asyncpg.Pool[asyncpg.Record], user: str, amount: int) -> None:
    """Takes credits from a user whose role pays; the balance may become negative. A failure is swallowed."""
    try:
        await pool.execute(
            """UPDATE user_profiles SET credits = credits - $2, updated_at = now()
               WHERE user_id = $1 AND coalesce(role, 'FreeUser') <> ALL ($3::text[])""",
            user,
            amount,
            list(UNLIMITED_ROLES),
        )
    except asyncpg.PostgresError as error:
        log.warning("charging %d credits failed: %s", amount, error)


async def record(pool: asyncpg.Pool[asyncpg.Record], user: str, activity: Activity, call: Call) -> int | None:
    """Writes an activity row and returns its id; None when it can not be written, which the original swallows.

    A user id that is no UUID is such a case.
    """
    try:
        UUID(user)
        written = await pool.fetchval(
            """INSERT INTO user_activities (user_id, service_type, action_type, status, request_params,
                                            result_count, result_summary, error_message, ip_address, user_agent)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id""",
            user,
            activity.service,
            activity.action,
            activity.status,
            _json(activity.request),
            activity.count,
            _json(activity.summary),
            activity.error,
            client_address(call),
            call.headers.get("User-Agent"),
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        log.warning("an activity could not be recorded: %s", error)
        return None
    return int(written)


async def finish(
    pool: asyncpg.Pool[asyncpg.Record], activity: int, status: str, found: int, summary: Mapping[str, Any]
) -> None:
    """Completes the activity row of an export when its job is over."""
    await pool.execute(
        """UPDATE user_activities SET status = $2, result_count = $3, result_summary = $4, error_message = $5
           WHERE id = $1""",
        activity,
        status,
        found,
        _json(summary),
        summary.get("error"),
    )


def client_address(call: Call) -> str:
    """The first of X-Forwarded-For, else X-Real-IP, else the peer."""
    forwarded = call.headers.get("X-Forwarded-For", "")
    if forwarded:
        return forwarded.partition(",")[0].strip()
    return call.headers.get("X-Real-IP") or call.peer


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
