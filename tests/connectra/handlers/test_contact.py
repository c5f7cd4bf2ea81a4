"""GET /api/v1/contacts/{contact_uuid}/."""

from __future__ import annotations

import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import ConnectraError, Misread, Unavailable
from connectra.handlers.base import Given
from connectra.handlers.contact import contact
from connectra.shapes import contact_detail
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Behave, Connectra

ASKED = Asked({"contact_uuid": "p"}, "http://api.test/api/v1/contacts/p/", endpoint="contact")


async def test_a_contact_comes_with_its_company_in_one_call(fake: Connectra, client: Client) -> None:
    person, firm = {"uuid": "p", "company_id": "c"}, {"uuid": "c", "name": "Sample"}
    fake.contacts, fake.companies = [person], [firm]
    assert await contact(client, ASKED) == Given(200, contact_detail({**person, "company": firm}))
    assert len(fake.calls) == 1


async def test_a_contact_with_a_dangling_company_has_none(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "p", "company_id": "gone"}]
    given = await contact(client, ASKED)
    assert (given.body["company_detail"], given.body["company"]) == (None, None)


async def test_an_unknown_contact_is_not_found_in_legacys_words(client: Client) -> None:
    assert await contact(client, ASKED) == Given(404, {"detail": "Contact not found"})


async def test_the_query_is_ignored_as_legacy_ignores_it(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "p"}]
    given = await contact(client, Asked(ASKED.params, ASKED.url, query=[("title", "x"), ("limit", "0")]))
    assert given.status == 200


async def test_connectra_is_told_the_endpoint(fake: Connectra, client: Client) -> None:
    await contact(client, ASKED)
    assert fake.calls[0].headers["X-Crossfade-Endpoint"] == "contact"


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (fakes.gives({"data": [{"uuid": "other"}]}), Misread),
        (fakes.gives({"success": True}), Misread),
        (fakes.gives({"data": [{"uuid": "p", "created_at": "soon"}]}), Misread),
        (fakes.gives({"data": [{"uuid": "p", "company": {"uuid": "c", "employees_count": "many"}}]}), Misread),
        (fakes.PANIC, Unavailable),
    ],
)
async def test_an_answer_that_is_none_never_becomes_a_404(
    fake: Connectra, client: Client, behave: Behave, kind: type[ConnectraError]
) -> None:
    fake.behave["*"] = behave
    with pytest.raises(kind):
        await contact(client, ASKED)
