"""Bad input, from clients and from Connectra: legacy's answer, a counted and named reason, and everything goes on.

Each case is played twice: where the candidate serves everybody, and where it is only mirrored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import time

import pytest

from connectra import client as connectra_client
from rollout.model import FULL, Budget
from tests.support import connectra_fake as fakes
from tests.support.bad_connectra import COUNTS, RECORDS, SLOW, TRANSPORT
from tests.support.bad_input import GOOD, MIRRORED, OWN_WORDS, PATIENCE, SERVED, Bad, Stage, read, stage
from tests.support.bad_requests import CONTACTS, DECLINED, LINKEDIN, NOT_FOUND, UNREADABLE

MIB = 1 << 20


@pytest.fixture(params=[SERVED, MIRRORED])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def ready(mode: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(mode, tmp_path) as made:
        yield made


def named(cases: list[Bad]) -> list[object]:
    return [pytest.param(case, id=f"{case.name}, {case.endpoint}") for case in cases]


def troubles(ready: Stage) -> list[str | None]:
    """The names of the candidate's failures that an analyst would hear of."""
    return [each.candidate.trouble for each in ready.handover.taken if each.candidate]


async def asked(ready: Stage, case: Bad) -> None:
    """Sends a case; its answer must be legacy's."""
    if case.behave is not None:
        ready.fake.behave[case.path] = case.behave
    reply = await ready.ask(case.target, method=case.method, fields=case.fields, body=case.body, host=case.host)
    assert reply.told == read(OWN_WORDS).told
    assert ready.legacy.seen[0].line == f"{case.method.decode()} {case.target.decode()} HTTP/1.1"


@pytest.mark.parametrize("case", named(DECLINED))
async def test_what_can_not_be_answered_is_legacys_and_counted_as_declined(ready: Stage, case: Bad) -> None:
    await asked(ready, case)
    counts = await ready.settled()
    assert (counts.declined, counts.fallbacks, counts.errors) == ({case.endpoint: {case.reason: 1}}, {}, {})
    assert ready.fake.calls == []
    await ready.alive()


@pytest.mark.parametrize("case", named(TRANSPORT + RECORDS + COUNTS))
async def test_an_answer_of_connectra_that_is_none_is_a_counted_fallback(ready: Stage, case: Bad) -> None:
    await failed(ready, case)


@pytest.mark.parametrize("case", named(SLOW))
async def test_a_connectra_without_an_end_is_given_up(mode: str, tmp_path: Path, case: Bad) -> None:
    async with stage(mode, tmp_path, seconds=0.2) as ready:
        await failed(ready, case)


async def failed(ready: Stage, case: Bad) -> None:
    """Plays a case of Connectra's."""
    await asked(ready, case)
    counts = await ready.settled()
    expected = {case.endpoint: {case.reason: 1}} if ready.mode == SERVED else {}
    assert (counts.fallbacks, counts.declined, counts.errors) == (expected, {}, {})
    assert troubles(ready) == [case.reason]
    await ready.alive()


@pytest.mark.parametrize("tail", [pytest.param(tail, id=name) for name, tail in NOT_FOUND.items()])
async def test_an_id_that_nobody_has_is_the_404_that_legacy_gives(ready: Stage, tail: bytes) -> None:
    body = b'{"detail":"Contact not found"}'
    ready.legacy.answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    reply = await ready.ask(CONTACTS + tail)
    counts = await ready.settled()
    assert (reply.status, reply.body) == (404, body)
    assert (counts.declined, counts.fallbacks, counts.errors) == ({}, {}, {})
    await ready.alive()


@pytest.mark.parametrize(("raw", "word"), [pytest.param(*case, id=name) for name, case in UNREADABLE.items()])
async def test_what_is_no_request_is_refused_and_counted(ready: Stage, raw: bytes, word: str) -> None:
    reply = read(await ready.send(raw))
    counts = await ready.settled()
    assert (reply.status, counts.errors, counts.requests) == (400, {word: 1}, {})
    assert ready.legacy.seen == []
    await ready.alive()


