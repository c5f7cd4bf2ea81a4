"""Metrics and health over HTTP, apart from control: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def make_app(metrics: Callable[[], bytes], health: Callable[[], Mapping[str, Any]]) -> web.Application:
    """`GET /metrics` for Prometheus and `GET /health`: 200 while clients are served as configured, 503 when not."""
    app = web.Application()

    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": TEXT})

    async def show_health(_request: web.Request) -> web.Response:
        found = health()
        status = 200 if found["status"] != "failing" else 503
        return web.Response(status=status, body=orjson.dumps(found), content_type="application/json")

    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/health", show_health)
    return app
