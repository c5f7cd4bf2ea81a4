"""A proxy in front of a backend, with a candidate by URL: any legacy and candidate pair, no company's endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtests.demo.stage import Actor, accepts, free_port, python

FILE = """\
version: 1
legacy: {{url: "http://127.0.0.1:{legacy}", timeout: 30s}}
defaults:
  shadow: {shadow}
  budget: {{in_flight: 64, rate: 1000/s, body: 1MiB, deadline: 2s}}
phases:
  - name: all
    bake: 1h
    endpoints:
      item:
        match: GET /item/{{key}}
        candidate: "http://127.0.0.1:{candidate}"
        percent: 0
        auto: false
"""


@dataclass(frozen=True, slots=True)
class Rig:
    """What runs; `direct` and `url` are where legacy and the proxy listen."""

    direct: str
    url: str
    folder: Path
    serve: Actor


@asynccontextmanager
async def rig(
    folder: Path, *, candidate_delay: float | None, shadow: str = "100%", workers: int = 1
) -> AsyncIterator[Rig]:
    """`candidate_delay` in milliseconds; None: nobody listens there."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything is measured
    legacy_port, candidate_port, listen, metrics = (free_port() for _ in range(4))
    async with AsyncExitStack() as stack:
        legacy = Actor("backend", python("loadtests.micro.backend", "--port", str(legacy_port)), folder)
        await _start(stack, legacy, legacy_port)
        if candidate_delay is not None:
            command = python("loadtests.micro.backend", "--port", str(candidate_port), "--delay", str(candidate_delay))
            await _start(stack, Actor("candidate", command, folder), candidate_port)
        file = folder / "rollout.yaml"
        file.write_text(FILE.format(legacy=legacy_port, candidate=candidate_port, shadow=shadow))
        command = python(
            "proxy.cli", "serve", "--config", str(file), "--listen", f"127.0.0.1:{listen}", "--workers", str(workers),
            "--metrics", f"127.0.0.1:{metrics}", "--state", str(folder / "state"), "--log", "plain",
        )  # fmt: skip
        serve = Actor("serve", command, folder)
        await _start(stack, serve, listen)
        await asyncio.sleep(1.0)  # the analyst and the workers have found each other
        yield Rig(f"http://127.0.0.1:{legacy_port}", f"http://127.0.0.1:{listen}", folder, serve)


async def _start(stack: AsyncExitStack, actor: Actor, port: int) -> None:
    stack.push_async_callback(actor.stop)
    await actor.start()
    await actor.until(lambda: accepts(port))
