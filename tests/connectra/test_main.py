"""`python -m connectra`: what the environment lacks is said by name, and the socket is its owner's alone."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

URL = "http://127.0.0.1:9"


@asynccontextmanager
async def gateway(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process; it does not outlive the test."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECTRA", "LEGACY"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connectra", *arguments, env={**clean, **environment}, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def refused(*arguments: str, **environment: str) -> str:
    """What it says when it ends with 2."""
    async with gateway(*arguments, **environment) as process:
        _, said = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 2
    return said.decode()


async def test_a_missing_address_is_said_by_name() -> None:
    assert "CONNECTRA_BASE_URL is not set" in await refused("--listen", "127.0.0.1:0")


@pytest.mark.parametrize("place", ["8000", ":80", "host:", "host:http", "host:99999"])
async def test_a_bad_place_is_refused_with_the_right_form(place: str) -> None:
    assert "HOST:PORT" in await refused("--listen", place, CONNECTRA_BASE_URL=URL)


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf"])
async def test_a_bad_timeout_is_said_by_name(seconds: str) -> None:
    said = await refused("--listen", "127.0.0.1:0", CONNECTRA_BASE_URL=URL, CONNECTRA_TIMEOUT=seconds)
    assert "CONNECTRA_TIMEOUT" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("seconds", ["10m", "0", "90000", "nan"])
async def test_a_bad_age_of_exports_is_said_by_name(seconds: str) -> None:
    said = await refused("--listen", "127.0.0.1:0", CONNECTRA_BASE_URL=URL, LEGACY_EXPORT_AGE=seconds)
    assert "LEGACY_EXPORT_AGE" in said


async def test_it_serves_on_a_socket_of_its_own_until_it_is_told_to_end(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    path.write_text("left by an earlier process")
    async with gateway("--socket", str(path), CONNECTRA_BASE_URL=URL, CONNECTRA_TIMEOUT="30s") as process:
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), 15)
        mode = path.stat().st_mode
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 15)
    assert b"ready" in line
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode) & 0o077, process.returncode) == (True, 0, 0)
