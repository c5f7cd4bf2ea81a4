"""The whole program with the bundled gateway: callers that legacy vouches for, and a gateway that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import aiohttp
import jwt
import orjson

from tests.support.backends import FailingBackend
from tests.support.connectra_fake import KEY, connectra
from tests.support.host import PATIENCE, Host, host

SECRET = "a secret of 32 bytes, as HS256 has it"
FILE = """\
version: 1
legacy: {{url: "{legacy}", timeout: 5s}}
connectra: {{url: "{connectra}", api_key: "{key}"}}
phases:
  - name: single-record
    bake: 1h
    endpoints:
      contact:
        match: GET /api/v1/contacts/{{contact_uuid}}/
        candidate: connectra
        serve_deadline: 2s
        percent: 100
"""
LEGACY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"from":"legacy"}'


async def first_name(serve: Host) -> str | None:
    """Who answered: the candidate's record has a first name."""
    claims = {"sub": "ann", "type": "access", "exp": int(time.time()) + 600}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{serve.url}/api/v1/contacts/c1/", headers=headers) as answer,
    ):
        assert answer.status == 200
        name: str | None = orjson.loads(await answer.read()).get("first_name")
        return name


async def until_served_by_the_candidate(serve: Host) -> None:
    async with asyncio.timeout(PATIENCE):
        while await first_name(serve) != "Ann":
            await asyncio.sleep(0.02)


async def test_a_killed_gateway_costs_no_request_and_serves_again(tmp_path: Path, dsn: str) -> None:
    async with FailingBackend(LEGACY) as legacy, connectra() as running:
        running.contacts.append({"uuid": "c1", "first_name": "Ann"})
        text = FILE.format(legacy=legacy.url, connectra=running.url, key=KEY)
        env = {"CONNECTRA_ENABLED": "true", "LEGACY_JWT_SECRET": SECRET}
        async with host(tmp_path, dsn, legacy.url, "", text=text, env=env) as serve:
            await until_served_by_the_candidate(serve)
            os.kill(serve.pids("gateway")[-1], signal.SIGKILL)
            assert {await first_name(serve) for _ in range(5)} <= {None, "Ann"}
            await serve.started_again("gateway", 2)
            await until_served_by_the_candidate(serve)
