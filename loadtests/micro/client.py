"""A client for measurements: requests one after the other on one connection, or open loop; latencies in seconds."""

from __future__ import annotations

import asyncio
import itertools
from time import perf_counter

import aiohttp

HEADERS = {"Accept": "*/*", "Accept-Language": "en", "X-One": "1", "X-Two": "2", "X-Three": "3"}


async def one_at_a_time(base: str, requests: int, first: int = 0) -> list[float]:
    """Latencies of `requests` GETs on one connection."""
    seconds = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1), headers=HEADERS) as session:
        for key in range(first, first + requests):
            began = perf_counter()
            async with session.get(f"{base}/item/{key}") as answer:
                await answer.read()
                answer.raise_for_status()
            seconds.append(perf_counter() - began)
    return seconds


async def open_loop(base: str, rate: float, duration: float) -> tuple[list[float], int]:
    """Latencies of GETs that leave at `rate` a second for `duration` seconds, and how many failed."""
    seconds: list[float] = []
    failed = 0
    keys = itertools.count()

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal failed
        began = perf_counter()
        try:
            async with session.get(f"{base}/item/{next(keys)}") as answer:
                await answer.read()
                failed += answer.status >= 500
        except (aiohttp.ClientError, TimeoutError):
            failed += 1
        seconds.append(perf_counter() - began)

    timeout = aiohttp.ClientTimeout(total=10.0)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, headers=HEADERS, timeout=timeout) as session,
        asyncio.TaskGroup() as group,
    ):
        began = perf_counter()
        for number in range(int(rate * duration)):
            if (wait := began + number / rate - perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(session), name="shot")
    return seconds, failed
