"""One worker: `python -m proxy.worker.process --listen-fd N --state DIR --index I --workers N`.

SIGTERM drains: it stops accepting, tells clients on kept connections to close them, finishes what is in flight, hands
over what it has, and ends with 0.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from time import time

import uvloop
from aiohttp import web

from proxy import telemetry
from proxy.frames import Counts, Hello
from proxy.settings import Paths
from proxy.spooling import SPOOL_BYTES, Spools
from proxy.tasks import Tasks
from proxy.worker.effects import Effects
from proxy.worker.handover import Handover
from proxy.worker.orders import Orders
from proxy.worker.outbox import Outbox
from proxy.worker.server import make_server
from proxy.worker.service import Service
from proxy.worker.sides import Setting, Sides
from proxy.worker.slots import Slots
from proxy.worker.tally import Tally
from proxy.worker.upstream import Pool
from rollout.bucket import derive
from rollout.facts import Unreadable
from rollout.model import Upstream
from rollout.table import Table, from_bytes

log = logging.getLogger("crossfade.worker")

FAREWELL = 1.0
"""Seconds in which clients on kept connections learn by `Connection: close` that this worker goes."""
DRAIN = 30.0
AGAIN = 1.0
"""Seconds after which background work that failed begins again."""
FLUSH = 3.0
EVERY = 1.0


def main() -> int:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m proxy.worker.process", description=__doc__)
    parser.add_argument("--listen-fd", type=int, required=True, help="the listening socket, inherited")
    parser.add_argument("--state", type=Path, required=True, help="the state folder")
    parser.add_argument("--index", type=int, default=0, help="which worker of this host")
    parser.add_argument("--workers", type=int, default=1, help="how many there are: budgets are divided by it")
    arguments = parser.parse_args()
    telemetry.configure(f"worker-{arguments.index}", as_json=os.environ.get("CROSSFADE_LOG") != "plain")
    paths = Paths(arguments.state)
    try:
        table = from_bytes(paths.table.read_bytes())
    except (OSError, Unreadable) as error:
        log.error("no routing table in %s (%s); `crossfade serve` writes one first", paths.table, error)
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(arguments, paths, table))
    return 0


async def run(arguments: argparse.Namespace, paths: Paths, table: Table) -> None:
    """The worker's whole life."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    secret = bytes.fromhex(os.environ["CROSSFADE_SECRET"])
    tally = Tally(arguments.index)
    slots = Slots(paths.slots, derive(secret, "slots"))
    background = Tasks(tally.error)
    parts: list[Service] = []

    def hello() -> Hello:
        for frame in parts[0].sides.breakers():
            handover.frame(frame)
        return Hello(arguments.index, os.getpid(), parts[0].table().epoch)

    def swap(payload: bytes) -> None:
        parts[0].swap(payload)

    spools = Spools(paths.spool, f"worker{arguments.index}", SPOOL_BYTES // max(arguments.workers, 1))
    handover = Handover(paths.intake, spools, hello, tally.lost, swap)
    setting = Setting(
        arguments.index,
        arguments.workers,
        derive(secret, "via").hex()[:12].encode(),
        os.environ.get("CROSSFADE_GATEWAY_SECRET", "").encode(),
    )
    sides = Sides(setting, handover.frame, random.random)

    def gateway(url: str) -> Pool:
        urls = (one.url for one in parts[0].table().candidates.values() if one.url.startswith("unix:"))
        return sides.pool(Upstream(next(urls, url)), "effects")  # an order may be older than where it is now

    orders = Orders(gateway, setting.gateway_secret)
    outbox = Outbox(paths.outbox, arguments.index, arguments.workers, orders, tally, random.random)
    service = Service(table, sides, slots, handover, tally, Effects(orders, outbox, tally))
    parts.append(service)
    background.spawn(lasting(handover.run, "hand-over", tally.error), "hand-over")
    background.spawn(lasting(outbox.run, "outbox", tally.error), "outbox")
    background.spawn(lasting(lambda: _ticking(service, handover), "counts", tally.error), "counts")
    server = make_server(service.handle, service.unreadable)
    listening = await asyncio.get_running_loop().create_server(server, sock=socket.socket(fileno=arguments.listen_fd))
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked at again by the collector
    log.info("worker %d is ready", arguments.index)
    await stop.wait()
    await _drain(service, server, listening)
    await handover.flushed(FLUSH)
    await background.cancel()
    sides.close()
    slots.close()


async def lasting(work: Callable[[], Awaitable[None]], name: str, failed: Callable[[str], None]) -> None:
    """Does `work` for ever. What it raises is said and counted, and it begins again: nobody else would do it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed and begins again", name)
            failed(name)
        await asyncio.sleep(AGAIN)


async def _drain(service: Service, server: web.Server, listening: asyncio.Server) -> None:
    """Stops accepting; what is in flight is answered, and kept connections are closed once their clients know."""
    listening.close()
    service.closing = True
    await asyncio.sleep(FAREWELL)
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            while service.in_flight:  # noqa: ASYNC110 - a count has no event
                await asyncio.sleep(0.02)
            await service.migrated.shadows.ended()
    await server.shutdown(1.0)
    await service.migrated.shadows.cancel()
    await service.forgets.tasks.ended()  # each has a deadline
    service.handover.counts(_counts(service))


async def _ticking(service: Service, handover: Handover) -> None:
    """Once a second: counts, and what the log held back."""
    while True:
        await asyncio.sleep(EVERY)
        service.tick()
        if handover.connected:
            handover.counts(_counts(service))


def _counts(service: Service) -> Counts:
    shadows = len(service.migrated.shadows)
    epoch = service.table().epoch
    return service.tally.take(
        time(), epoch=epoch, blind=service.blind, in_flight=service.in_flight, mirrors=shadows,
        effects_waiting=service.effects.waiting,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
