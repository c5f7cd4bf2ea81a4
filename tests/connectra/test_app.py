"""The gateway's protocol on a real socket: whom it believes, what it declines, how it fails."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession, UnixConnector

from connectra.app import LARGEST_BODY, Gateway, serve
from connectra.callers import Callers, Users
from connectra.client import Client
from tests.support import connectra_fake as fakes
from tests.support.connectra_fake import KEY, Behave, Connectra, connectra
from tests.support.gateway import JWT_SECRET, SECRET, Door, gateway

CONTACT = "/api/v1/contacts/p/"
LIST = "/api/v1/companies/company/c/contacts/"
LINKEDIN = "/api/v2/linkedin/"


@pytest.fixture
async def fake() -> AsyncIterator[Connectra]:
    async with connectra() as running:
        running.contacts = [{"uuid": "p", "company_id": "c", "linkedin_url": "https://linkedin.com/in/ada"}]
        running.companies = [{"uuid": "c", "name": "Sample"}]
        yield running


@pytest.fixture
async def door(fake: Connectra) -> AsyncIterator[Door]:
    async with gateway(fake) as opened:
        yield opened


async def test_the_workers_word_is_believed_with_the_secret(door: Door) -> None:
    assert (await door.ask(CONTACT)).status == 200


async def test_a_shadow_is_answered_by_its_token_alone(door: Door) -> None:
    got = await door.ask(CONTACT, vouched=False, fields={"X-Crossfade-Secret": SECRET, "X-Crossfade-Shadow": "1"})
    assert got.status == 200


@pytest.mark.parametrize("secret", [b"", b"wrong", SECRET.encode() + b"x", b"\xff\xfe"])
async def test_without_the_secret_the_workers_fields_are_ignored(door: Door, fake: Connectra, secret: bytes) -> None:
    said: dict[str, str | bytes] = {"X-Crossfade-Secret": secret, "X-Crossfade-Vouched": "1", "X-Crossfade-Shadow": "1"}
    got = await door.ask(CONTACT, vouched=False, fields=said)
    assert (got.status, got.declined) == (409, "caller not confirmed by legacy")
    assert fake.calls == []


async def test_a_gateway_without_a_secret_believes_nobody(fake: Connectra) -> None:
    async with gateway(fake, secret="") as alone:
        got = await alone.ask(CONTACT, fields={"X-Crossfade-Secret": ""})
    assert got.declined == "caller not confirmed by legacy"


@pytest.mark.parametrize("said", ["0", "true", ""])
async def test_only_a_1_vouches(door: Door, said: str) -> None:
    assert (await door.ask(CONTACT, fields={"X-Crossfade-Vouched": said})).status == 409


async def test_a_gateway_that_runs_alone_answers_whom_the_users_table_has(fake: Connectra, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE users (uuid text NOT NULL)")
    async with gateway(fake, secret="", dsn=dsn) as alone:
        before = await alone.ask(CONTACT, vouched=False)
        await connection.execute("INSERT INTO users VALUES ('u1')")
        after = await alone.ask(CONTACT, vouched=False)
    await connection.close()
    assert (before.status, after.status) == (409, 200)


@pytest.mark.parametrize(
    "authorization", [b"", b"Bearer", b"Basic x", b"Bearer x.y.z", b"Bearer \xff\xfe", b"Bearer a b"]
)
async def test_a_caller_whom_legacy_would_refuse_is_declined_and_never_told_401(
    door: Door, fake: Connectra, authorization: bytes
) -> None:
    got = await door.ask(CONTACT, fields={"Authorization": authorization})
    assert (got.status, got.body, bool(got.declined)) == (409, b"", True)
    assert fake.calls == []


@pytest.mark.parametrize(
    ("method", "target", "reason"),
    [
        ("HEAD", CONTACT, "no handler for this operation"),
        ("POST", CONTACT, "no handler for this operation"),
        ("OPTIONS", CONTACT, "no handler for this operation"),
        ("GET", LINKEDIN, "no handler for this operation"),
        ("GET", CONTACT.rstrip("/"), "no handler for this operation"),
        ("GET", "/", "no handler for this operation"),
        ("GET", "/api/v1/contacts//", "no handler for this operation"),
        ("GET", "/api/v3/contacts/", "no handler for this operation"),
        ("GET", "/api/v1/contacts/p//", "no handler for this operation"),
        ("GET", "/API/v1/contacts/p/", "no handler for this operation"),
        ("GET", LIST + "email/", "no handler for this operation"),
        ("GET", "http://api.test" + CONTACT, "no handler for this operation"),
        ("GET", "/api/v1/contacts/title/", "another route of legacy"),
        ("GET", "/api/v1/contacts/c%6Funt/", "another route of legacy"),
        ("GET", "/api/v1/companies/company/", "another route of legacy"),
        ("GET", "/api/v1/companies/city/", "another route of legacy"),
        ("GET", "/api/v1/contacts/a%2Fb/", "slash in a parameter"),
        ("GET", "/api/v1/contacts/a%00b/", "NUL in a parameter"),
        ("GET", LIST + "?search=x", "parameter search"),
        ("GET", LIST + "?limit=0", "parameter limit"),
        ("GET", LIST + "?limit=" + "9" * 5000, "parameter limit"),
        ("GET", LIST + "?title=%00", "parameter title: NUL"),
        ("GET", LIST + "?" + "a&" * 1001, "more than 1000 parameters"),
        ("POST", LINKEDIN, "body is not JSON"),
    ],
)
async def test_what_can_not_be_answered_comparably_is_declined_with_its_reason(
    door: Door, fake: Connectra, method: str, target: str, reason: str
) -> None:
    got = await door.ask(target, method=method)
    assert (got.status, got.declined, got.body) == (409, reason, b"")
    assert fake.calls == []


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 3 * LARGEST_BODY])
async def test_a_body_that_is_too_large_is_declined(door: Door, fake: Connectra, size: int) -> None:
    got = await door.ask(LINKEDIN, method="POST", body=b" " * size)
    assert (got.status, got.declined) == (409, "body over 1 MiB")
    assert fake.calls == []


async def test_a_body_that_just_fits_is_answered(door: Door) -> None:
    body = json.dumps({"url": "https://linkedin.com/in/ada"}).encode()
    assert (await door.ask(LINKEDIN, method="POST", body=body.ljust(LARGEST_BODY))).status == 200


async def test_a_body_that_comes_in_pieces_is_read_whole(door: Door) -> None:
    got = await door.ask(LINKEDIN, method="POST", body=[b'{"url":', b'"https://linkedin', b'.com/in/ada"}'])
    assert (got.status, json.loads(got.body)["total_contacts"]) == (200, 1)


async def test_a_packed_body_is_read_as_it_comes_as_legacy_does(door: Door) -> None:
    body = gzip.compress(b'{"url":"https://linkedin.com/in/ada"}')
    got = await door.ask(LINKEDIN, method="POST", body=body, fields={"Content-Encoding": "gzip"})
    assert (got.status, got.declined) == (409, "body is not JSON")


async def test_a_worker_that_leaves_ends_the_call_to_connectra(door: Door, fake: Connectra) -> None:
    fake.behave["*"] = fake.hang
    async with asyncio.timeout(4):  # less than the gateway's own deadline
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(door.ask(CONTACT))
            await fake.hanging.wait()
            call.cancel()
        await fake.left.wait()


async def test_what_an_answer_lacks_is_named(door: Door) -> None:
    got = await door.ask(LINKEDIN, method="POST", body=b'{"url":"https://linkedin.com/in/ada"}')
    assert "contacts[].contact.text_search" in got.fields["x-crossfade-missing"].split(",")


async def test_an_answer_that_lacks_nothing_has_no_fields_of_the_protocol(door: Door) -> None:
    assert not [name for name in (await door.ask(CONTACT)).fields if name.startswith("x-crossfade")]


FAILURES = [
    pytest.param(fakes.UNAUTHORIZED, 502, "refused", id="401"),
    pytest.param(fakes.gives({}, 403), 502, "refused", id="403"),
    pytest.param(fakes.gives_bytes(b"404 page not found", 404), 502, "refused", id="404"),
    pytest.param(fakes.LIMITED, 503, "limited", id="429"),
    pytest.param(fakes.SICK, 503, "failed", id="500"),
    pytest.param(fakes.drops, 503, "unavailable", id="drops"),
    pytest.param(fakes.HTML, 502, "misread", id="html"),
    pytest.param(fakes.HALF, 502, "misread", id="half a JSON"),
    pytest.param(fakes.EMPTY, 502, "misread", id="empty"),
    pytest.param(fakes.gives({"data": [{"uuid": "z"}]}), 502, "misread", id="wrong record"),
    pytest.param(fakes.gives({"count": "z"}), 502, "misread", id="no data"),
]


@pytest.mark.parametrize("target", [CONTACT, "/api/v1/companies/c/", LIST, LIST + "count/"])
@pytest.mark.parametrize(("behave", "status", "word"), FAILURES)
async def test_a_failure_of_connectra_is_a_failure_with_its_word(
    door: Door, fake: Connectra, target: str, behave: Behave, status: int, word: str
) -> None:
    fake.behave["*"] = behave
    got = await door.ask(target)
    assert (got.status, got.error) == (status, word)


async def test_a_failure_says_nothing_of_connectras_insides(door: Door, fake: Connectra) -> None:
    fake.behave["*"] = fakes.SICK
    assert json.loads((await door.ask(CONTACT)).body) == {"detail": "Service temporarily unavailable"}


async def test_a_page_that_two_calls_decline_is_declined(door: Door, fake: Connectra) -> None:
    url = "https://linkedin.com/in/ada"
    fake.contacts = [{"uuid": f"p{number}", "linkedin_url": url} for number in range(100)]
    fake.companies = [{"uuid": f"c{number}", "linkedin_url": url} for number in range(100)]
    got = await door.ask(LINKEDIN, method="POST", body=json.dumps({"url": url}).encode())
    assert (got.status, got.declined) == (409, "more hits than one page holds")


async def test_fields_as_long_as_legacy_takes_them_are_taken(door: Door) -> None:
    got = await door.ask(CONTACT + "?x=" + "y" * 30_000, fields={"Cookie": "z" * 30_000})
    assert got.status == 200


async def test_as_many_fields_as_the_worker_takes_are_taken(door: Door) -> None:
    assert (await door.ask(CONTACT, fields={f"X-Field-{number}": "x" for number in range(500)})).status == 200


async def test_it_serves_on_a_unix_socket_until_it_is_stopped(fake: Connectra, tmp_path: Path) -> None:
    client, stop, path = Client(fake.url, KEY, 2.0), asyncio.Event(), tmp_path / "g.sock"
    ready = Gateway(client, Callers(JWT_SECRET, Users(None)), SECRET)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(ready, socket=str(path), listen=("127.0.0.1", 0), stop=stop))
        while not path.exists():
            await asyncio.sleep(0)
        async with ClientSession(connector=UnixConnector(str(path))) as session, session.get("http://api.test/") as got:
            status = got.status
        stop.set()
    await client.close()
    assert status == 409


async def test_a_request_that_was_matched_to_another_endpoint_is_declined(door: Door) -> None:
    got = await door.ask("/api/v1/contacts/count/", fields={"X-Crossfade-Endpoint": "contact"})
    assert got.declined == "another route of legacy"


async def test_an_endpoint_may_have_any_name_of_the_files_own(door: Door) -> None:
    got = await door.ask("/api/v1/contacts/count/", fields={"X-Crossfade-Endpoint": "people-count"})
    assert got.status == 200
