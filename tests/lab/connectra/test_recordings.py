"""The stand-in against what the real service answered."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import aiohttp
import pytest

from lab.connectra import seed
from lab.connectra.engine import Engine
from tests.support.standin import RECORDINGS, serving

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="no recorded exchanges beside this checkout (../shared/contracts/recordings)"
)
FILES = ("exchanges-contacts.jsonl", "exchanges-companies.jsonl", "exchanges-common.jsonl")


def loaded() -> Engine:
    engine = Engine()
    seed.load(engine, RECORDINGS)
    return engine


async def test_every_steady_exchange_is_answered_alike() -> None:
    async with serving(loaded()) as url:
        command = [sys.executable, str(RECORDINGS / "replay.py"), url, *(str(RECORDINGS / name) for name in FILES)]
        done = await asyncio.to_thread(
            subprocess.run, command, check=False, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert done.stdout.strip() == "742 passed, 0 failed"


def exchanges(stage: str) -> list[dict[str, Any]]:
    lines = [line for name in FILES for line in (RECORDINGS / name).read_text(encoding="utf-8").splitlines()]
    return [exchange for exchange in map(json.loads, lines) if exchange["stage"] == stage]


async def test_every_write_and_what_is_read_after_it_is_answered_alike() -> None:
    different = []
    async with serving(loaded()) as url, aiohttp.ClientSession(url) as session:
        for exchange in exchanges("writes"):
            asked, wanted = exchange["request"], exchange["response"]
            async with session.request(
                asked["method"], asked["path"], data=asked.get("body", "").encode(), headers=asked["headers"]
            ) as answer:
                body = await answer.text()
            alike = answer.status == wanted["status"]
            if exchange["compare"] == "json":
                alike = alike and json.loads(body) == json.loads(wanted["body"])
            elif exchange["compare"] == "text":
                alike = alike and body == wanted["body"]
            if not alike:
                different.append((exchange["name"], body[:300]))
    assert not different
