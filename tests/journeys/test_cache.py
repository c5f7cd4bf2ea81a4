"""The whole program with a cache of single records: two workers, one gateway, and a file that says `cache`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import jwt

from tests.support.backends import FailingBackend
from tests.support.connectra_fake import KEY, connectra
from tests.support.host import PATIENCE, Host, host

SECRET = "a secret of 32 bytes, as HS256 has it"
FILE = """\
version: 1
legacy: {{url: "{legacy}", timeout: 5s}}
connectra: {{url: "{connectra}", api_key: "{key}", cache: 60s}}
phases:
  - name: single-record
    bake: 1h
    endpoints:
      contact:
        match: GET /api/v1/contacts/{{contact_uuid}}/
        candidate: connectra
        serve_deadline: 2s
        percent: 100
        written_by: ["PATCH /lab/contacts/{{contact_uuid}}/"]
"""
LEGACY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"from":"legacy"}'
CONTACT = "/api/v1/contacts/c1/"


async def until_read(serve: Host, word: str) -> None:
    """Waits until a caller who writes nothing has an answer with this word."""
    claims = {"sub": "ann", "type": "access", "exp": int(time.time()) + 600}
    fields = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(headers=fields) as session:
        while True:
            async with session.get(serve.url + CONTACT) as answer:
                if word in await answer.text():
                    return
            await asyncio.sleep(0.02)


async def until_hits_are_counted(serve: Host) -> None:
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{serve.metrics}/metrics") as answer:
                if 'crossfade_cache_total{endpoint="contact",result="hit"}' in await answer.text():
                    return
            await until_read(serve, "first_name")


async def test_a_record_is_kept_counted_and_new_after_a_write(tmp_path: Path, dsn: str) -> None:
    async with FailingBackend(LEGACY) as legacy, connectra() as running:
        running.contacts.append({"uuid": "c1", "first_name": "Ann"})
        text = FILE.format(legacy=legacy.url, connectra=running.url, key=KEY)
        env = {"CONNECTRA_ENABLED": "true", "LEGACY_JWT_SECRET": SECRET}
        async with host(tmp_path, dsn, legacy.url, "", text=text, env=env, workers=2) as serve:
            await until_read(serve, "Ann")
            await until_hits_are_counted(serve)
            running.contacts[0]["first_name"] = "Eve"
            async with aiohttp.ClientSession() as session, session.patch(f"{serve.url}/lab/contacts/c1/") as answer:
                assert answer.status == 200
            await until_read(serve, "Eve")
