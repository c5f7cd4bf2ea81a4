"""D-60 to D-69 of legacy-api.md §10.5: who is answered, how a failure looks, and what never gets here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from connectra.errors import Declined
from connectra.routes import find
from rollout.config import parse
from rollout.match import Matcher
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra, connectra
from tests.support.gateway import Door, gateway
from tests.support.replay import ENVIRONMENT
from tests.support.tables import route

CONTACT, CONTACTS = "/api/v1/contacts/p/", "/api/v1/contacts/"
LIST = "/api/v1/companies/company/c/contacts/"
LINKEDIN = "/api/v2/linkedin/"
SHIPPED = parse((Path(__file__).resolve().parents[2] / "rollout.yaml").read_text(), ENVIRONMENT).endpoints
MATCHER = Matcher([route(one.name, method=one.method, template=one.template) for one in SHIPPED])


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        running.contacts = [{"uuid": "p", "company_id": "c"}]
        running.companies = [{"uuid": "c", "name": "Sample"}]
        yield running


@pytest.fixture
async def door(fake: Connectra) -> AsyncIterator[Door]:
    async with gateway(fake) as opened:
        yield opened


@pytest.mark.parametrize("token", ["", "Basic eDp5", "Bearer wrong"])
async def test_d60_nobody_gets_a_401_from_here(door: Door, token: str) -> None:
    got = await door.ask(LIST + "?limit=abc", fields={"Authorization": token})
    assert (got.status, got.declined is None) == (409, False)
    assert (await door.ask(LIST)).status == 200


async def test_d61_a_company_that_could_not_be_looked_up_is_a_failure_and_no_404(fake: Connectra, door: Door) -> None:
    fake.behave["/companies/"] = fakes.SICK
    got = await door.ask(LIST)
    assert (got.status, got.error) == (503, "failed")
    fake.behave.clear()
    fake.companies = []
    assert ((await door.ask(LIST)).status, (await door.ask(LIST)).error) == (404, None)


async def test_d62_an_unavailable_service_is_named_as_an_error(fake: Connectra, door: Door) -> None:
    fake.behave["*"] = fakes.LIMITED
    got = await door.ask(CONTACT)
    assert (got.status, got.error, got.declined) == (503, "limited", None)


@pytest.mark.parametrize("target", [LIST, CONTACTS])
async def test_d63_an_unknown_order_is_declined_and_a_known_one_is_not(door: Door, target: str) -> None:
    assert (await door.ask(target + "?ordering=nonsense")).declined == "parameter ordering"
    assert (await door.ask(target + "?ordering=-created_at")).status == 200


async def test_d64_what_legacy_answers_with_500_is_declined(door: Door) -> None:
    assert (await door.ask(LIST + f"?limit={1 << 63}")).declined == "parameter limit"
    assert (await door.ask(LIST + "?limit=1000")).status == 200


@pytest.mark.parametrize("query", ["limit=abc", "offset=-1", "page=0"])
async def test_d65_what_legacy_answers_with_422_is_declined(door: Door, query: str) -> None:
    name = query.partition("=")[0]
    assert (await door.ask(f"{LIST}?{query}")).declined == f"parameter {name}"


@pytest.mark.parametrize("target", [CONTACTS, CONTACT, LIST])
def test_d66_a_path_without_its_slash_is_no_endpoint(target: str) -> None:
    assert MATCHER.find("GET", target.rstrip("/")) is None
    assert MATCHER.find("GET", target) is not None
    with pytest.raises(Declined):
        find("GET", target.rstrip("/"))


async def test_d67_fields_that_speak_of_this_side_are_its_own(door: Door) -> None:
    got = await door.ask(CONTACT)
    assert float(got.fields["x-process-time"]) >= 0
    assert got.fields["content-type"] == "application/json"


def test_d68_of_the_requests_that_leave_something_only_the_search_is_an_endpoint() -> None:
    assert [(one.name, one.effects) for one in SHIPPED if one.method != "GET"] == [("linkedin", True)]
    for target in ("/api/v2/exports/contacts/export", "/api/v2/linkedin/export", "/api/v2/email/export"):
        assert MATCHER.find("POST", target) is None


async def test_d68_a_search_only_reads(fake: Connectra, door: Door) -> None:
    body = orjson.dumps({"url": "https://linkedin.com/in/ada"})
    got = await door.ask(LINKEDIN, method="POST", body=body, fields={"Content-Type": "application/json"})
    assert got.status == 200
    assert all(path.endswith(("/", "/count", "/filters", "/data")) for path in fake.paths())


async def test_d69_a_record_is_as_fresh_as_connectra_unless_an_age_was_asked_for(fake: Connectra, door: Door) -> None:
    first = (await door.ask(CONTACT)).body
    fake.contacts = [{"uuid": "p", "first_name": "Ada"}]
    assert (await door.ask(CONTACT)).body != first


async def test_d69_with_an_age_a_record_may_be_that_old(fake: Connectra, door: Door) -> None:
    fields: dict[str, str | bytes] = {"X-Crossfade-Endpoint": "contact", "X-Crossfade-Cache": "5"}
    first = (await door.ask(CONTACT, fields=fields)).body
    fake.contacts = [{"uuid": "p", "first_name": "Ada"}]
    assert (await door.ask(CONTACT, fields=fields)).body == first
    assert (await door.ask(CONTACT)).body != first
