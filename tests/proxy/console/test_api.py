"""The control API over a real unix socket."""

from __future__ import annotations

import os
import pwd
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proxy.console.api import ROUTES, Order, Refused, make_app, read_order
from proxy.console.auth import BadTokens, Caller, Role, by_token, read_tokens

ANN = Caller("ann", Role.APPROVE)
TOKEN = "0123456789abcdef"


class Desk:
    def __init__(self) -> None:
        self.orders: list[Order] = []

    async def status(self) -> Any:
        return {"endpoints": []}

    async def explain(self, endpoint: str) -> Any:
        if endpoint != "contact":
            raise Refused(404, f"endpoint: there is no {endpoint!r}")
        return {"name": endpoint}

    async def audit(self, endpoint: str | None, limit: int) -> Any:
        return [{"endpoint": endpoint, "limit": limit}]

    async def mismatches(self, endpoint: str | None, limit: int) -> Any:
        return []

    async def repro(self, sample: str) -> Any:
        return [f"curl {sample}"]

    async def order(self, order: Order) -> Any:
        self.orders.append(order)
        return [{"endpoint": "contact", "done": True, "text": "0 % → 1 %"}]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(make_app(desk))
    await runner.setup()
    path = str(tmp_path / "control.sock")
    await web.UnixSite(runner, path).start()
    async with aiohttp.ClientSession("http://crossfade", connector=aiohttp.UnixConnector(path)) as session:
        yield session
    await runner.cleanup()


async def test_status_is_json(client: aiohttp.ClientSession) -> None:
    async with client.get("/status") as answer:
        assert (answer.status, await answer.json()) == (200, {"endpoints": []})


async def test_an_order_stands_under_the_name_of_the_peers_user(client: aiohttp.ClientSession, desk: Desk) -> None:
    async with client.post("/set", json={"endpoint": "contact", "percent": 12.5, "reason": "try"}) as answer:
        assert (await answer.json())["changes"][0]["done"]
    assert desk.orders == [Order("set", pwd.getpwuid(os.getuid()).pw_name, "try", "contact", percent=1250)]


@pytest.mark.parametrize("kind", ["promote", "hold", "resume", "rollback"])
async def test_orders_of_a_phase_and_of_everything(client: aiohttp.ClientSession, desk: Desk, kind: str) -> None:
    await (await client.post(f"/{kind}", json={"all": True, "reason": "r"})).read()
    await (await client.post(f"/{kind}", json={"phase": "lists", "reason": "r"})).read()
    given = [(one.kind, one.everything, one.phase) for one in desk.orders]
    assert given == [(kind, True, None), (kind, False, "lists")]


async def test_what_is_unknown_is_404_with_its_reason(client: aiohttp.ClientSession) -> None:
    async with client.get("/explain", params={"endpoint": "nobody"}) as answer:
        assert (answer.status, await answer.json()) == (404, {"error": "endpoint: there is no 'nobody'"})


@pytest.mark.parametrize("path", ["/explain", "/repro", "/audit?limit=0", "/audit?limit=x", "/mismatches?limit=99999"])
async def test_a_query_that_is_wrong_is_400_and_names_the_field(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"].startswith(("endpoint:", "id:", "limit:"))


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("set", b"nonsense", "not JSON"),
        ("set", b"[]", "JSON object"),
        ("set", b'{"endpoint": "c", "percent": 5}', "reason:"),
        ("set", b'{"endpoint": "c", "percent": 101, "reason": "r"}', "percent:"),
        ("set", b'{"endpoint": "c", "percent": 0.001, "reason": "r"}', "percent:"),
        ("set", b'{"endpoint": "c", "percent": true, "reason": "r"}', "percent:"),
        ("set", b'{"phase": "p", "percent": 5, "reason": "r"}', "give endpoint"),
        ("hold", b'{"reason": "r"}', "exactly one of"),
        ("hold", b'{"endpoint": "c", "all": true, "reason": "r"}', "exactly one of"),
        ("hold", b'{"endpoint": 5, "reason": "r"}', "endpoint:"),
    ],
)
def test_an_order_that_is_wrong_is_refused_by_name(kind: str, body: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read_order(kind, body, ANN)
    assert refused.value.status == 400


def test_only_who_may_approve_goes_past_evidence() -> None:
    body = b'{"endpoint": "c", "reason": "r", "override": true}'
    assert read_order("promote", body, ANN).override
    with pytest.raises(Refused, match="approve is needed"):
        read_order("promote", body, Caller("bob", Role.OPERATE))


def test_tokens_are_found_by_name_and_role(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# people\nann approve {TOKEN}\n")
    path.chmod(0o600)
    tokens = read_tokens(path)
    assert by_token(tokens, f"Bearer {TOKEN}") == ANN
    assert by_token(tokens, "Bearer wrong") is None
    assert by_token(tokens, None) is None


@pytest.mark.parametrize("line", ["ann boss 0123456789abcdef", "ann read short", "ann read"])
def test_a_token_file_that_is_wrong_is_refused_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(line)
    path.chmod(0o600)
    with pytest.raises(BadTokens, match=":1: give NAME ROLE TOKEN"):
        read_tokens(path)


def test_a_token_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("")
    path.chmod(0o644)
    with pytest.raises(BadTokens, match="chmod 600"):
        read_tokens(path)


async def test_on_tcp_nobody_writes_without_a_token(desk: Desk) -> None:
    runner = web.AppRunner(make_app(desk))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        async with session.get("/status") as answer:
            assert answer.status == 200
        async with session.post("/hold", json={"all": True, "reason": "r"}) as answer:
            assert answer.status == 403
        async with session.get("/status", headers={"Origin": "http://elsewhere"}) as answer:
            assert answer.status == 403
    await runner.cleanup()
    assert desk.orders == []


def test_every_route_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    assert [path for method, path in ROUTES if f"`{method} {path}" not in text] == []
