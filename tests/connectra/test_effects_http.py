"""Effects between worker and gateway on a real socket: told with the answer, ordered by key, and by nobody else."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson
import pytest

from connectra.effects import Activity, Effect, Effects, EffectsAway
from tests.support.connectra_fake import Connectra, connectra
from tests.support.gateway import SECRET, Door, Got, gateway

ADA = "https://www.linkedin.com/in/ada"
LINKEDIN = "/api/v2/linkedin/"
ACTIVITY = Activity("linkedin", "search", {"url": ADA}, 1, {"contacts": 1, "companies": 0}, 1)
EFFECT = Effect("linkedin", "u1", "192.0.2.7", "tests/1.0", ACTIVITY)


class Kept(Effects):
    """Effects in memory; `why` not, if they can not be made."""

    def __init__(self) -> None:
        super().__init__(None)
        self.made: dict[str, Effect] = {}
        self.why: str | None = None

    async def ready(self) -> str | None:
        return self.why

    async def order(self, key: str, effect: Effect) -> bool:
        if self.why is not None:
            raise EffectsAway(self.why)
        first = key not in self.made
        self.made.setdefault(key, effect)
        return first

    async def known(self, key: str) -> bool:
        if self.why is not None:
            raise EffectsAway(self.why)
        return key in self.made


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        running.contacts.append({"uuid": "p1", "linkedin_url": ADA})
        yield running


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def door(fake: Connectra, kept: Kept) -> AsyncIterator[Door]:
    async with gateway(fake, effects=kept) as opened:
        yield opened


async def search(door: Door, url: str = ADA, **fields: str) -> Got:
    named: dict[str, str | bytes] = {name.replace("_", "-"): value for name, value in fields.items()}
    return await door.ask(LINKEDIN, method="POST", body=orjson.dumps({"url": url}), fields=named)


def told(got: Got) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(got.fields["x-crossfade-effect"])))


async def ours(door: Door, path: str, method: str = "GET", body: bytes = b"", **fields: str) -> Got:
    head: dict[str, str | bytes] = {"X-Crossfade-Secret": SECRET}
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return await door.ask(path, method=method, body=body, fields=head, vouched=False)


async def test_the_worker_is_told_what_legacy_would_have_recorded(door: Door) -> None:
    got = await search(door, f" {ADA} ", X_Forwarded_For="192.0.2.7, 10.0.0.1", User_Agent="tests/1.0")
    assert told(got) == asdict(EFFECT)


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"X_Forwarded_For": " 192.0.2.7 ,x", "X_Real_IP": "192.0.2.8"}, "192.0.2.7"),
        ({"X_Real_IP": "192.0.2.8"}, "192.0.2.8"),
        ({}, "127.0.0.1"),
    ],
    ids=["forwarded", "real ip", "peer"],
)
async def test_the_client_s_address_is_the_one_that_legacy_takes(
    door: Door, fields: dict[str, str], address: str
) -> None:
    assert told(await search(door, **fields))["address"] == address


async def test_a_request_without_a_user_agent_has_none(door: Door) -> None:
    assert told(await search(door))["agent"] is None


async def test_a_shadow_is_told_nothing(door: Door) -> None:
    got = await search(door, X_Crossfade_Shadow="1")
    assert (got.status, "x-crossfade-effect" in got.fields) == (200, False)


async def test_who_has_not_the_secret_is_told_nothing(door: Door) -> None:
    got = await search(door, X_Crossfade_Secret="wrong")
    assert "x-crossfade-effect" not in got.fields


async def test_an_effect_too_large_for_a_field_is_declined(door: Door) -> None:
    assert (await search(door, ADA + "?" + "x" * 40_000)).declined == "the effect is too large to be ordered"


async def test_a_search_makes_nothing_by_itself(door: Door, kept: Kept) -> None:
    await search(door)
    assert kept.made == {}


async def test_an_order_is_made_once_and_known_then(door: Door, kept: Kept) -> None:
    body = EFFECT.to_json()
    assert (await ours(door, "/-/effects/k1")).body == b'{"known":false}'
    assert (await ours(door, "/-/effects/k1", "POST", body)).body == b'{"done":true,"first":true}'
    assert (await ours(door, "/-/effects/k1", "POST", body)).body == b'{"done":true,"first":false}'
    assert (await ours(door, "/-/effects/k1")).body == b'{"known":true}'
    assert kept.made == {"k1": EFFECT}


async def test_a_description_that_is_none_is_refused_for_ever(door: Door, kept: Kept) -> None:
    assert ((await ours(door, "/-/effects/k1", "POST", b"{}")).status, kept.made) == (400, {})


async def test_a_database_that_gives_no_word_is_said(door: Door, kept: Kept) -> None:
    kept.why = "legacy's database: gone"
    for method, body in (("POST", EFFECT.to_json()), ("GET", b"")):
        got = await ours(door, "/-/effects/k1", method, body)
        assert (got.status, orjson.loads(got.body)) == (503, {"why": kept.why})


async def test_readiness_is_told_with_its_reason(door: Door, kept: Kept) -> None:
    assert orjson.loads((await ours(door, "/-/effects")).body) == {"ready": True, "why": None}
    kept.why = "no table"
    assert orjson.loads((await ours(door, "/-/effects")).body) == {"ready": False, "why": "no table"}


@pytest.mark.parametrize(
    "fields",
    [{"X_Crossfade_Secret": "wrong"}, {"X_Crossfade_Secret": ""}, {"X_Crossfade_Endpoint": "linkedin"}],
    ids=["wrong", "none", "on behalf of a client"],
)
async def test_nobody_else_orders_anything(door: Door, kept: Kept, fields: dict[str, str]) -> None:
    got = await ours(door, "/-/effects/k1", "POST", EFFECT.to_json(), **fields)
    assert (got.declined, kept.made) == ("no handler for this operation", {})
