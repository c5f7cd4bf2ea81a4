"""The gateway's cache of single records, through a real gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from connectra.cache import Cache
from tests.support import connectra_fake as fakes
from tests.support.clock import Clock
from tests.support.connectra_fake import Connectra, answer, connectra
from tests.support.gateway import SECRET, Door, Got, gateway

CONTACT = "/api/v1/contacts/p/"
COMPANY = "/api/v1/companies/c/"
ASKS: dict[str, str | bytes] = {"X-Crossfade-Endpoint": "contact", "X-Crossfade-Cache": "5"}


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        running.contacts = [{"uuid": "p", "first_name": "Ada"}, {"uuid": "q", "first_name": "Bob"}]
        running.companies = [{"uuid": "c", "name": "Sample"}]
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def door(fake: Connectra, clock: Clock) -> AsyncIterator[Door]:
    async with gateway(fake, cache=Cache(clock=clock)) as opened:
        yield opened


async def ask(door: Door, target: str = CONTACT, **fields: str) -> Got:
    """As a worker asks for an endpoint that has a cache; underscores stand for hyphens."""
    return await door.ask(target, fields=ASKS | {name.replace("_", "-"): value for name, value in fields.items()})


async def forget(door: Door, endpoint: str = "contact", secret: str = SECRET, **params: str) -> Got:
    body = json.dumps([{"endpoint": endpoint, "params": params}]).encode()
    return await door.ask("/-/forget", method="POST", body=body, fields={"X-Crossfade-Secret": secret})


def said(got: Got) -> str | None:
    return got.fields.get("x-crossfade-cache")


async def test_the_second_request_costs_no_call(door: Door, fake: Connectra) -> None:
    first, second = await ask(door), await ask(door)
    assert (said(first), said(second), len(fake.calls)) == ("miss", "hit", 1)


async def test_a_hit_is_answered_like_a_miss(door: Door) -> None:
    first, second = await ask(door), await ask(door)
    assert (second.status, second.body) == (first.status, first.body)


async def test_that_there_is_no_record_is_kept_too(door: Door, fake: Connectra) -> None:
    first, second = [await ask(door, "/api/v1/contacts/none/") for _ in range(2)]
    assert (second.status, second.body, said(second), len(fake.calls)) == (404, first.body, "hit", 1)


async def test_it_is_off_unless_the_worker_says_otherwise(door: Door, fake: Connectra) -> None:
    got = [await door.ask(CONTACT, fields={"X-Crossfade-Endpoint": "contact"}) for _ in range(2)]
    assert (said(got[1]), len(fake.calls)) == (None, 2)


async def test_who_lacks_the_secret_can_not_turn_it_on(door: Door, fake: Connectra) -> None:
    shadow = {"X-Crossfade-Shadow": "0", "X-Crossfade-Secret": "wrong"}
    await ask(door)
    got = await ask(door, **shadow)
    assert (got.status, got.declined, said(got)) == (409, "caller not confirmed by legacy", None)


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
async def test_an_unauthorised_caller_never_sees_a_cached_record(door: Door, authorization: str) -> None:
    assert said(await ask(door)) == "miss"
    got = await ask(door, Authorization=authorization)
    assert (got.status, got.body, said(got)) == (409, b"", None)


async def test_an_unconfirmed_caller_never_sees_a_cached_record(door: Door) -> None:
    assert said(await ask(door)) == "miss"
    got = await ask(door, X_Crossfade_Vouched="0")
    assert (got.status, got.body) == (409, b"")


@pytest.mark.parametrize("name", ["X-Crossfade-Shadow", "X-Crossfade-Recheck"])
async def test_shadows_and_rechecks_do_not_read_it(door: Door, fake: Connectra, name: str) -> None:
    await ask(door)
    fake.contacts[0]["first_name"] = "Eve"
    got = await ask(door, **{name: "1"})
    assert (json.loads(got.body)["first_name"], said(got)) == ("Eve", None)


@pytest.mark.parametrize("name", ["X-Crossfade-Shadow", "X-Crossfade-Recheck"])
async def test_shadows_and_rechecks_do_not_fill_it(door: Door, name: str) -> None:
    await ask(door, **{name: "1"})
    assert said(await ask(door)) == "miss"


async def test_a_record_as_old_as_allowed_is_asked_for_again(door: Door, clock: Clock) -> None:
    await ask(door)
    clock.now += 4.9
    young = said(await ask(door))
    clock.now += 0.1
    assert (young, said(await ask(door))) == ("hit", "miss")


async def test_a_list_is_never_cached(door: Door) -> None:
    got = [await ask(door, "/api/v1/companies/company/c/contacts/") for _ in range(2)]
    assert [said(one) for one in got] == [None, None]


async def test_an_error_is_not_kept(door: Door, fake: Connectra) -> None:
    fake.behave["*"] = fakes.SICK
    assert (await ask(door)).status == 503
    fake.behave.clear()
    assert said(await ask(door)) == "miss"


async def test_a_write_makes_its_record_forgotten(door: Door) -> None:
    await ask(door)
    assert (await forget(door, contact_uuid="p")).status == 204
    assert said(await ask(door)) == "miss"


async def test_a_write_leaves_other_records_and_other_endpoints(door: Door) -> None:
    other = "/api/v1/contacts/q/"
    await ask(door, other)
    await ask(door, COMPANY, X_Crossfade_Endpoint="company")
    await forget(door, contact_uuid="p")
    got = await ask(door, other), await ask(door, COMPANY, X_Crossfade_Endpoint="company")
    assert [said(one) for one in got] == ["hit", "hit"]


async def test_a_write_that_names_no_record_makes_all_of_the_endpoint_forgotten(door: Door) -> None:
    for target in (CONTACT, "/api/v1/contacts/q/"):
        await ask(door, target)
    await forget(door)
    assert [said(await ask(door, target)) for target in (CONTACT, "/api/v1/contacts/q/")] == ["miss", "miss"]


@pytest.mark.parametrize("params", [{"contact_uuid": "p"}, {}])
async def test_a_look_up_that_a_write_overtook_fills_nothing(
    door: Door, fake: Connectra, params: dict[str, str]
) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return answer({"data": [{"uuid": "p", "first_name": "Old"}], "success": True})

    fake.behave["*"] = slow
    async with asyncio.TaskGroup() as group:
        early = group.create_task(ask(door))
        await arrived.wait()
        await forget(door, **params)
        go_on.set()
    fake.behave.clear()
    assert (json.loads(early.result().body)["first_name"], said(await ask(door))) == ("Old", "miss")


async def test_only_a_worker_can_make_it_forget(door: Door) -> None:
    await ask(door)
    got = await forget(door, contact_uuid="p", secret="wrong")
    assert (got.status, got.declined, said(await ask(door))) == (409, "no handler for this operation", "hit")


async def test_the_gateway_says_why_it_forgets_nothing(door: Door) -> None:
    got = await door.ask("/-/forget", method="POST", body=b"{}", fields={"X-Crossfade-Secret": SECRET})
    assert (got.status, got.body) == (400, b"/-/forget: a list of {endpoint, params} was expected")
