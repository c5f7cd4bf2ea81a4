"""A backend for measurements: answers at once, after a while, never, or with as many bytes as asked for.

`GET /item/N` 2 KB of JSON after `--delay` milliseconds (negative: never); `GET /bytes/N` N bytes; `POST /sink` reads
the body and says how long it was.
"""

from __future__ import annotations

import argparse
import asyncio
import json

import uvloop
from aiohttp import web

PIECE = b"\0" * (1 << 16)
ITEM = json.dumps({"uuid": "c1", "text": "x" * 1900, "number": 7}).encode()


def application(delay: float) -> web.Application:
    """`delay` in seconds; negative is for ever."""

    async def item(_request: web.Request) -> web.Response:
        if delay < 0:
            await asyncio.Event().wait()
        if delay > 0:
            await asyncio.sleep(delay)
        return web.Response(body=ITEM, content_type="application/json")

    async def many(request: web.Request) -> web.StreamResponse:
        left = int(request.match_info["number"])
        response = web.StreamResponse()
        response.content_length = left
        await response.prepare(request)
        while left > 0:
            await response.write(PIECE[: min(left, len(PIECE))])
            left -= len(PIECE)
        await response.write_eof()
        return response

    async def sink(request: web.Request) -> web.Response:
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        return web.json_response({"size": size})

    made = web.Application(client_max_size=1 << 40)
    made.add_routes([web.get("/item/{key}", item), web.get("/bytes/{number}", many), web.post("/sink", sink)])
    return made


def main() -> None:
    """Serves on loopback until ended."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.micro.backend", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="milliseconds; negative: never")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(arguments.port, arguments.delay / 1000.0))


async def _serve(port: int, delay: float) -> None:
    runner = web.AppRunner(application(delay), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
