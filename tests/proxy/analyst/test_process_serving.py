"""The analyst's HTTP sides: a socket for its user alone, a clear word about a taken address, a clean end."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from proxy.analyst.process_serving import BadAddress, read_address, serve
from proxy.console.api import make_app
from proxy.console.api_desk import AnalystDesk
from tests.proxy.analyst.test_process import Bench
from tests.support.changes import NOW

NO_STORE = "postgresql://nobody@127.0.0.1:1/none"


def control(bench: Bench) -> web.Application:
    return make_app(AnalystDesk(bench.room, bench.store, lambda: NOW))


async def test_it_serves_until_it_is_told_to_stop_and_leaves_no_socket(tmp_path: Path) -> None:
    bench, stop, path = Bench(NO_STORE, tmp_path), asyncio.Event(), tmp_path / "control.sock"
    path.touch()  # left behind by one that was killed
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(bench.room, control(bench), path, ("127.0.0.1", 0), stop))
        await bench.until(lambda: bench.tables)
        assert path.stat().st_mode & 0o777 == 0o600
        async with aiohttp.ClientSession("http://crossfade", connector=aiohttp.UnixConnector(str(path))) as session:
            status = await (await session.get("/status")).json()
        assert [one["name"] for one in status["endpoints"]] == ["contact", "company"]
        stop.set()
    assert not path.exists()
    assert (tmp_path / "steward.json").exists()


async def test_a_taken_address_is_said_with_what_to_do(tmp_path: Path) -> None:
    bench = Bench(NO_STORE, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
        with pytest.raises(BadAddress, match="choose another address"):
            await serve(bench.room, control(bench), tmp_path / "c.sock", address, asyncio.Event())


@pytest.mark.parametrize("text", ["", "9180", "host:", "host:port", "host:99999"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadAddress, match="give HOST:PORT"):
        read_address(text)


def test_addresses() -> None:
    assert read_address("[::1]:9180") == ("::1", 9180)
