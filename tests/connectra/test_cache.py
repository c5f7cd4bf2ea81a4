"""The cache of single records by itself: bounds, races, and what can be read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectra.cache import HIT, LONGEST, MISS, OVERHEAD, Cache, Use, read_forgets, use_of
from connectra.errors import Unavailable
from connectra.wire import Record
from tests.support.clock import Clock


async def look(cache: Cache, uuid: str, record: Record | None = None, entity: str = "contacts") -> str:
    """HIT or MISS."""

    async def found() -> Record | None:
        return record

    return (await cache.record(Use("contact", 5.0), entity, uuid, found))[1]


async def test_the_least_recently_used_goes_first() -> None:
    cache = Cache(entries=2)
    for uuid in ("a", "b", "a", "c"):
        await look(cache, uuid)
    assert [await look(cache, uuid) for uuid in ("a", "c", "b")] == [HIT, HIT, MISS]


async def test_bytes_are_bounded() -> None:
    cache = Cache(size=100 * OVERHEAD)
    for number in range(500):
        await look(cache, str(number), {"uuid": "x" * OVERHEAD})
    assert 0 < cache.bytes <= 100 * OVERHEAD


async def test_a_huge_record_is_not_kept() -> None:
    cache = Cache(size=16 * OVERHEAD)
    await look(cache, "a", {"uuid": "x" * 10})
    assert len(cache) == 0


async def test_forgetting_gives_the_bytes_back() -> None:
    cache = Cache()
    for uuid in ("a", "b"):
        await look(cache, uuid, {"uuid": uuid})
    cache.forget("contact", "a")
    cache.forget("contact", None)
    assert (len(cache), cache.bytes) == (0, 0)


async def test_what_nobody_may_be_given_any_more_leaves_with_the_next_record() -> None:
    clock = Clock()
    cache = Cache(clock=clock)
    await look(cache, "a")
    clock.now += LONGEST
    await look(cache, "b")
    assert len(cache) == 1


async def test_a_cached_record_can_not_be_changed_by_who_has_it() -> None:
    cache, given = Cache(), {"uuid": "a"}
    await look(cache, "a", given)
    given["uuid"] = "b"

    async def never() -> Record | None:
        raise AssertionError

    assert await cache.record(Use("contact", 5.0), "contacts", "a", never) == ({"uuid": "a"}, HIT)


async def test_an_endpoint_that_was_given_other_records_has_none_of_the_old_ones() -> None:
    cache = Cache()
    await look(cache, "a")
    assert await look(cache, "a", entity="companies") == MISS


async def test_a_slow_look_up_does_not_replace_what_a_later_one_found() -> None:
    clock, slow_may_end = Clock(), asyncio.Event()
    cache = Cache(clock=clock)

    async def slow() -> Record | None:
        await slow_may_end.wait()
        return {"uuid": "old"}

    async with asyncio.TaskGroup() as group:
        group.create_task(cache.record(Use("contact", 5.0), "contacts", "a", slow))
        await asyncio.sleep(0)
        clock.now += 1.0
        await look(cache, "a", {"uuid": "new"})
        slow_may_end.set()
    found: Any = await cache.record(Use("contact", 5.0), "contacts", "a", slow)
    assert found == ({"uuid": "new"}, HIT)


async def test_a_look_up_that_fails_leaves_no_trace() -> None:
    cache = Cache()

    async def fails() -> Record | None:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        await cache.record(Use("contact", 5.0), "contacts", "a", fails)
    assert (len(cache), cache._looking) == (0, {})


@pytest.mark.parametrize(("text", "age"), [("5", 5.0), ("0.5", 0.5), ("3600", LONGEST)])
def test_the_age_is_bounded(text: str, age: float) -> None:
    assert use_of({"X-Crossfade-Endpoint": "e", "X-Crossfade-Cache": text}) == Use("e", age)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "5s"])
def test_what_is_no_age_is_off(text: str) -> None:
    assert use_of({"X-Crossfade-Endpoint": "e", "X-Crossfade-Cache": text}) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1]", b'[{"endpoint":1,"params":{}}]', b'[{"endpoint":"e"}]', b'[{"endpoint":"e","params":{"a":1}}]',
     b'[{"endpoint":"e","params":{"a":"1","b":"2"}}]'],
)  # fmt: skip
def test_what_can_not_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_forgets(body)
