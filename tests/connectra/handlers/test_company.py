"""GET /api/v1/companies/{company_uuid}/."""

from __future__ import annotations

import pytest

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import RefusedByIt
from connectra.handlers.base import Given
from connectra.handlers.company import company
from connectra.shapes import company_detail
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra

ASKED = Asked({"company_uuid": "c"}, "http://api.test/api/v1/companies/c/", endpoint="company")


async def test_a_company_is_answered_in_legacys_shape(fake: Connectra, client: Client) -> None:
    fake.companies = [{"uuid": "b"}, {"uuid": "c", "name": "Sample"}]
    assert await company(client, ASKED) == Given(200, company_detail({"uuid": "c", "name": "Sample"}))


async def test_an_unknown_company_is_not_found_in_legacys_words(client: Client) -> None:
    assert await company(client, ASKED) == Given(404, {"detail": "Company not found"})


async def test_a_404_of_connectra_is_no_missing_company(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.gives_bytes(b"404 page not found", 404)
    with pytest.raises(RefusedByIt):
        await company(client, ASKED)
