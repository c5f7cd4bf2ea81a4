"""Health and the few odd routes beside the API (contract §8)."""

from __future__ import annotations

from typing import Any

from lab.legacy.http import Answer, Call, Failure, ok
from lab.legacy.state import Lab

POOL_SIZE = 25
"""The original's pool; its overflow counts from minus this and is compared with 0, so that idleness is a warning."""
_SUPER_ONLY = "You do not have permission to perform this action. Super Admin role required."


async def alive(_lab: Lab, _call: Call) -> Answer:
    """GET /health and GET /api/v1/health/"""
    return ok({"status": "healthy", "environment": "development"})


async def database(lab: Lab, _call: Call) -> Answer:
    """GET /health/db"""
    size, idle = lab.pool.get_size(), lab.pool.get_idle_size()
    busy, overflow = size - idle, size - POOL_SIZE
    usage = busy / POOL_SIZE * 100
    status = "healthy" if usage < 70 and overflow == 0 else "warning" if usage < 90 and overflow < 3 else "critical"
    stats = {
        "size": POOL_SIZE,
        "checked_in": idle,
        "checked_out": busy,
        "overflow": overflow,
        "usage_percentage": usage,
        "total_checkouts": 0,
        "total_checkins": 0,
        "total_invalidated": 0,
        "wait_time_stats": {
            "avg_wait_time_seconds": 0.0,
            "max_wait_time_seconds": 0.0,
            "total_wait_time_seconds": 0.0,
            "samples": 0,
        },
        "health_status": status,
    }
    message = f"Pool usage: {usage:.1f}% ({busy}/{POOL_SIZE}), overflow: {overflow}, avg wait: 0.0ms"
    return ok({"status": status, "message": message, "stats": stats})


async def vql(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/health/vql, as the generation with flags answers it before any flag is on."""
    await lab.users.authenticate(call, lab.pool)
    answer: dict[str, Any] = {
        "connectra_enabled": False,
        "connectra_status": "unavailable",
        "connectra_base_url": "",
        "connectra_error": "Connectra is not enabled",
        "monitoring_available": False,
        "feature_flags": dict.fromkeys(
            (
                "CONNECTRA_ENABLED",
                "VQL_SINGLE_RECORD_RETRIEVAL",
                "VQL_COMPANY_CONTACTS",
                "VQL_EXPORTS",
                "VQL_LINKEDIN_SEARCH",
            ),
            False,
        ),
    }
    return ok(answer)


async def vql_stats(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/health/vql/stats: the original exposes no counters either."""
    await lab.users.authenticate(call, lab.pool)
    return ok({"message": "VQL statistics are not collected", "note": "See the monitoring middleware"})


async def performance(lab: Lab, call: Call) -> Answer:
    """GET /api/v1/health/performance/stats — for SuperAdmin."""
    user = await lab.users.authenticate(call, lab.pool)
    role = await lab.pool.fetchval("SELECT role FROM user_profiles WHERE user_id = $1", user.uuid)
    if role != "SuperAdmin":
        raise Failure(403, _SUPER_ONLY)
    return ok({"cache": {}, "slow_queries": [], "database": {}, "s3": {}, "endpoint_performance": {}})


async def root(_lab: Lab, _call: Call) -> Answer:
    """GET /api/v1/"""
    return ok({"name": "Contact360 API", "version": "0.1.0", "docs": "/docs"})


async def favicon(_lab: Lab, _call: Call) -> Answer:
    """GET /favicon.ico"""
    return Answer(204, content_type=None)


async def admin(_lab: Lab, _call: Call) -> Answer:
    """GET /admin/"""
    raise Failure(403, "Forbidden")
