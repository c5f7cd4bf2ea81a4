"""Faults, service times and switches over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from lab.connectra.switches import Switches
from tests.support.standin import API_KEY, filled, serving

KEY = {"X-API-Key": API_KEY}
NUMBERS: list[dict[str, Any]] = [{"uuid": f"{number:02}", "employees_count": number + 1} for number in range(40)]
ALL = {"limit": 100, "order_by": [{"order_by": "uuid"}]}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(filled("company", NUMBERS)) as url, aiohttp.ClientSession(url) as session:
        yield session


async def switch(session: aiohttp.ClientSession, name: str, value: Any) -> Any:
    async with session.put(f"/lab/{name}", json=value) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def companies(session: aiohttp.ClientSession, endpoint: str = "company") -> list[int]:
    headers = KEY | {"X-Crossfade-Endpoint": endpoint}
    async with session.post("/companies/", json=ALL, headers=headers) as answer:
        assert answer.status == 200
        return [record.get("employees_count", 0) for record in (await answer.json())["data"]]


async def status(session: aiohttp.ClientSession) -> tuple[int, bytes]:
    async with session.post("/companies/", json=ALL, headers=KEY) as answer:
        return answer.status, await answer.read()


async def test_a_wrong_number_hits_the_same_tenth_in_one_endpoint_only(session: aiohttp.ClientSession) -> None:
    rule = {"endpoint": "company", "field": "employees_count", "action": "wrong", "share": 0.2}
    await switch(session, "fields", rule)
    right = [record["employees_count"] for record in NUMBERS]
    first, again = await companies(session), await companies(session)
    assert await companies(session, "contact") == right
    assert first == again != right
    assert {given - wanted for given, wanted in zip(first, right, strict=True)} == {0, 1}


async def test_a_field_can_be_missing(session: aiohttp.ClientSession) -> None:
    await switch(session, "fields", {"field": "employees_count", "action": "missing"})
    assert set(await companies(session)) == {0}


async def test_a_company_shared_by_contacts_is_made_wrong_once() -> None:
    firm = "53a8d655-c38a-5551-bcb0-a6816ec9b42c"
    engine = filled("company", [{"uuid": firm, "employees_count": 5}])
    filled("contact", [{"uuid": "a", "company_id": firm}, {"uuid": "b", "company_id": firm}], engine)
    async with serving(engine) as url, aiohttp.ClientSession(url) as session:
        await switch(session, "fields", {"field": "company.employees_count", "action": "wrong"})
        body = {"company_config": {"populate": True}}
        async with session.post("/contacts/", json=body, headers=KEY) as answer:
            data = (await answer.json())["data"]
    assert [record["company"]["employees_count"] for record in data] == [6, 6]
    assert engine.companies.rows[firm].shown["employees_count"] == 5


@pytest.mark.parametrize(
    ("kind", "wanted", "start"),
    [
        ("error", 500, b'{"error":"ERR_ELASTICSEARCH_FAILURE'),
        ("panic", 500, b""),
        ("html", 200, b"<!doctype html>"),
        ("unauthorized", 401, b'{"error":"unauthorized"'),
        ("rate_limited", 429, b'{"error":"rate limit exceeded"'),
        ("empty", 200, b'{"data":[],"success":true}'),
    ],
)
async def test_a_fault_answers(session: aiohttp.ClientSession, kind: str, wanted: int, start: bytes) -> None:
    await switch(session, "faults", {"kind": kind})
    code, body = await status(session)
    assert code == wanted
    assert body.startswith(start)
    async with session.delete("/lab/faults") as answer:
        assert answer.status == 200
    assert (await status(session))[0] == 200


async def test_a_wrong_record_is_never_the_one_asked_for(session: aiohttp.ClientSession) -> None:
    await switch(session, "faults", {"kind": "wrong_record"})
    body = {"where": {"keyword_match": {"must": {"uuid": "07"}}}}
    async with session.post("/companies/", json=body, headers=KEY) as answer:
        assert [record["uuid"] for record in (await answer.json())["data"]] == ["08"]


async def test_a_dropped_connection_gives_no_answer(session: aiohttp.ClientSession) -> None:
    await switch(session, "faults", {"kind": "drop"})
    with pytest.raises(aiohttp.ClientError):
        await status(session)


async def test_half_an_answer_ends_early(session: aiohttp.ClientSession) -> None:
    await switch(session, "faults", {"kind": "half"})
    with pytest.raises(aiohttp.ClientPayloadError):
        await status(session)


async def test_a_hanging_request_gives_no_answer_and_does_not_hold_up_the_end() -> None:
    async with serving(filled("company", NUMBERS), Switches()) as url, aiohttp.ClientSession(url) as session:
        await switch(session, "faults", {"kind": "hang", "endpoint": "company"})
        headers = KEY | {"X-Crossfade-Endpoint": "company"}
        with pytest.raises(asyncio.TimeoutError):
            await session.post("/companies/", json=ALL, headers=headers, timeout=aiohttp.ClientTimeout(total=0.1))
        assert (await status(session))[0] == 200


async def test_a_slow_endpoint_takes_its_drawn_time(session: aiohttp.ClientSession) -> None:
    await switch(session, "latency", {"match": {"endpoint": "company"}, "median_ms": 60, "sigma": 0})
    begun = asyncio.get_running_loop().time()
    await companies(session)
    assert asyncio.get_running_loop().time() - begun >= 0.060


async def test_the_state_needs_no_key_and_shows_the_switches(session: aiohttp.ClientSession) -> None:
    await switch(session, "lag", {"seconds": 1.5})
    async with session.get("/lab/state") as answer:
        state = await answer.json()
    assert state["switches"]["lag"] == 1.5
    async with session.delete("/lab/") as answer:
        assert (await answer.json())["switches"]["lag"] == 0.0


async def test_an_outage_is_switched_on_shown_and_cleared(session: aiohttp.ClientSession) -> None:
    state = await switch(session, "outages", {"database": "down", "pooled": 2})
    assert state["switches"]["outages"] == {"database": "down", "engine": "up", "pooled": 2}
    assert (await status(session))[0] == 500
    async with session.delete("/lab/outages") as answer:
        assert (await answer.json())["switches"]["outages"] == {"database": "up", "engine": "up", "pooled": 0}
    assert (await status(session))[0] == 200


async def test_an_ended_process_answers_nobody_until_it_is_started_again(session: aiohttp.ClientSession) -> None:
    await switch(session, "outages", {"engine": "down_at_start"})
    with pytest.raises(aiohttp.ClientError):
        await session.post("/companies/batch-upsert", data=b"[]", headers=KEY)
    with pytest.raises(aiohttp.ClientError):
        await session.get("/health", headers=KEY)
    async with session.get("/lab/state") as answer:
        assert (await answer.json())["process"] == "ended"
    assert (await switch(session, "outages", {"engine": "up"}))["process"] == "running"
    assert (await status(session))[0] == 200


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came before the connection was closed or reset."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_request_under_way_when_the_process_ends_gets_no_answer(session: aiohttp.ClientSession) -> None:
    await switch(session, "outages", {"engine": "down_at_start"})
    await switch(session, "faults", {"kind": "hang", "path": "/health"})
    async with session.get("/lab/state") as answer:
        address = answer.url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: lab\r\n\r\n")
    await writer.drain()
    with pytest.raises(aiohttp.ClientError):
        await session.post("/companies/batch-upsert", data=b"[]", headers=KEY)
    async with asyncio.timeout(5):
        assert await until_closed(reader) == b""
    writer.close()


async def test_the_tokens_left_can_be_set_and_given_back(session: aiohttp.ClientSession) -> None:
    await switch(session, "rate", {"tokens": 1})
    assert [(await status(session))[0] for _ in range(3)] == [200, 429, 429]
    async with session.delete("/lab/rate") as answer:
        assert (await answer.json())["switches"]["rate"] is None
    assert (await status(session))[0] == 200


async def test_a_bad_switch_is_400_with_the_reason(session: aiohttp.ClientSession) -> None:
    async with session.put("/lab/faults", data=b"{") as answer:
        assert (answer.status, "not JSON" in await answer.text()) == (400, True)
    async with session.put("/lab/nothing", json={}) as answer:
        assert answer.status == 404


async def test_a_body_of_several_megabytes_is_read(session: aiohttp.ClientSession) -> None:
    body = {"where": {"keyword_match": {"must": {"uuid": [f"{number:060}" for number in range(65_536)]}}}}
    async with session.post("/companies/count", data=BytesIO(json.dumps(body).encode()), headers=KEY) as answer:
        assert await answer.json() == {"count": 0, "success": True}
