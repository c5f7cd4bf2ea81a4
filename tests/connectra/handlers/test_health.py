"""GET /api/v1/health/vql out of the gateway (legacy-api.md §8)."""

from __future__ import annotations

import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined
from connectra.handlers.health import health_vql
from tests.support.connectra_fake import HTML, KEY, Behave, Connectra, drops, gives

ON = '{"CONNECTRA_ENABLED": true, "VQL_EXPORTS": false}'


def asked(flags: str | None = ON) -> Asked:
    headers = {} if flags is None else {"X-Crossfade-Flags": flags}
    return Asked({}, "http://api.test/api/v1/health/vql", headers=headers)


async def test_a_healthy_connectra_is_told_in_the_contracts_shape(client: Client) -> None:
    given = await health_vql(client, asked())
    assert (given.status, given.body) == (200, {
        "connectra_enabled": True, "connectra_status": "healthy", "connectra_base_url": "",
        "connectra_details": {"status": "ok"}, "monitoring_available": True,
        "feature_flags": {"CONNECTRA_ENABLED": True, "VQL_EXPORTS": False},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("behave", "status"),
    [
        (drops, "unavailable"),
        (gives({}, 500), "unavailable"),
        (gives({"error": "unauthorized"}, 401), "unhealthy"),
        (HTML, "unhealthy"),
    ],
    ids=["dropped", "500", "401", "a page"],
)
async def test_trouble_is_still_an_answer_of_200(fake: Connectra, client: Client, behave: Behave, status: str) -> None:
    fake.behave["/health"] = behave
    given = await health_vql(client, asked())
    assert (given.status, given.body["connectra_status"]) == (200, status)


async def test_neither_address_nor_key_is_told(fake: Connectra, client: Client) -> None:
    fake.behave["/health"] = drops
    said = str((await health_vql(client, asked())).body)
    assert (fake.url in said, "127.0.0.1" in said, KEY in said) == (False, False, False)


async def test_while_it_is_switched_off_connectra_is_not_asked(fake: Connectra, client: Client) -> None:
    given = await health_vql(client, asked('{"CONNECTRA_ENABLED": false}'))
    assert (given.body["connectra_status"], fake.calls) == ("unavailable", [])


@pytest.mark.parametrize("flags", [None, "", "{", "[]", '{"CONNECTRA_ENABLED": "true"}'])
async def test_without_the_workers_word_legacy_answers(client: Client, flags: str | None) -> None:
    with pytest.raises(Declined, match="flags"):
        await health_vql(client, asked(flags))
