from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 30.0


@asynccontextmanager
async def started(*arguments: str, module: str = "lab") -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m lab legacy …`; killed when the test leaves it running."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(DEADLINE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def small(dsn: str) -> list[str]:
    return ["--dsn", dsn, "--companies", "3", "--contacts", "9", "--users", "1"]


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip().removeprefix("listening on ")


async def complaint(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_it_says_where_it_listens_once_it_answers(dsn: str) -> None:
    async with (
        started("legacy", *small(dsn)) as process,
        aiohttp.ClientSession() as session,
        session.get(f"{await address(process)}/health") as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_zero(dsn: str, number: signal.Signals) -> None:
    async with started("legacy", *small(dsn)) as process:
        await address(process)
        process.send_signal(number)
        assert await process.wait() == 0


async def test_an_unknown_quirk_is_bad_input(dsn: str) -> None:
    async with started("legacy", *small(dsn), "--quirk", "LQ-99") as process:
        code, said = await complaint(process)
        assert (code, "no quirk is called 'LQ-99'" in said) == (2, True)


async def test_a_folder_without_seed_is_bad_input(dsn: str, tmp_path: Path) -> None:
    async with started("legacy", "--dsn", dsn, "--data", str(tmp_path)) as process:
        code, said = await complaint(process)
        assert (code, "seed.jsonl: No such file" in said) == (2, True)


async def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with started("legacy", "--dsn", f"postgresql://nobody@/nothing?host={tmp_path}") as process:
        code, said = await complaint(process)
        assert (code, said.startswith("lab legacy: ")) == (3, True)


async def test_an_occupied_port_is_said(dsn: str) -> None:
    async with started("legacy", *small(dsn)) as first:
        port = (await address(first)).rpartition(":")[2]
        async with started("legacy", *small(dsn), "--port", port) as second:
            code, said = await complaint(second)
            assert (code, f"{port}" in said) == (3, True)


async def test_the_command_line_brings_a_database_when_none_is_named() -> None:
    sizes = ("--companies", "3", "--contacts", "9", "--users", "1")
    async with started("lab", "legacy", *sizes, module="proxy.cli") as process:
        assert (await address(process)).startswith("http://127.0.0.1:")
        process.terminate()
        assert await process.wait() == 0


@pytest.mark.parametrize("half", ["legacy", "connectra"])
@pytest.mark.parametrize("port", ["65536", "-1", "http"])
async def test_a_port_that_is_none_is_bad_input(half: str, port: str) -> None:
    more = ["--dsn", "postgresql://"] if half == "legacy" else []
    async with started(half, *more, f"--port={port}") as process:
        code, said = await complaint(process)
        assert (code, "is no port: give 0 to 65535" in said) == (2, True)
