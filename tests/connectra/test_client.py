"""The client against a real socket: every way in which a service can fail is an error of ours, and none an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from connectra import client as module
from connectra.client import Client
from connectra.errors import ConnectraError, Misread, RefusedByIt, RefusedByUs, TooMany, Unavailable
from connectra.vql import Keyword, Query
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import KEY, Behave, Connectra, connectra

OF_COMPANY = Query("contacts", (Keyword("company_id", ("c",)),))


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        yield running


@pytest.fixture
async def client(fake: Connectra) -> AsyncIterator[Client]:
    opened = Client(fake.url + "/", KEY, 5.0)
    yield opened
    await opened.close()


async def test_a_record_is_found_by_its_uuid(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "a"}, {"uuid": "b", "title": "x"}]
    assert await client.by_uuid("contacts", "b") == {"uuid": "b", "title": "x"}


async def test_a_record_that_is_not_there_is_none(client: Client) -> None:
    assert await client.by_uuid("contacts", "b") is None


async def test_a_call_goes_to_the_exact_path_with_the_key_and_the_endpoint(fake: Connectra, client: Client) -> None:
    await client.by_uuid("companies", "b", endpoint="company")
    call = fake.calls[0]
    assert (call.method, call.path) == ("POST", "/companies/")
    assert (call.headers["X-API-Key"], call.headers["X-Crossfade-Endpoint"]) == (KEY, "company")


async def test_populating_is_asked_for_in_the_same_call(fake: Connectra, client: Client) -> None:
    fake.contacts, fake.companies = [{"uuid": "a", "company_id": "c"}], [{"uuid": "c"}]
    found = await client.by_uuid("contacts", "a", populate=True)
    assert found == {"uuid": "a", "company_id": "c", "company": {"uuid": "c"}}


async def test_another_record_than_the_asked_one_is_misread(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.gives({"data": [{"uuid": "other"}]})
    with pytest.raises(Misread):
        await client.by_uuid("contacts", "a")


@pytest.mark.parametrize(
    "record", [{}, {"uuid": None}, {"uuid": 3}, {"uuid": "a", "company": {}}, {"uuid": "a", "company": ["c"]}]
)
async def test_a_record_without_its_uuid_is_misread(fake: Connectra, client: Client, record: dict[str, object]) -> None:
    fake.behave["*"] = fakes.gives({"data": [record]})
    with pytest.raises(Misread):
        await client.search(OF_COMPANY)


@pytest.mark.parametrize("company_id", ["d", None])
async def test_a_record_that_does_not_meet_the_condition_is_misread(
    fake: Connectra, client: Client, company_id: str | None
) -> None:
    fake.behave["*"] = fakes.gives({"data": [{"uuid": "a", "company_id": company_id}]})
    with pytest.raises(Misread, match="company_id"):
        await client.search(OF_COMPANY)


async def test_a_record_meets_a_condition_on_a_list_with_any_element(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.gives({"data": [{"uuid": "a", "departments": ["x", "y"]}]})
    assert await client.search(Query("contacts", (Keyword("departments", ("y", "z")),)))


async def test_more_records_than_the_limit_are_misread(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.gives({"data": [{"uuid": "a"}, {"uuid": "b"}]})
    with pytest.raises(Misread):
        await client.search(Query("contacts", (Keyword("uuid", ("a", "b")),), limit=1))


async def test_many_uuids_are_asked_for_in_chunks_and_come_back_in_order(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": f"{number:03}"} for number in range(250) if number != 7]
    wanted = [f"{number:03}" for number in reversed(range(250))]
    found = await client.by_uuids("contacts", [*wanted, "003"])
    assert [record["uuid"] for record in found.records] == [uuid for uuid in wanted if uuid != "007"]
    assert found.missing == ("007",)
    assert sorted(len(call.must()["uuid"]) for call in fake.calls) == [50, 100, 100]


async def test_every_record_of_a_query_is_collected_however_many_pages_they_fill(
    fake: Connectra, client: Client
) -> None:
    fake.contacts = [{"uuid": f"{number:03}", "company_id": "c"} for number in range(250)]
    found = await client.collect(OF_COMPANY, 1000)
    assert [record["uuid"] for record in found] == [f"{number:03}" for number in range(250)]
    assert sorted(call.body.get("page", 1) for call in fake.calls if call.path == "/contacts/") == [1, 2, 3]


async def test_a_short_page_is_not_taken_for_the_last_one(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": f"{number:03}", "company_id": "c"} for number in range(150)]
    fake.behave["/contacts/count"] = fakes.gives({"count": 210})
    assert len(await client.collect(OF_COMPANY, 1000)) == 150
    assert max(call.body.get("page", 1) for call in fake.calls) == 3


async def test_more_records_than_are_wanted_are_too_many(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": f"{number:03}", "company_id": "c"} for number in range(101)]
    with pytest.raises(TooMany, match="over 100 records"):
        await client.collect(OF_COMPANY, 100)


async def test_a_failure_of_one_page_is_the_failure_of_all(fake: Connectra, client: Client) -> None:
    fake.behave["/contacts/"] = fakes.PANIC
    with pytest.raises(Unavailable):
        await client.collect(OF_COMPANY, 100)


async def test_linkedin_urls_are_looked_for_as_they_are_written(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "a", "linkedin_url": "u/1"}, {"uuid": "b", "linkedin_url": "U/1"}]
    assert [one["uuid"] for one in await client.by_linkedin_urls("contacts", ["u/1", "u/2", "u/1"])] == ["a"]
    assert await client.by_linkedin_urls("contacts", []) == []


async def test_the_values_of_a_filter_are_texts(fake: Connectra, client: Client) -> None:
    fake.common["/common/contact/filters/data"] = [{"value": "vp", "display_value": "VP"}]
    assert await client.filter_values("contact", "seniority", "v") == ["vp"]
    assert fake.calls[0].body == {"filter_key": "seniority", "search_text": "v", "page": 1, "limit": 100}


@pytest.mark.parametrize("data", [["vp"], [{"value": None}], [{"value": 3}], [{"value": "x"}] * 101])
async def test_filter_values_that_are_none_are_misread(fake: Connectra, client: Client, data: object) -> None:
    fake.common["/common/contact/filters/data"] = data
    with pytest.raises(Misread):
        await client.filter_values("contact", "seniority", "v")


async def test_a_service_without_filters_has_an_empty_list_of_them(fake: Connectra, client: Client) -> None:
    fake.common["/common/contact/filters"] = None
    assert await client.filters("contact") == []


async def test_no_uuids_are_no_call(fake: Connectra, client: Client) -> None:
    found = await client.by_uuids("contacts", [])
    assert (found.records, found.missing, fake.calls) == ((), (), [])


async def test_a_batch_with_a_record_that_nobody_asked_for_is_misread(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.gives({"data": [{"uuid": "z"}]})
    with pytest.raises(Misread):
        await client.by_uuids("contacts", ["a", "b"])


async def test_a_count_is_a_number(fake: Connectra, client: Client) -> None:
    fake.contacts = [{"uuid": "a", "company_id": "c"}, {"uuid": "b", "company_id": "c"}]
    assert await client.count(OF_COMPANY) == 2
    assert fake.paths() == ["/contacts/count"]


async def test_a_query_that_would_be_misread_is_not_sent(fake: Connectra, client: Client) -> None:
    with pytest.raises(RefusedByUs):
        await client.search(Query("contacts"))
    assert fake.calls == []


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        pytest.param(fakes.HTML, Misread, id="html"),
        pytest.param(fakes.HALF, Misread, id="half a JSON"),
        pytest.param(fakes.breaks_off, Misread, id="breaks off"),
        pytest.param(fakes.EMPTY, Misread, id="empty"),
        pytest.param(fakes.gives({"success": True}), Misread, id="no data"),
        pytest.param(fakes.gives_bytes(b"no gzip", Content_Encoding="gzip"), Misread, id="broken gzip"),
        pytest.param(fakes.LIMITED, Unavailable, id="429"),
        pytest.param(fakes.PANIC, Unavailable, id="panic"),
        pytest.param(fakes.gives_bytes(b"", 500, Content_Encoding="gzip"), Unavailable, id="panic said to be gzip"),
        pytest.param(fakes.SICK, Unavailable, id="500"),
        pytest.param(fakes.gives({}, 503), Unavailable, id="503"),
        pytest.param(fakes.drops, Unavailable, id="drops"),
        pytest.param(fakes.UNAUTHORIZED, RefusedByIt, id="401"),
        pytest.param(fakes.gives({}, 403), RefusedByIt, id="403"),
        pytest.param(fakes.gives({"error": "ERR"}, 400), RefusedByIt, id="400"),
        pytest.param(fakes.gives_bytes(b"404 page not found", 404), RefusedByIt, id="404 is no missing record"),
        pytest.param(fakes.gives_bytes(b"", 307, Location="/contacts/"), RefusedByIt, id="redirect"),
        pytest.param(fakes.gives({"data": []}, 206), RefusedByIt, id="206"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(
    fake: Connectra, client: Client, behave: Behave, kind: type[ConnectraError]
) -> None:
    fake.behave["*"] = behave
    with pytest.raises(kind):
        await client.by_uuid("contacts", "a")


async def test_a_service_that_hangs_is_unavailable(fake: Connectra) -> None:
    fake.behave["*"] = fake.hang
    client = Client(fake.url, KEY, 0.05)
    with pytest.raises(Unavailable, match="did not answer within"):
        await client.by_uuid("contacts", "a")
    await client.close()


async def test_a_service_that_hangs_is_not_asked_twice(fake: Connectra) -> None:
    fake.behave["*"] = fake.hang
    client = Client(fake.url, KEY, 0.05)
    with pytest.raises(Unavailable):
        await client.by_uuid("contacts", "a")
    assert len(fake.calls) == 1
    await client.close()


async def test_nobody_listening_is_unavailable() -> None:
    async with connectra() as gone:
        url = gone.url
    client = Client(url, KEY, 5.0)
    with pytest.raises(Unavailable, match="can not be reached"):
        await client.count(OF_COMPANY)
    await client.close()


async def test_a_connection_that_was_closed_is_tried_once_more(fake: Connectra, client: Client) -> None:
    async def first_drops(request: web.Request) -> web.StreamResponse:
        return await (fakes.drops(request) if len(fake.calls) == 1 else fakes.gives({"count": 5})(request))

    fake.behave["*"] = first_drops
    assert await client.count(OF_COMPANY) == 5


async def test_a_connection_that_breaks_twice_is_not_tried_again(fake: Connectra, client: Client) -> None:
    fake.behave["*"] = fakes.drops
    with pytest.raises(Unavailable):
        await client.count(OF_COMPANY)
    assert len(fake.calls) == 2


async def test_an_answer_in_pieces_is_read_whole(fake: Connectra, client: Client) -> None:
    async def in_pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (b'{"count"', b":", b"12", b"3}"):
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    fake.behave["*"] = in_pieces
    assert await client.count(OF_COMPANY) == 123


async def test_an_answer_without_end_is_misread(
    fake: Connectra, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 10_000)
    fake.behave["*"] = fakes.gives({"count": 1, "filler": "x" * 20_000})
    with pytest.raises(Misread, match="larger"):
        await client.count(OF_COMPANY)


async def test_a_living_service_is_healthy(fake: Connectra, client: Client) -> None:
    await client.health()
    assert fake.calls[0].path == "/health"


@pytest.mark.parametrize("behave", [fakes.drops, fakes.UNAUTHORIZED, fakes.PANIC, fakes.breaks_off])
async def test_a_service_that_fails_is_not_healthy(fake: Connectra, client: Client, behave: Behave) -> None:
    fake.behave["*"] = behave
    with pytest.raises(ConnectraError):
        await client.health()


async def test_a_client_that_was_never_used_closes() -> None:
    await Client("http://127.0.0.1:9", KEY, 1.0).close()
