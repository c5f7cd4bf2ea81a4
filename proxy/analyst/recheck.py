"""A mismatch is provisional: both sides are asked again after a while, and their agreement then needs a reason.

With evidence of a write it was lag. Without, it is unstable: a race, a bad replica, a wrong record now and then.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from proxy.exchange import Exchange, Observed, Spool
from proxy.spooling import Keep, Spools
from rollout.model import Upstream

log = logging.getLogger("crossfade.recheck")
WAITING = 2_000
"""Rechecks that may wait at a time: beyond it a mismatch stays one, and that is counted."""
WRITES = 20_000
DROPPED = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "expect"})
LARGEST = 8 << 20
LARGEST_FILE = 256 << 20
"""As large as what is kept of clients' answers by default."""


class AskFailed(Exception):
    """A side gave no answer when it was asked again."""


@dataclass(frozen=True, slots=True)
class Again:
    """Both sides' answers at a recheck."""

    legacy: Observed
    candidate: Observed


class Asker:
    """Asks a side again as the client had asked, with the client's own credentials.

    With `spools` a large answer is a file, which is the caller's to delete; without, it may have LARGEST bytes.
    """

    def __init__(self, gateway_secret: str, spools: Spools | None = None) -> None:
        self._secret = gateway_secret
        self._spools = spools
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def ask(self, upstream: Upstream, exchange: Exchange, *, candidate: bool, deadline: float) -> Observed:
        """One answer. Raises AskFailed."""
        request = exchange.request
        fields: CIMultiDict[str] = CIMultiDict()
        for name, value in request.headers:
            text = name.decode("latin-1")
            low = text.lower()
            if low not in DROPPED and not low.startswith("x-crossfade-"):
                fields.add(text, value.decode("latin-1"))
        if upstream.headers is not None or (candidate and not upstream.url.startswith("unix:")):
            allowed = {name.lower() for name in upstream.headers or ()} | {"host", "content-type", "accept"}
            fields = CIMultiDict((name, value) for name, value in fields.items() if name.lower() in allowed)
        if candidate and upstream.url.startswith("unix:"):
            fields["X-Crossfade-Secret"] = self._secret
            fields["X-Crossfade-Request"] = exchange.id
            fields["X-Crossfade-Endpoint"] = exchange.endpoint
            fields["X-Crossfade-Recheck"] = "1"
        if candidate:
            fields["X-Crossfade-Shadow"] = "1"
        base = "http://gateway" if upstream.url.startswith("unix:") else upstream.url
        timeout = aiohttp.ClientTimeout(total=deadline)
        try:
            url = URL(base + request.target, encoded=True)
            async with self._session(upstream.url).request(
                request.method, url, headers=fields, data=request.body, allow_redirects=False, timeout=timeout
            ) as answer:
                with Keep(self._spools, LARGEST if self._spools is None else LARGEST_FILE) as keep:
                    body = await _whole(answer.content, keep)
                    return Observed(answer.status, answer.raw_headers, body, keep.size)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise AskFailed(type(error).__name__) from error  # its text may hold the URL, and so what was searched for

    def _session(self, url: str) -> aiohttp.ClientSession:
        if url not in self._sessions:
            path = url.removeprefix("unix:")
            connector: aiohttp.BaseConnector = aiohttp.TCPConnector(limit=32)
            if path != url:
                connector = aiohttp.UnixConnector(path, limit=32)
            self._sessions[url] = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._sessions[url]

    async def close(self) -> None:
        """Closes all connections."""
        for session in self._sessions.values():
            await session.close()


async def _whole(stream: aiohttp.StreamReader, keep: Keep) -> bytes | Spool | None:
    """All of a body, however its pieces arrive. Raises AskFailed when it can not be kept."""
    async for piece in stream.iter_any():
        if not keep.add(piece):
            raise AskFailed(f"{keep.lost}: {keep.size} bytes and more")
    return keep.body()


class Waiting:
    """How many rechecks wait, and the budget of extra requests to legacy: a share of what legacy gets anyway."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._tokens = 50.0
        self.count = 0

    def seen(self, requests: int) -> None:
        """Legacy has had this many requests: each earns a part of an extra one."""
        self._tokens = min(self._tokens + requests * self.share, 500.0)

    def enter(self, *, asks_legacy: bool = True) -> bool:
        """Room for one recheck, and budget for its request to legacy."""
        if self.count >= WAITING or (asks_legacy and not self.again()):
            return False
        self.count += 1
        return True

    def again(self) -> bool:
        """Budget for one more request."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def leave(self) -> None:
        """A recheck has ended."""
        self.count -= 1


async def pause(seconds: float) -> None:
    """Waits for the moment of a recheck."""
    await asyncio.sleep(seconds)
