"""What the gateway's answers look like: legacy's bytes and fields (legacy-api.md §2.4)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator

import pytest

from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import Connectra, connectra
from tests.support.gateway import Door, gateway

CONTACT = "/api/v1/contacts/p/"
LIST = "/api/v1/companies/company/c/contacts/"


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


async def sized(door: Door, fake: Connectra, size: int) -> None:
    """Makes the company's answer exactly this long."""
    length = len((await door.ask("/api/v1/companies/c/")).body)
    fake.companies[0]["name"] = "Sample" + "x" * (size - length)


async def test_an_answer_is_compact_json_in_legacys_key_order(door: Door) -> None:
    got = await door.ask(CONTACT)
    assert got.body.startswith(b'{"uuid":"p","first_name":null,"last_name":null,"title":null,"company":"Sample",')


async def test_letters_outside_ascii_are_written_as_they_are(door: Door, fake: Connectra) -> None:
    fake.contacts[0]["first_name"] = "Zoë <&>"
    assert '"first_name":"Zoë <&>"'.encode() in (await door.ask(CONTACT)).body


async def test_an_answer_is_json_without_a_charset(door: Door) -> None:
    assert (await door.ask(CONTACT)).fields["content-type"] == "application/json"


async def test_a_missing_record_is_legacys_404(door: Door) -> None:
    got = await door.ask("/api/v1/contacts/nobody/")
    assert (got.status, got.body) == (404, b'{"detail":"Contact not found"}')


async def test_an_id_is_decoded_once(door: Door, fake: Connectra) -> None:
    await door.ask("/api/v1/contacts/a%20%C3%A9%2541/")
    assert fake.calls[0].must() == {"uuid": ["a é%41"]}


async def test_the_process_time_has_six_decimals(door: Door) -> None:
    assert re.fullmatch(r"\d+\.\d{6}", (await door.ask(CONTACT)).fields["x-process-time"])


@pytest.mark.parametrize("name", ["abc", "ü", "a b;c=\"d\""])
async def test_a_request_id_is_echoed_verbatim(door: Door, name: str) -> None:
    assert (await door.ask(CONTACT, fields={"X-Request-Id": name})).fields["x-request-id"] == name


@pytest.mark.parametrize("name", ["X-Request-Id", "Origin"])
async def test_a_field_that_can_not_be_echoed_verbatim_is_declined(door: Door, name: str) -> None:
    got = await door.ask(CONTACT, fields={name: b"a\xff"})
    assert (got.status, got.declined) == (409, f"{name} is no text")


async def test_no_request_id_is_made_up(door: Door) -> None:
    assert "x-request-id" not in (await door.ask(CONTACT)).fields


async def test_an_answer_of_999_bytes_is_plain(door: Door, fake: Connectra) -> None:
    await sized(door, fake, 999)
    got = await door.ask("/api/v1/companies/c/", fields={"Accept-Encoding": "gzip"})
    assert (len(got.body), "vary" in got.fields, "content-encoding" in got.fields) == (999, False, False)


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=0", "GZIP, gzip"])
async def test_an_answer_of_1000_bytes_is_packed_for_whoever_says_gzip(
    door: Door, fake: Connectra, accepted: str
) -> None:
    await sized(door, fake, 1000)
    got = await door.ask("/api/v1/companies/c/", fields={"Accept-Encoding": accepted})
    assert (got.fields["content-encoding"], got.fields["vary"]) == ("gzip", "Accept-Encoding")
    assert len(gzip.decompress(got.body)) == 1000


@pytest.mark.parametrize("accepted", ["", "br", "identity"])
async def test_an_answer_of_1000_bytes_varies_though_it_is_plain(door: Door, fake: Connectra, accepted: str) -> None:
    await sized(door, fake, 1000)
    got = await door.ask("/api/v1/companies/c/", fields={"Accept-Encoding": accepted})
    assert (len(got.body), got.fields["vary"]) == (1000, "Accept-Encoding")
    assert "content-encoding" not in got.fields


@pytest.mark.parametrize(
    ("forwarded", "scheme"), [(None, "http"), ("https", "https"), ("HTTPS", "http"), ("ftp", "http")]
)
async def test_a_next_link_has_the_scheme_that_legacy_would_write(
    door: Door, forwarded: str | None, scheme: str
) -> None:
    fields: dict[str, str | bytes] = {"X-Forwarded-Host": "evil.test"}
    if forwarded is not None:
        fields["X-Forwarded-Proto"] = forwarded
    got = await door.ask(LIST + "?limit=1", fields=fields)
    assert json.loads(got.body)["next"] == f"{scheme}://api.test{LIST}?limit=1&offset=1"


async def test_without_an_origin_there_are_no_cors_fields(door: Door) -> None:
    assert not [name for name in (await door.ask(CONTACT)).fields if name.startswith("access-control")]


async def test_a_page_of_another_origin_may_read_the_answer(door: Door) -> None:
    fields = (await door.ask(CONTACT, fields={"Origin": "https://app.test"})).fields
    assert fields["access-control-allow-origin"] == "*"
    assert (fields["access-control-allow-credentials"], fields["access-control-expose-headers"]) == ("true", "*")


async def test_with_a_cookie_the_origin_is_echoed_and_varies(door: Door, fake: Connectra) -> None:
    await sized(door, fake, 1000)
    asked: dict[str, str | bytes] = {"Origin": "https://app.test", "Cookie": "a=b"}
    fields = (await door.ask("/api/v1/companies/c/", fields=asked)).fields
    assert fields["access-control-allow-origin"] == "https://app.test"
    assert fields["vary"] == "Accept-Encoding, Origin"


async def test_a_slow_connectra_is_unavailable(fake: Connectra) -> None:
    fake.behave["*"] = fake.hang
    async with gateway(fake, seconds=0.05) as hurried:
        got = await hurried.ask(CONTACT)
    assert (got.status, got.error) == (503, "unavailable")


async def test_a_failure_of_one_of_two_calls_does_not_wait_for_the_other(door: Door, fake: Connectra) -> None:
    fake.behave["/companies/"], fake.behave["/contacts/"] = fake.hang, fakes.LIMITED
    got = await door.ask(LIST)
    assert (got.status, got.error) == (503, "limited")
