"""Endpoints with `stream: true`: bodies of any size are passed on in pieces and kept in files, both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from filecmp import cmp
from pathlib import Path

import pytest

from proxy.exchange import Exchange, Failure, Observed, Spool
from proxy.spooling import SPOOL_BYTES
from rollout.model import Budget
from rollout.sides import Side
from tests.support.backends import Sent
from tests.support.streams import EXPORT, MIB, Streams, flood, head, held

LARGE = 50 * MIB


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Streams]:
    async with AsyncExitStack() as stack:
        yield Streams(stack, tmp_path)


def path_of(side: Observed | None) -> str:
    assert side is not None
    assert isinstance(side.body, Spool)
    return side.body.path


async def alike(made: Exchange) -> bool:
    return await asyncio.to_thread(cmp, path_of(made.legacy), path_of(made.candidate), shallow=False)


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


# -- legacy serves ----------------------------------------------------------------------------------------------------


async def test_large_answers_of_both_sides_cross_as_files(stage: Streams) -> None:
    stage.legacy.behave = stage.candidate.behave = flood(LARGE)
    one = await stage.play()
    assert len(body_of(await one.get(EXPORT))) == LARGE
    made = await stage.analyst.exchange()
    assert [side and side.size for side in (made.legacy, made.candidate)] == [LARGE, LARGE]
    assert await alike(made)


async def test_files_tell_a_difference_in_the_last_byte(stage: Streams) -> None:
    stage.legacy.behave, stage.candidate.behave = flood(2 * MIB, last=b"a"), flood(2 * MIB, last=b"b")
    one = await stage.play()
    await one.get(EXPORT)
    made = await stage.analyst.exchange()
    assert (made.equal, await alike(made)) == (False, False)


async def test_small_answers_that_are_equal_cross_without_bodies(stage: Streams) -> None:
    one = await stage.play()
    await one.get(EXPORT)
    made = await stage.analyst.exchange()
    assert (made.equal, made.candidate and made.candidate.body) == (True, None)


async def test_a_huge_candidate_costs_the_comparison_alone(stage: Streams) -> None:
    stage.candidate.behave = flood(2 * MIB)
    one = await stage.play(budget=Budget(spool=MIB))
    assert body_of(await one.get(EXPORT)) == b"{}"
    made = await stage.analyst.exchange()
    assert (made.skipped, made.candidate and made.candidate.failure) == ("body over budget", Failure.TOO_LARGE)
    assert list(stage.spool.iterdir()) == []


async def test_a_huge_legacy_costs_the_comparison_alone(stage: Streams) -> None:
    stage.legacy.behave = flood(2 * MIB)
    one = await stage.play(budget=Budget(spool=MIB))
    assert len(body_of(await one.get(EXPORT))) == 2 * MIB
    made = await stage.analyst.exchange()
    assert (made.skipped, made.legacy and made.legacy.size) == ("body over budget", 2 * MIB)


async def test_a_full_spool_costs_the_comparison_alone_and_is_counted(stage: Streams) -> None:
    stage.legacy.behave = stage.candidate.behave = flood(MIB)
    stage.spool.mkdir(parents=True)
    filler = stage.spool / "worker0-full.body"
    with filler.open("wb") as file:
        file.truncate(SPOOL_BYTES)
    one = await stage.play()
    assert len(body_of(await one.get(EXPORT))) == MIB
    assert (await stage.analyst.exchange()).skipped == "spool full"
    assert await stage.counted("skipped") == {"contact": {"spool full": 1}}
    assert list(stage.spool.iterdir()) == [filler]


async def test_a_shadow_that_breaks_off_leaves_no_file(stage: Streams) -> None:
    stage.candidate.behave = flood(2 * MIB, cut_at=MIB)
    one = await stage.play()
    await one.get(EXPORT)
    made = await stage.analyst.exchange()
    assert made.candidate is not None
    assert made.candidate.failure is Failure.RESET
    assert list(stage.spool.iterdir()) == []


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(CHUNKED, Failure.RESET), (CHUNKED + b"no number\r\n", Failure.INVALID)],
    ids=["cut", "wrong"],
)
async def test_a_body_that_is_cut_is_told_from_one_that_is_framed_wrong(
    stage: Streams, answer: bytes, failure: Failure
) -> None:
    async def behave(sent: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    stage.candidate.behave = behave
    one = await stage.play()
    await one.get(EXPORT)
    made = await stage.analyst.exchange()
    assert made.candidate is not None
    assert made.candidate.failure is failure


async def test_a_client_that_leaves_leaves_no_file(stage: Streams) -> None:
    stage.legacy.behave = held(head(2 * MIB) + bytes(MIB), asyncio.Event(), b"")
    stage.candidate.behave = flood(MIB)
    await stage.play()
    reader, writer = await stage.open()
    await reader.readexactly(MIB)
    writer.transport.abort()
    assert await stage.counted("lost") == {"contact": {"1": {"client left": 1}}}
    await stage.until_empty()


# -- the candidate serves ---------------------------------------------------------------------------------------------


async def test_the_candidate_streams_and_both_answers_are_kept(stage: Streams) -> None:
    stage.legacy.behave, stage.candidate.behave = flood(LARGE), flood(LARGE)
    one = await stage.play(percent=10_000)
    assert len(body_of(await one.get(EXPORT))) == LARGE
    made = await stage.analyst.exchange()
    assert (made.served, made.skipped) == (Side.CANDIDATE, None)
    assert await alike(made)


async def test_the_first_byte_does_not_wait_for_the_last(stage: Streams) -> None:
    release = asyncio.Event()
    stage.candidate.behave = held(head(4) + b"ab", release, b"cd")
    await stage.play(percent=10_000, serve_deadline=0.5)
    reader, writer = await stage.open()
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\nab")
        release.set()
        assert await reader.read() == b"cd"
    writer.close()


async def test_an_answer_that_breaks_off_is_aborted_at_the_client(stage: Streams) -> None:
    stage.legacy.behave, stage.candidate.behave = flood(2 * MIB), flood(2 * MIB, cut_at=MIB)
    await stage.play(percent=10_000)
    reader, writer = await stage.open()
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(2 * MIB)
    writer.close()


async def test_an_answer_that_breaks_off_is_counted(stage: Streams) -> None:
    stage.legacy.behave, stage.candidate.behave = flood(2 * MIB), flood(2 * MIB, cut_at=MIB)
    await stage.play(percent=10_000)
    reader, writer = await stage.open()
    await reader.readuntil(b"\r\n\r\n")
    made = await stage.analyst.exchange()
    failure = made.candidate and made.candidate.failure
    assert (made.served, made.fallback, failure) == (Side.CANDIDATE, None, Failure.RESET)
    assert await stage.counted("fallbacks") == {"contact": {"aborted": 1}}
    writer.close()


async def test_a_candidate_that_falls_silent_is_aborted(stage: Streams) -> None:
    stage.candidate.behave = held(head(4) + b"ab", asyncio.Event(), b"")
    one = await stage.play(percent=10_000, timeout=0.2)
    with suppress(ConnectionResetError):  # whether the reset overtakes what was written is the kernel's affair
        await one.get(EXPORT)
    made = await stage.analyst.exchange()
    assert made.candidate is not None
    assert made.candidate.failure is Failure.DEADLINE


FAILS = {
    "status": (head(4, "503 Sick") + b"sick", "status"),
    "missing": (head(2, "200 OK", "X-Crossfade-Missing: a.b") + b"{}", "missing"),
    "declined": (head(2, "409 Conflict", "X-Crossfade-Declined: filter") + b"{}", None),
    "no http": (b"\x16\x03\x01 what\r\n\r\n", "invalid"),
    "large": (head(MIB, "503 Sick") + bytes(MIB), "status"),
}


@pytest.mark.parametrize("name", FAILS)
async def test_an_answer_that_may_not_be_served_never_reaches_the_client(stage: Streams, name: str) -> None:
    answer, reason = FAILS[name]

    async def behave(sent: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    stage.candidate.behave = behave
    one = await stage.play(percent=10_000)
    assert body_of(await one.get(EXPORT)) == b"{}"
    made = await stage.analyst.exchange()
    assert (made.served, made.fallback, made.skipped) == (Side.LEGACY, reason, None)


async def test_a_silent_candidate_is_given_up_at_the_serve_deadline(stage: Streams) -> None:
    stage.candidate.behave = held(head(4), asyncio.Event(), b"")
    one = await stage.play(percent=10_000, serve_deadline=0.1)
    assert body_of(await one.get(EXPORT)) == b"{}"
    assert (await stage.analyst.exchange()).fallback == "deadline"


async def test_a_fallback_does_not_wait_for_the_end_of_legacys_shadow(stage: Streams) -> None:
    never = held(head(2 * MIB) + bytes(MIB), asyncio.Event(), b"")

    async def first_never(sent: Sent, writer: asyncio.StreamWriter) -> None:
        if len(stage.legacy.seen) == 1:
            await never(sent, writer)
        else:
            writer.write(stage.legacy.answer)

    stage.legacy.behave = first_never
    stage.candidate.behave = held(b"", asyncio.Event(), b"")
    one = await stage.play(percent=10_000, serve_deadline=0.3)
    assert body_of(await one.get(EXPORT)) == b"{}"
    await stage.until_empty()


async def test_a_client_that_leaves_a_streaming_candidate_leaves_no_file(stage: Streams) -> None:
    stage.candidate.behave = held(head(2 * MIB) + bytes(MIB), asyncio.Event(), b"")
    stage.legacy.behave = flood(MIB)
    await stage.play(percent=10_000)
    reader, writer = await stage.open()
    await reader.readexactly(MIB)
    writer.transport.abort()
    assert await stage.counted("lost") == {"contact": {"1": {"client left": 1}}}
    await stage.until_empty()


async def test_an_endpoint_without_stream_holds_the_candidates_answer(stage: Streams) -> None:
    stage.candidate.behave = flood(2 * MIB, cut_at=MIB)
    one = await stage.play(percent=10_000, stream=False)
    assert body_of(await one.get(EXPORT)) == b"{}"
    assert (await stage.analyst.exchange()).fallback == Failure.RESET
