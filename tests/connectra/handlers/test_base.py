"""What handlers of one record share."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Unavailable
from connectra.handlers.base import Given, Single, not_found
from connectra.wire import Record
from tests.support.connectra_fake import Connectra, gives

PEOPLE = Single("person", "contacts", "Person", lambda record: {"id": record["uuid"]})
ASKED = Asked({"person": "p"}, "http://api.test/people/p/", endpoint="person")


async def test_a_record_is_looked_up_by_the_named_parameter_and_shaped(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "other"}, {"uuid": "p"}]
    assert await PEOPLE(client, ASKED) == Given(200, {"id": "p"})


async def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert await PEOPLE(client, ASKED) == Given(404, {"detail": "Person not found"})


@pytest.mark.parametrize("populate", [True, False])
async def test_the_company_is_asked_for_where_it_is_wanted(fake: Connectra, client: Client, populate: bool) -> None:
    await Single("person", "contacts", "Person", dict, populate=populate).found(client, ASKED)
    (call,) = fake.calls
    assert bool(call.body.get("company_config", {}).get("populate")) is populate


async def test_a_failure_is_no_absence(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = gives({"error": "down"}, 500)
    with pytest.raises(Unavailable):
        await PEOPLE.found(client, ASKED)


@pytest.mark.parametrize("record", [{"uuid": "p"}, None])
def test_a_record_out_of_the_cache_makes_the_same_answer(record: Record | None) -> None:
    made: dict[bool, Any] = {True: Given(200, {"id": "p"}), False: not_found("Person")}
    assert PEOPLE.given(record) == made[record is not None]
