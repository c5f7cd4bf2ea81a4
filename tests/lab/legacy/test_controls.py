from __future__ import annotations

import asyncio

import pytest

from tests.support.reference import Reference

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_latency_rule_set_by_http_is_shown_and_cleared(lab: Reference) -> None:
    rule = {"median_ms": 1.0, "sigma": 0.0, "match": "/api/"}
    assert await lab.ask("PUT", "/lab/latency/", rule) == (200, [rule])
    assert await lab.ask("GET", "/lab/latency/") == (200, [rule])
    assert await lab.ask("DELETE", "/lab/latency/") == (200, [])


async def test_a_held_request_is_answered_only_after_its_time(lab: Reference) -> None:
    rule = {"median_ms": 60.0, "sigma": 0.0, "match": "/api/v1/contacts/count/"}
    await lab.ask("PUT", "/lab/latency/", rule)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await lab.ask("GET", "/api/v1/contacts/count/")
    took = loop.time() - begun
    await lab.ask("DELETE", "/lab/latency/")
    assert took >= 0.06


@pytest.mark.parametrize("wrong", [{}, {"median_ms": -1}, {"median_ms": 1, "sigma": 9}, {"median_ms": 1, "x": 1}])
async def test_a_wrong_latency_rule_is_refused(lab: Reference, wrong: dict[str, float]) -> None:
    status, _ = await lab.ask("PUT", "/lab/latency/", wrong)
    assert status == 422


async def test_a_quirk_is_switched_while_the_server_runs(lab: Reference) -> None:
    path = "/api/v1/contacts/?limit=1&view=simple"
    mended, _ = await lab.ask("GET", path)
    await lab.ask("PUT", "/lab/quirks/", {"on": ["LQ-14"]})
    async with lab.session.get(path) as answer:
        as_built = answer.status
    await lab.ask("PUT", "/lab/quirks/", {"off": ["LQ-14"]})
    assert (mended, as_built) == (200, 500)


async def test_a_wrong_quirk_name_is_refused(lab: Reference) -> None:
    status, body = await lab.ask("PUT", "/lab/quirks/", {"off": ["x"]})
    assert (status, body["detail"].split(";")[0]) == (422, "no quirk is called 'x'")


@pytest.mark.parametrize("path", ["/lab/latency/", "/lab/quirks/"])
async def test_switches_need_a_token(lab: Reference, path: str) -> None:
    async with lab.session.get(path, headers={"Authorization": ""}) as answer:
        assert answer.status == 401


async def test_readiness_needs_no_token(lab: Reference) -> None:
    async with lab.session.get("/health", headers={"Authorization": ""}) as answer:
        assert answer.status == 200
