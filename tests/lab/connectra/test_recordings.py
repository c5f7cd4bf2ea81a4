"""The stand-in against what the real service answered."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from typing import Any

import aiohttp
import pytest
from yarl import URL

from lab.connectra import seed
from lab.connectra.engine import Engine
from lab.connectra.switches import Switches
from tests.support.standin import API_KEY, RECORDINGS, serving

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="no recorded exchanges beside this checkout (../shared/contracts/recordings)"
)
FILES = ("exchanges-contacts.jsonl", "exchanges-companies.jsonl", "exchanges-common.jsonl")
NO_ANSWER = 0
SWITCHED: dict[str, dict[str, Any]] = {
    "writes": {},
    "postgres_down": {"outages": {"database": "down"}},
    "postgres_back": {"outages": {"database": "up"}},
    "postgres_down_at_start": {"outages": {"database": "down_at_start"}},
    "postgres_back_at_start": {"outages": {"database": "up"}},
    "engine_down": {"outages": {"engine": "down"}},
    "engine_back": {"outages": {"engine": "up"}},
    "engine_down_at_start": {"outages": {"engine": "down_at_start"}},
    "rate_limit_3": {"outages": {"engine": "up"}, "rate": {"tokens": 3}},
    "no_key_configured": {},
}
Exchange = dict[str, Any]


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


async def test_every_stage_is_answered_alike_in_the_order_of_the_recording() -> None:
    lines = [line for name in FILES for line in (RECORDINGS / name).read_text(encoding="utf-8").splitlines()]
    exchanges = [exchange for exchange in map(json.loads, lines) if exchange["stage"] != "steady"]
    engine, switches = loaded(), Switches()
    replayed: list[str] = []
    different = []
    for stage, group in groupby(exchanges, key=lambda exchange: str(exchange["stage"])):
        replayed.append(stage)
        key = "" if stage == "no_key_configured" else API_KEY
        async with serving(engine, switches, api_key=key) as url, aiohttp.ClientSession(url) as session:
            await turn(session, SWITCHED[stage])
            for exchange in group:
                why = difference(exchange, *await answered(session, exchange["request"]))
                different += [(exchange["name"], why)] if why else []
    assert different == []
    assert replayed == list(SWITCHED)


async def turn(session: aiohttp.ClientSession, switched: dict[str, Any]) -> None:
    """Outages go on from stage to stage, the rate limit does not."""
    async with session.delete("/lab/rate") as answer:
        assert answer.status == 200
    for name, value in switched.items():
        async with session.put(f"/lab/{name}", json=value) as answer:
            assert answer.status == 200, await answer.text()


async def answered(session: aiohttp.ClientSession, asked: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    """Status, headers by their lower-case names, and body; status 0 when the connection closes without an answer."""
    raw = base64.b64decode(asked["body_base64"]) if "body_base64" in asked else asked.get("body", "").encode()
    try:
        async with session.request(
            asked["method"], URL(asked["path"], encoded=True), data=raw or None, headers=asked["headers"],
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"), allow_redirects=False,
        ) as answer:
            body = await answer.text()
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, body
    except aiohttp.ClientConnectionError:
        return NO_ANSWER, {}, ""


def difference(exchange: Exchange, status: int, headers: dict[str, str], body: str) -> str:
    """What is not alike by the rules of the recordings' README; empty for nothing."""
    wanted, compare = exchange["response"], exchange["compare"]
    if compare == "nothing":
        return ""
    if status != wanted["status"]:
        return f"status {status}, not {wanted['status']}: {body[:200]}"
    if any(headers.get(name) != value for name, value in wanted["headers"].items()):
        return f"headers {headers}"
    alike: dict[str, Callable[[], bool]] = {
        "status": lambda: True,
        "text": lambda: body == wanted["body"],
        "code": lambda: code(body) == code(wanted["body"]),
        "shape": lambda: shape(body) == shape(wanted["body"]),
        "json": lambda: same(json.loads(body), json.loads(wanted["body"]), exchange["order"]),
    }
    return "" if alike[compare]() else f"{compare}: {body[:300]}"


def code(body: str) -> str:
    return str(json.loads(body)["error"]).partition(":")[0]


def shape(body: str) -> str:
    """The keys of a JSON body, lists as the set of their elements' shapes; a text as it is."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(one) for name, one in value.items()}
        return sorted({json.dumps(of(one), sort_keys=True) for one in value}) if isinstance(value, list) else None

    return json.dumps(of(json.loads(body)), sort_keys=True) if body.startswith("{") else body


def same(body: Any, wanted: Any, order: str) -> bool:
    if order == "exact":
        return bool(body == wanted)
    listed = [sorted(json.dumps(one, sort_keys=True) for one in value["data"] or ()) for value in (body, wanted)]
    return listed[0] == listed[1]
