"""The store over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from math import inf

import pytest

from proxy.store import Fenced, SavedWindow, StoreLost, WriteBack
from proxy.store.postgres import PostgresStore
from rollout.machine import EndpointState, EventKind
from tests.support.changes import NOW, changed


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    one = PostgresStore(dsn, "host-1")
    await one.open()
    yield one
    await one.close()


async def test_a_new_store_knows_no_endpoint(store: PostgresStore) -> None:
    assert await store.states() == {}


async def test_a_change_is_state_and_audit_row_at_once(store: PostgresStore) -> None:
    change = changed(evidence={"figures": [1, 2.5]}, judge="crossfade-1")
    row_id = await store.apply(change, await store.lead())
    (row,) = await store.audit("contact", 10)
    assert (await store.states(), row.id, row.transition) == ({"contact": change.state}, row_id, change.transition)


async def test_evidence_comes_back_exactly_as_it_was_written(store: PostgresStore) -> None:
    evidence = {"b": 0.1 + 0.2, "a": inf, "text": "\u2028 \x00"}
    await store.apply(changed(evidence=evidence), await store.lead())
    (row,) = await store.audit(None, 1)
    assert row.evidence == evidence
    assert list(row.evidence) == ["b", "a", "text"]


async def test_a_change_of_words_alone_leaves_no_audit_row(store: PostgresStore) -> None:
    change = changed(kind=EventKind.HOLD)
    assert change.transition is None
    assert await store.apply(change, None) is None
    assert await store.audit(None, 10) == []
    assert (await store.states())["contact"].reason == "because of hold"


async def test_a_judge_that_was_replaced_can_not_write(store: PostgresStore, dsn: str) -> None:
    epoch = await store.lead()
    assert epoch is not None
    await store.close()
    other = PostgresStore(dsn, "host-2")
    await other.open()
    try:
        assert await other.lead() == epoch + 1
        await store.open()
        with pytest.raises(Fenced, match="another analyst judges"):
            await store.apply(changed(), epoch)
        assert (await other.states(), await other.audit(None, 10)) == ({}, [])
    finally:
        await other.close()


async def test_of_two_analysts_one_leads(store: PostgresStore, dsn: str) -> None:
    other = PostgresStore(dsn, "host-2")
    await other.open()
    try:
        assert [await store.lead(), await other.lead()] == [1, None]
        await store.close()
        assert await other.lead() == 2
    finally:
        await other.close()


async def test_two_changes_of_the_same_state_are_not_both_made(store: PostgresStore) -> None:
    await store.apply(changed(), None)
    with pytest.raises(Fenced, match="changed meanwhile"):
        await store.apply(changed(kind=EventKind.ORDER_HOLD, who="ann"), None)
    assert [row.who for row in await store.audit(None, 10)] == ["judge"]


async def test_a_journalled_descent_wins_over_what_came_meanwhile(store: PostgresStore) -> None:
    promoted = changed()
    await store.apply(promoted, None)
    await store.apply(changed(promoted.state), None)
    await store.apply(changed(promoted.state, EventKind.ORDER_ROLLBACK, who="ann", journalled=True), None)
    states = await store.states()
    assert (states["contact"].percent, states["contact"].epoch) == (0, 3)
    assert (await store.audit(None, 1))[0].journalled


async def test_a_journalled_move_that_is_higher_than_what_is_in_force_is_only_recorded(store: PostgresStore) -> None:
    one = changed()
    two = changed(one.state)
    for change in (one, two, changed(two.state, EventKind.ORDER_ROLLBACK)):
        await store.apply(change, None)
    late = changed(one.state, EventKind.ORDER_HOLD, journalled=True)
    await store.apply(late, None)
    assert (await store.states())["contact"].percent == 0
    assert len(await store.audit(None, 10)) == 4


async def test_a_pending_write_back_waits_until_it_is_marked(store: PostgresStore) -> None:
    pending = WriteBack("contact", 100, "a" * 64, "b" * 64)
    await store.apply(changed(write_back=pending), None)
    (found,) = await store.write_backs()
    assert (found.endpoint, found.percent, found.new_hash) == ("contact", 100, "b" * 64)
    done = WriteBack("contact", 100, "", "", found.id, outcome="written")
    assert await store.write_backs(done) == []


async def test_audit_is_newest_first_and_by_endpoint(store: PostgresStore) -> None:
    one = changed()
    await store.apply(one, None)
    await store.apply(changed(endpoint="company"), None)
    await store.apply(changed(one.state), None)
    assert [row.transition.percent_to for row in await store.audit("contact", 10)] == [500, 100]
    assert len(await store.audit(None, 2)) == 2


async def test_a_saved_window_comes_back(store: PostgresStore) -> None:
    saved = SavedWindow(3, NOW, {"n": 1, "worst": inf})
    await store.save_windows({"contact": saved})
    assert await store.load_windows() == {"contact": saved}


async def test_an_older_window_does_not_overwrite_a_newer_one(store: PostgresStore) -> None:
    await store.save_windows({"contact": SavedWindow(3, NOW, {})})
    await store.save_windows({"contact": SavedWindow(2, NOW, {"old": True})})
    assert (await store.load_windows())["contact"].number == 3


async def test_the_first_value_of_a_setting_stays(store: PostgresStore) -> None:
    assert await store.setting("secret", "first") == "first"
    assert await store.setting("secret", "second") == "first"


async def test_a_store_that_was_never_there_is_lost_with_its_reason() -> None:
    away = PostgresStore("postgresql://nobody@127.0.0.1:1/none", "host-1", deadline=2.0)
    with pytest.raises(StoreLost, match="could not connect"):
        await away.open()
    with pytest.raises(StoreLost, match="not connected"):
        await away.states()
    await away.close()


async def test_a_state_survives_every_field(store: PostgresStore) -> None:
    held = changed(changed().state, EventKind.BREAKER_OPENED)
    await store.apply(held, None)
    assert (await store.states())["contact"] == held.state
    assert isinstance(held.state, EndpointState)
