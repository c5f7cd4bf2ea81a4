"""The gateway's word on effects: asked again and again, and no word is a no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from proxy.analyst import effects_watch
from proxy.analyst.effects_watch import watch_effects
from proxy.tasks import Tasks


class Gateway:
    """Says `word` on a unix socket, and remembers who asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.word: object = {"ready": True, "why": None}
        self.asked: list[tuple[str, str | None]] = []
        self._runner: web.AppRunner | None = None

    async def up(self) -> None:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()

    async def gone(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers.get("X-Crossfade-Secret")))
        if isinstance(self.word, int):
            return web.Response(status=self.word, text="no")
        return web.json_response(self.word)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    one = Gateway(tmp_path / "gateway.sock")
    await one.up()
    yield one
    await one.gone()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_watch, "EVERY", 0.01)


@asynccontextmanager
async def watching(gateway: Gateway, *, needed: bool = True) -> AsyncIterator[asyncio.Queue[str | None]]:
    words: asyncio.Queue[str | None] = asyncio.Queue()
    tasks = Tasks()
    tasks.spawn(watch_effects(str(gateway.path), "secret", lambda: needed, words.put), "effects")
    try:
        yield words
    finally:
        await tasks.cancel()


async def word(words: asyncio.Queue[str | None]) -> str | None:
    return await asyncio.wait_for(words.get(), 10)


async def test_ready_is_said_and_asked_with_the_secret(gateway: Gateway) -> None:
    async with watching(gateway) as words:
        assert await word(words) is None
    assert set(gateway.asked) == {("/-/effects", "secret")}


async def test_a_no_is_said_at_once_and_a_yes_again(gateway: Gateway) -> None:
    async with watching(gateway) as words:
        assert await word(words) is None
        gateway.word = {"ready": False, "why": "no table"}
        assert await word(words) == "no table"
        gateway.word = {"ready": True, "why": None}
        assert await word(words) is None


async def test_a_gateway_that_is_gone_is_a_no(gateway: Gateway) -> None:
    async with watching(gateway) as words:
        assert await word(words) is None
        await gateway.gone()
        assert "does not answer" in str(await word(words))


async def test_a_gateway_that_was_never_there_is_a_no(gateway: Gateway) -> None:
    await gateway.gone()
    async with watching(gateway) as words:
        assert "does not answer" in str(await word(words))


@pytest.mark.parametrize("said", [409, 500, [], {}, {"ready": "yes"}], ids=str)
async def test_anything_but_a_yes_is_a_no(gateway: Gateway, said: object) -> None:
    gateway.word = said
    async with watching(gateway) as words:
        assert await word(words) is not None


async def test_nobody_is_asked_where_no_endpoint_has_effects(gateway: Gateway) -> None:
    async with watching(gateway, needed=False) as words:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(words.get(), 0.1)
    assert gateway.asked == []
