"""Asking both sides again, the evidence of a write, and the budget for it. Real servers on TCP and on unix sockets."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proxy.analyst import recheck
from proxy.analyst.recheck import Asker, AskFailed, Waiting, pause
from proxy.exchange import Request, Spool
from proxy.spooling import Spools
from rollout.model import Upstream
from tests.support.backends import FailingBackend
from tests.support.exchanges import exchange

SENT = (
    (b"Host", b"api.example.com"), (b"Authorization", b"Bearer t"), (b"Cookie", b"a=1"), (b"Accept", b"*/*"),
    (b"Connection", b"keep-alive"), (b"X-Crossfade-Secret", b"forged"), (b"X-Twice", b"1"), (b"X-Twice", b"2"),
)  # fmt: skip
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Side:
    """A server that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.answering: Answering | None = None
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        if self.answering is not None:
            return await self.answering(request)
        return web.json_response({"ok": True}, status=201)


@asynccontextmanager
async def serving(side: Side, path: Path | None = None) -> AsyncIterator[Side]:
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", side.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    if path is not None:
        await web.UnixSite(runner, str(path)).start()
        side.url = f"unix:{path}"
    else:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        side.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield side
    finally:
        await runner.cleanup()


@pytest.fixture
async def tcp() -> AsyncIterator[Side]:
    async with serving(Side()) as side:
        yield side


@pytest.fixture
async def unix(tmp_path: Path) -> AsyncIterator[Side]:
    async with serving(Side(), tmp_path / "gateway.sock") as side:
        yield side


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    made = Asker("gateway secret")
    yield made
    await made.close()


def asking(target: str = "/contact/c1/?q=a%20b&q=%2F", method: str = "GET", body: bytes | None = None) -> Any:
    return exchange(1, 2, request=Request(method, target, SENT, body, "127.0.0.1"))


async def ask(
    asker: Asker, upstream: Upstream, *, candidate: bool = False, what: Any = None, deadline: float = 10
) -> Any:
    return await asker.ask(upstream, what or asking(), candidate=candidate, deadline=deadline)


async def test_legacy_is_asked_as_the_client_had_asked(asker: Asker, tcp: Side) -> None:
    found = await ask(asker, Upstream(tcp.url), what=asking(method="POST", body=b"{}"))
    [request] = tcp.asked
    assert (request.method, request.raw_path, tcp.bodies) == ("POST", "/contact/c1/?q=a%20b&q=%2F", [b"{}"])
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["Host"] == "api.example.com"
    assert request.headers.getall("X-Twice") == ["1", "2"]
    assert [name for name in request.headers if name.lower().startswith("x-crossfade-")] == []
    assert (found.status, found.body) == (201, b'{"ok": true}')


async def test_the_gateway_is_told_that_it_is_a_recheck(asker: Asker, unix: Side) -> None:
    await ask(asker, Upstream(unix.url), candidate=True)
    headers = unix.asked[0].headers
    told = {name: headers.getall(name) for name in headers if name.startswith("X-Crossfade-")}
    assert told == {
        "X-Crossfade-Secret": ["gateway secret"], "X-Crossfade-Request": ["x1"], "X-Crossfade-Endpoint": ["contact"],
        "X-Crossfade-Recheck": ["1"], "X-Crossfade-Shadow": ["1"],
    }  # fmt: skip
    assert headers["Authorization"] == "Bearer t"


async def test_a_candidate_by_url_gets_no_credentials(asker: Asker, tcp: Side) -> None:
    await ask(asker, Upstream(tcp.url), candidate=True)
    assert set(tcp.asked[0].headers) == {"Host", "Accept", "X-Crossfade-Shadow"}


async def test_a_candidate_by_url_gets_the_fields_that_are_named(asker: Asker, tcp: Side) -> None:
    await ask(asker, Upstream(tcp.url, headers=("authorization",)), candidate=True)
    headers = tcp.asked[0].headers
    assert headers["Authorization"] == "Bearer t"
    assert "Cookie" not in headers