async def test_a_filter_of_10_mib_is_refused_and_counted(ready: Stage) -> None:
    await ready.send(b"GET /api/v1/contacts/?title=" + b"a" * (10 * MIB) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    # The rest is not read: the client may hear of that before it reads the answer.
    assert (await ready.settled()).errors == {"over the limits": 1}
    await ready.alive()


async def test_nothing_of_what_can_not_be_read_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with stage(SERVED, tmp_path) as ready:
        await ready.send(b"GET /a secret HTTP/1.1\r\nHost: a\r\n\r\n")
        await ready.settled()
    assert ["not HTTP" in record.getMessage() for record in caplog.records] == [True]
    assert "secret" not in caplog.text


async def test_a_body_of_10_mib_goes_to_legacy_whole_and_is_counted_as_lost(ready: Stage) -> None:
    body = b'{"url":"' + b"a" * (10 * MIB) + b'"}'
    reply = await ready.ask(LINKEDIN, method=b"POST", fields=(b"Content-Type: application/json",), body=body)
    counts = await ready.settled()
    assert reply.told == read(OWN_WORDS).told
    assert [sent.body == body for sent in ready.legacy.seen] == [True]
    assert counts.lost == {"linkedin": {"1": {"body over budget": 1}}}
    assert (counts.declined, counts.fallbacks, counts.errors, ready.fake.calls) == ({}, {}, {}, [])
    await ready.alive()


async def test_a_body_is_never_read_as_the_next_request(ready: Stage) -> None:
    body = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    reply = await ready.ask(b"/other", method=b"POST", fields=(b"Connection: content-length",), body=body)
    await ready.settled()
    assert reply.told == read(OWN_WORDS).told
    assert [(sent.line, sent.body) for sent in ready.legacy.seen] == [("POST /other HTTP/1.1", body)]


async def test_a_host_that_is_named_as_one_connections_goes_on(ready: Stage) -> None:
    await ready.ask(b"/other", fields=(b"Connection: host",))
    assert ready.legacy.seen[0].field("host") == b"api.test"
    await ready.settled()
    await ready.alive()


async def test_what_the_gateway_can_not_read_is_a_counted_fallback(ready: Stage) -> None:
    long = b"X-Forwarded-For: " + b"a" * 60_000  # the worker joins the two
    await asked(ready, Bad("", "contact", "unreadable", GOOD.encode(), fields=(long, long)))
    counts = await ready.settled()
    assert counts.fallbacks == ({"contact": {"unreadable": 1}} if ready.mode == SERVED else {})
    assert troubles(ready) == ["unreadable"]
    await ready.alive()


@pytest.mark.parametrize(
    ("target", "status", "known"),
    [(GOOD, 200, True), (GOOD, 400, False), (GOOD, 404, False), ("/health", 200, False), ("/other", 405, False)],
)
async def test_only_a_success_of_an_endpoint_speaks_for_a_token(
    tmp_path: Path, target: str, status: int, known: bool
) -> None:
    async with stage(MIRRORED, tmp_path) as ready:
        ready.bearer = b"Bearer another"
        ready.legacy.answer = b"HTTP/1.1 %d Whatever\r\nContent-Length: 2\r\n\r\n{}" % status
        await ready.ask(target.encode())
        await ready.settled()
        word = b"vouched " + ready.bearer
        assert ready.service._slots.within(word, time(), 60.0) == known


async def test_of_a_key_that_is_there_twice_the_last_one_counts_as_on_legacy(tmp_path: Path) -> None:
    async with stage(MIRRORED, tmp_path) as ready:
        body = b'{"url":"https://www.linkedin.com/in/one","url":"https://www.linkedin.com/in/two"}'
        await ready.ask(LINKEDIN, method=b"POST", fields=(b"Content-Type: application/json",), body=body)
        await ready.settled()
        asked_for = {str(call.must()) for call in ready.fake.calls if call.path == "/contacts/"}
        assert [("in/two" in text, "in/one" in text) for text in asked_for] == [(True, False)]


async def test_of_two_tokens_the_first_one_counts_as_on_legacy(tmp_path: Path) -> None:
    async with stage(SERVED, tmp_path) as ready:
        await ready.ask(CONTACTS + b"good/", fields=(b"Authorization: Bearer nonsense",))
        assert (await ready.settled()).declined == {}
        ready.bearer, valid = b"Bearer nonsense", ready.bearer
        await ready.ask(CONTACTS + b"good/", fields=(b"Authorization: " + valid,))
        assert (await ready.settled()).declined == {"contact": {"token: DecodeError": 1}}


async def test_a_connectra_slower_than_the_client_may_wait_is_a_deadline(mode: str, tmp_path: Path) -> None:
    async with stage(mode, tmp_path, serve_deadline=0.1, budget=Budget(deadline=0.1)) as ready:
        ready.fake.behave["*"] = ready.fake.hang
        reply = await ready.ask(GOOD.encode())
        async with asyncio.timeout(PATIENCE):
            await ready.fake.left.wait()  # nobody waits for it any more
        counts = await ready.settled()
        assert reply.told == read(OWN_WORDS).told
        assert counts.fallbacks == ({"contact": {"deadline": 1}} if mode == SERVED else {})
        assert troubles(ready) == ["deadline"]
        await ready.alive()


async def test_where_legacy_is_asked_beside_the_candidate_it_is_asked_once(tmp_path: Path) -> None:
    async with stage(SERVED, tmp_path, shadow=FULL) as ready:
        ready.fake.behave["*"] = fakes.HTML
        reply = await ready.ask(GOOD.encode())
        counts = await ready.settled()
        assert reply.told == read(OWN_WORDS).told
        assert (counts.fallbacks, len(ready.legacy.seen)) == ({"contact": {"misread": 1}}, 1)


async def test_a_gateway_that_is_away_is_a_connection_that_fails(ready: Stage) -> None:
    await ready.gateway.cleanup()
    reply = await ready.ask(GOOD.encode())
    counts = await ready.settled()
    assert reply.told == read(OWN_WORDS).told
    assert counts.fallbacks == ({"contact": {"connect": 1}} if ready.mode == SERVED else {})
    assert troubles(ready) == ["connect"]


async def test_a_defect_of_the_gateway_has_its_own_name(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(connectra_client, "check_found", None)
        reply = await ready.ask(GOOD.encode())
        counts = await ready.settled()
    assert reply.told == read(OWN_WORDS).told
    assert counts.fallbacks == ({"contact": {"defect": 1}} if ready.mode == SERVED else {})
    assert troubles(ready) == ["defect"]
    await ready.alive()
