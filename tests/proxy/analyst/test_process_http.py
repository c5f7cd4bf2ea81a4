"""Metrics and health as Prometheus and a load balancer ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from proxy.analyst.process_http import make_app


@asynccontextmanager
async def asking(status: str) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(make_app(lambda: b"crossfade_workers 2.0\n", lambda: {"status": status}))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


async def test_metrics_come_as_prometheus_reads_them() -> None:
    async with asking("ok") as session, session.get("/metrics") as answer:
        told = answer.headers["Content-Type"]
        assert (await answer.text(), told) == (
            "crossfade_workers 2.0\n",
            "text/plain; version=0.0.4; charset=utf-8",
        )


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("degraded", 200), ("failing", 503)])
async def test_health_fails_only_while_nobody_forwards_as_configured(status: str, code: int) -> None:
    async with asking(status) as session, session.get("/health") as answer:
        assert (answer.status, await answer.json()) == (code, {"status": status})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/metrics", "/health"])
async def test_nothing_can_be_changed_here(method: str, path: str) -> None:
    async with asking("ok") as session, session.request(method, path) as answer:
        assert answer.status == 405
