"""Asks the bundled gateway every few seconds whether it can make effects in legacy's database now; fails closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp

from rollout.effects import NOT_KNOWN

log = logging.getLogger("crossfade.analyst")
EVERY = 2.0
DEADLINE = 3.0
SILENT = 2
"""Looks in a row without an answer after which no effects can be made: one may be lost to a gateway that restarts."""


async def why_not_ready(session: aiohttp.ClientSession) -> str | None:
    """The gateway's word: None when effects can be made, else why not. Raises OSError, TimeoutError or ClientError."""
    async with session.get("http://gateway/-/effects", timeout=aiohttp.ClientTimeout(total=DEADLINE)) as answer:
        said = await answer.json(content_type=None)
        if answer.status != 200 or not isinstance(said, dict):
            return f"the gateway answers {answer.status} when it is asked whether it can make effects"
        return None if said.get("ready") is True else str(said.get("why") or "the gateway does not say why")


async def watch_effects(
    gateway: str, secret: str, needed: Callable[[], bool], changed: Callable[[str | None], Awaitable[None]]
) -> None:
    """Calls `changed` with each other word, until cancelled. `gateway` is its socket; not asked unless `needed`."""
    last: str | None = NOT_KNOWN
    silent = 0
    connector = aiohttp.UnixConnector(gateway, limit=1)
    async with aiohttp.ClientSession(connector=connector, headers={"X-Crossfade-Secret": secret}) as session:
        while True:
            word = last
            if needed():
                try:
                    word, silent = await why_not_ready(session), 0
                except (OSError, TimeoutError, ValueError, aiohttp.ClientError) as error:
                    silent += 1
                    if silent >= SILENT or last is not None:
                        word = f"the gateway does not answer: {str(error) or type(error).__name__}"
            if word != last:
                log.warning("effects on legacy: %s", "can be made" if word is None else word)
                last = word
                await changed(word)
            await asyncio.sleep(EVERY)
