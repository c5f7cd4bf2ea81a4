"""The whole program with real processes: what clients see while parts of it die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.backends import FailingBackend
from tests.support.host import FILE, ROOT, host


def answering(text: str) -> bytes:
    body = f'{{"from":"{text}"}}'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_requests_are_forwarded_and_those_of_an_endpoint_compared(tmp_path: Path, dsn: str) -> None:
    async with (
        FailingBackend(answering("legacy")) as legacy,
        FailingBackend(answering("candidate")) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url) as serve,
    ):
        await serve.until(lambda status: bool(status["workers"]), "no worker")
        assert await serve.get("/item/1") == (200, '{"from":"legacy"}')
        assert await serve.get("/other") == (200, '{"from":"legacy"}')
        status = await serve.until(lambda status: status["endpoints"][0]["mismatches"] == 1, "no mismatch")
        assert status["endpoints"][0]["percent"] == 0


async def test_an_order_in_the_file_makes_the_candidate_serve_and_its_death_makes_legacy_answer(
    tmp_path: Path, dsn: str
) -> None:
    async with (
        FailingBackend(answering("legacy")) as legacy,
        FailingBackend(answering("candidate")) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url) as serve,
    ):
        await serve.until(lambda status: bool(status["workers"]), "no worker")
        serve.file.write_text(serve.file.read_text().replace("percent: 0", "percent: 100"))
        await serve.percent(100)
        async with asyncio.timeout(20):
            while await serve.get("/item/1") != (200, '{"from":"candidate"}'):
                await asyncio.sleep(0.02)
        await candidate.gone()
        assert {await serve.get(f"/item/{key}") for key in range(12)} == {(200, '{"from":"legacy"}')}
        await serve.until(lambda status: "breaker" in status["endpoints"][0]["held_by"], "not held")
        await candidate.up()
        candidate.answer = answering("candidate")


async def test_a_killed_analyst_costs_no_request_and_comes_back_with_the_percent(tmp_path: Path, dsn: str) -> None:
    same = answering("both")
    async with (
        FailingBackend(same) as legacy,
        FailingBackend(same) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url, percent="50") as serve,
    ):
        await serve.until(lambda status: bool(status["workers"]), "no worker")
        await serve.percent(50)
        os.kill(serve.pids("analyst")[-1], signal.SIGKILL)
        assert {await serve.get(f"/item/{key}") for key in range(20)} == {(200, '{"from":"both"}')}
        await serve.started_again("analyst", 2)
        await serve.percent(50)
        await serve.until(lambda status: bool(status["workers"]), "the worker did not find the new analyst")


async def test_a_killed_worker_is_replaced_while_the_socket_keeps_listening(tmp_path: Path, dsn: str) -> None:
    async with (
        FailingBackend(answering("legacy")) as legacy,
        FailingBackend(answering("legacy")) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url) as serve,
    ):
        assert (await serve.get("/other"))[0] == 200
        os.kill(serve.pids("worker-0")[-1], signal.SIGKILL)
        assert (await serve.get("/other"))[0] == 200
        await serve.started_again("worker-0", 2)


async def test_a_lease_that_nobody_renews_sends_everybody_to_legacy(tmp_path: Path, dsn: str) -> None:
    async with (
        FailingBackend(answering("legacy")) as legacy,
        FailingBackend(answering("candidate")) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url, percent="100", blind_after="8s") as serve,
    ):
        await serve.percent(100)
        async with asyncio.timeout(20):
            while await serve.get("/item/1") != (200, '{"from":"candidate"}'):
                await asyncio.sleep(0.02)
        analyst = serve.pids("analyst")[-1]
        os.kill(analyst, signal.SIGSTOP)
        try:
            async with asyncio.timeout(25):
                while await serve.get("/item/1") != (200, '{"from":"legacy"}'):
                    await asyncio.sleep(0.1)
        finally:
            os.kill(analyst, signal.SIGCONT)
        async with asyncio.timeout(20):
            while await serve.get("/item/1") != (200, '{"from":"candidate"}'):
                await asyncio.sleep(0.1)


async def test_a_broken_edit_is_refused_with_its_line_and_the_last_good_one_stays(tmp_path: Path, dsn: str) -> None:
    async with (
        FailingBackend(answering("legacy")) as legacy,
        FailingBackend(answering("legacy")) as candidate,
        host(tmp_path, dsn, legacy.url, candidate.url, percent="5") as serve,
    ):
        await serve.percent(5)
        good = serve.file.read_text()
        serve.file.write_text(good.replace("percent: 5", "percent: fifty"))
        status = await serve.until(lambda status: not status["config"]["ok"], "not refused")
        assert "rollout.yaml:17:" in status["config"]["error"]
        assert status["endpoints"][0]["percent"] == 5
        serve.file.write_text(good)
        await serve.until(lambda status: status["config"]["ok"], "not accepted again")


async def test_legacy_that_is_away_is_told_and_clients_get_502(tmp_path: Path, dsn: str) -> None:
    async with (
        FailingBackend() as candidate,
        host(tmp_path, dsn, "http://127.0.0.1:1", candidate.url) as serve,
    ):
        assert (await serve.get("/other"))[0] == 502
        assert "legacy does not answer at http://127.0.0.1:1" in serve.log.read_text()


def serve_once(folder: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    file = folder / "rollout.yaml"
    given = text or FILE.format(
        legacy="http://127.0.0.1:1", candidate="http://127.0.0.1:2", percent="0", blind_after="60s"
    )
    file.write_text(given)
    command = [sys.executable, "-m", "proxy.cli", "serve", "--config", str(file), "--state", str(folder / "state")]
    env = os.environ | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    return subprocess.run(
        [*command, *arguments], check=False, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )


async def test_an_occupied_port_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with FailingBackend() as holder:
        done = await asyncio.to_thread(serve_once, tmp_path, "--listen", f"127.0.0.1:{holder.port}")
    assert done.returncode == 2
    assert f"can not listen on 127.0.0.1:{holder.port}" in done.stderr


def test_a_wrong_file_is_refused_with_every_error(tmp_path: Path) -> None:
    done = serve_once(tmp_path, text="version: 2\nlegasy: {}\n")
    assert done.returncode == 2
    assert "rollout.yaml:1:" in done.stderr
    assert "rollout.yaml:2:1" in done.stderr


@pytest.mark.parametrize("flag", ["--listen", "--metrics"])
def test_an_address_that_is_none_is_told(tmp_path: Path, flag: str) -> None:
    done = serve_once(tmp_path, flag, "nonsense")
    assert done.returncode == 2
    assert flag in done.stderr