async def test_a_body_that_comes_in_pieces_is_whole(asker: Asker, tcp: Side) -> None:
    async def in_pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * 20_000)
        await response.write_eof()
        return response

    tcp.answering = in_pieces
    found = await ask(asker, Upstream(tcp.url))
    assert (found.size, found.body) == (400_000, b"x" * 400_000)


async def test_a_packed_body_stays_packed(asker: Asker, tcp: Side) -> None:
    async def packed(request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(b"1"), headers={"Content-Encoding": "gzip"})

    tcp.answering = packed
    assert gzip.decompress((await ask(asker, Upstream(tcp.url))).body) == b"1"


async def test_a_redirect_is_an_answer(asker: Asker, tcp: Side) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/x"})

    tcp.answering = elsewhere
    assert (await ask(asker, Upstream(tcp.url))).status == 302
    assert len(tcp.asked) == 1


async def test_a_body_over_the_limit_is_no_answer(
    asker: Asker, tcp: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "LARGEST", 5)
    with pytest.raises(AskFailed, match="over budget: 12 bytes"):
        await ask(asker, Upstream(tcp.url))


async def test_a_large_body_is_a_file_where_there_is_a_place_for_it(tcp: Side, tmp_path: Path) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 400_000)

    tcp.answering = large
    made = Asker("gateway secret", Spools(tmp_path, "analyst", 1 << 20))
    found = await ask(made, Upstream(tcp.url))
    await made.close()
    assert isinstance(found.body, Spool)
    assert (found.size, await asyncio.to_thread(Path(found.body.path).read_bytes)) == (400_000, b"x" * 400_000)


async def test_a_side_that_breaks_off_leaves_no_file(tcp: Side, tmp_path: Path) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "400000"})
        await response.prepare(request)
        await response.write(b"x" * 300_000)
        assert request.transport is not None
        request.transport.close()
        return response

    tcp.answering = cut
    made = Asker("gateway secret", Spools(tmp_path, "analyst", 1 << 20))
    with pytest.raises(AskFailed):
        await ask(made, Upstream(tcp.url))
    await made.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_side_that_hangs_is_no_answer(asker: Asker, tcp: Side) -> None:
    async def hangs(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    tcp.answering = hangs
    with pytest.raises(AskFailed, match="TimeoutError"):
        await ask(asker, Upstream(tcp.url), deadline=0.05)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "unix:/nowhere/gateway.sock"], ids=["tcp", "unix"])
async def test_a_side_that_is_gone_is_no_answer(asker: Asker, url: str) -> None:
    with pytest.raises(AskFailed):
        await ask(asker, Upstream(url))


async def test_a_target_that_is_no_address_is_no_answer(asker: Asker) -> None:
    with pytest.raises(AskFailed):
        await ask(asker, Upstream("http://127.0.0.1:1"), what=asking("*"))


async def test_why_a_side_gave_no_answer_is_said_without_the_address(asker: Asker) -> None:
    async with FailingBackend(b"this is no HTTP\r\n\r\n") as backend:
        with pytest.raises(AskFailed) as failed:
            await asker.ask(Upstream(backend.url), exchange(target="/?email=ada"), candidate=False, deadline=5.0)
    assert "ada" not in str(failed.value)


# -- the budget -------------------------------------------------------------------------------------------------------


def test_rechecks_are_paid_by_legacys_own_requests() -> None:
    waiting = Waiting(0.05)
    while waiting.enter():
        pass
    waiting.seen(19)
    assert not waiting.again()
    waiting.seen(1)
    assert waiting.again()
    assert not waiting.again()


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "WAITING", 1)
    waiting = Waiting(1.0)
    assert waiting.enter()
    assert not waiting.enter()
    waiting.leave()
    assert waiting.enter()


def test_savings_are_bounded() -> None:
    waiting = Waiting(1.0)
    waiting.seen(1_000_000)
    assert sum(waiting.again() for _ in range(2_000)) == 500


async def test_a_pause_of_nothing_ends_at_once() -> None:
    async with asyncio.timeout(5):
        await pause(0.0)
