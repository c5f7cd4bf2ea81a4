"""Config, states and flags → the routing table; an edited file → what it orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rollout.bucket import derive
from rollout.compile import HEADERS, boot_table, compile_table, orders
from rollout.flags import Flags, flags_of
from rollout.model import Config, Upstream
from rollout.states import Cause, EndpointState, EventKind, Status
from rollout.table import Table, from_bytes, to_bytes
from tests.support.rollout_file import FILE, config, with_endpoint

ON = {"CONNECTRA_ENABLED": "true", "VQL_SINGLE": "true"}
SECRET = b"s" * 32
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()
URL = FILE.replace("candidate: connectra", "candidate: https://candidate.test")


def flags(found: Config, env: dict[str, str] | None = None) -> Flags:
    return flags_of(found, ON if env is None else env, None)


def table(
    text: str = FILE, state: EndpointState | None = None, env: dict[str, str] | None = None, **more: Any
) -> Table:
    found = config(text)
    given = {"epoch": 7, "now": NOON, "secret": SECRET, "gateway": "/run/gateway.sock", "p99": {}} | more
    states = {} if state is None else {"contact": state}
    return compile_table(found, states, flags(found, env), **given)


SERVING = EndpointState(percent=500, window=3, status=Status.BAKING)


def test_a_route_has_what_the_state_says_and_not_the_file() -> None:
    (route,) = table(state=replace(SERVING, percent=2500)).routes
    assert (route.percent, route.window, route.phase) == (2500, 3, "single-record")


def test_the_table_carries_epoch_lease_and_digest() -> None:
    found = table("blind_after: 1m\n" + FILE)
    assert (found.epoch, found.issued_at, found.lease) == (7, NOON, 60.0)
    assert found.digest == config("blind_after: 1m\n" + FILE).digest


def test_the_table_survives_the_wire() -> None:
    found = table(state=SERVING)
    assert from_bytes(to_bytes(found)) == found


def test_the_health_pages_flags_are_in_the_table_where_the_file_serves_it() -> None:
    found = table("serve_health: true\n" + FILE, env={"CONNECTRA_ENABLED": "true"})
    assert found.health == {"VQL_SINGLE": False, "CONNECTRA_ENABLED": True}
    assert from_bytes(to_bytes(found)) == found


def test_without_serve_health_legacy_answers_its_health_page() -> None:
    assert table().health is None


@pytest.mark.parametrize(("text", "shadow"), [(FILE, 10_000), (URL, 0)], ids=["bundled gateway", "by URL"])
def test_a_request_with_effects_is_not_mirrored_to_a_candidate_that_might_make_them(text: str, shadow: int) -> None:
    post = (text + "        effects: true\n").replace("match: GET ", "match: POST ").replace("percent: 5", "percent: 0")
    assert table(post).routes[0].shadow == shadow


def test_salts_derive_from_the_secret_by_phase() -> None:
    assert table().routes[0].salt == derive(SECRET, "bucket:single-record").hex()


def test_an_endpoint_without_a_state_is_served_by_legacy() -> None:
    assert table().routes[0].percent == 0


def test_a_flag_that_is_off_serves_nothing() -> None:
    (route,) = table(state=SERVING, env={"CONNECTRA_ENABLED": "true"}).routes
    assert (route.percent, route.shadow) == (0, 0)


def test_a_flag_that_is_off_mirrors_with_shadow_when_off() -> None:
    text = FILE.replace("bake: 1h", "bake: 1h\n    shadow_when_off: true")
    (route,) = table(text, SERVING, {"CONNECTRA_ENABLED": "true"}).routes
    assert (route.percent, route.shadow) == (0, 10_000)


def test_an_endpoint_held_by_its_flag_serves_nothing() -> None:
    assert table(state=replace(SERVING, held_by=(Cause.FLAG,), status=Status.HELD)).routes[0].percent == 0


def test_an_endpoint_held_by_a_person_goes_on_serving() -> None:
    assert table(state=replace(SERVING, held_by=(Cause.PERSON,), status=Status.HELD)).routes[0].percent == 500


def test_effects_are_served_only_where_the_gateway_can_make_them() -> None:
    text = with_endpoint("effects: true\neffects_deadline: 3s")
    (route,) = table(text, SERVING, effects=None).routes
    assert (route.percent, route.effects, route.effects_deadline) == (500, True, 3.0)
    assert table(text, SERVING, effects="no table").routes[0].percent == 0
    assert table(text, SERVING).routes[0].percent == 0


def test_effects_of_a_candidate_by_url_are_never_served() -> None:
    text = with_endpoint("effects: true").replace("percent: 5", "percent: 0")
    url = text.replace("candidate: connectra", "candidate: https://candidate.test")
    assert table(url, SERVING, effects=None).routes[0].percent == 0


def test_at_a_start_effects_are_in_shadow_until_the_gateway_has_spoken() -> None:
    found = config(with_endpoint("effects: true"))
    last = table(with_endpoint("effects: true"), SERVING, effects=None)
    booted = boot_table(found, last, flags(found), now=NOON, secret=SECRET, gateway="/run/gateway.sock")
    assert (last.routes[0].percent, booted.routes[0].percent) == (500, 0)


def test_the_bundled_gateway_is_a_socket_that_gets_all_headers() -> None:
    assert table().candidates == {"connectra": Upstream("unix:/run/gateway.sock", 30.0, None)}


def test_without_a_gateway_its_endpoints_pass_through() -> None:
    found = table(gateway=None)
    assert (found.routes, found.candidates) == ((), {})


def test_a_candidate_by_url_gets_no_credentials_unless_named() -> None:
    assert table(URL).candidates["https://candidate.test"].headers == HEADERS
    assert not {"authorization", "cookie"} & set(HEADERS)
    named = URL + "        candidate_headers: [Authorization]\n"
    assert table(named).candidates["https://candidate.test"].headers == ("Authorization",)


def test_the_serve_deadline_follows_legacys_p99_within_bounds() -> None:
    def deadline(p99: dict[str, float], text: str = FILE) -> float:
        return table(text, p99=p99).routes[0].serve_deadline

    assert deadline({}) == 5.0
    assert deadline({"contact": 0.02}) == 0.5
    assert deadline({"contact": 2.0}) == 2.0
    assert deadline({"contact": 60.0}) == 5.0
    assert deadline({"contact": 2.0}, with_endpoint("serve_deadline: 8s")) == 8.0


def test_only_unexpired_gaps_let_an_answer_through() -> None:
    gaps = "\n".join(
        f"    - {{path: {path}, reason: r, owner: o, until: {until}}}"
        for path, until in (("a", "2027-02-28"), ("b", "2027-03-01"), ("c", "2027-03-02"))
    )
    text = with_endpoint(f"compare:\n  known_gaps:\n{gaps}")
    assert table(text).routes[0].gaps == ("b", "c")


def test_writes_reach_the_route() -> None:
    assert table(with_endpoint("written_by: [POST /contacts/]")).routes[0].writes == ("POST /contacts/",)


SECTION = 'api_key: "${KEY}"}'


@pytest.mark.parametrize(
    ("general", "own", "age"),
    [("", "", 0.0), ("", "cache: 5s", 5.0), ("2s", "", 2.0), ("2s", "cache: 5s", 5.0), ("2s", "cache: 0s", 0.0)],
)
def test_an_endpoints_own_cache_goes_before_the_general_one(general: str, own: str, age: float) -> None:
    text = with_endpoint(own)
    if general:
        text = text.replace(SECTION, f'api_key: "${{KEY}}", cache: {general}}}')
    assert table(text).routes[0].cache == age


def test_the_general_cache_is_for_single_records_alone() -> None:
    text = FILE.replace(SECTION, 'api_key: "${KEY}", cache: 5s}').replace("{contact_uuid}/", "{contact_uuid}/all/")
    assert table(text).routes[0].cache == 0.0


# -- boot -----------------------------------------------------------------------------------------------------------


def boot(last: Table | None, now: float, text: str = FILE, env: dict[str, str] | None = None) -> Table:
    found = config(text)
    return boot_table(found, last, flags(found, env), now=now, secret=SECRET, gateway="/run/gateway.sock")


def test_without_a_last_table_everything_boots_at_zero() -> None:
    found = boot(None, NOON)
    assert (found.epoch, found.routes[0].percent, found.issued_at) == (0, 0, NOON)


def test_a_fresh_last_table_gives_its_percents_and_no_new_lease() -> None:
    found = boot(table(state=SERVING), NOON + 200)
    assert (found.epoch, found.routes[0].percent, found.routes[0].window, found.issued_at) == (7, 500, 3, NOON)


def test_an_old_last_table_gives_no_percents_but_its_epoch_and_windows() -> None:
    found = boot(table(state=SERVING), NOON + 301)
    assert (found.epoch, found.routes[0].percent, found.routes[0].window) == (7, 0, 3)


def test_a_last_table_from_the_future_gives_no_percents() -> None:
    assert boot(table(state=SERVING), NOON - 10).routes[0].percent == 0


def test_an_endpoint_that_means_something_else_now_boots_at_zero() -> None:
    assert boot(table(state=SERVING), NOON, FILE.replace("/contacts/", "/people/")).routes[0].percent == 0


def test_flags_count_at_boot() -> None:
    assert boot(table(state=SERVING), NOON, env={}).routes[0].percent == 0


# -- orders -----------------------------------------------------------------------------------------------------------


def kinds(text: str, state: EndpointState, before: str | None = None) -> list[EventKind]:
    found = orders(config(text), {"contact": state}, None if before is None else config(before))
    return [event.kind for _, event in found]


LIVE = EndpointState(percent=2500, last_order=100, status=Status.BAKING)


def test_a_percent_that_nobody_gave_before_is_an_order() -> None:
    ((name, event),) = orders(config(), {"contact": LIVE}, None)
    assert (name, event.kind, event.percent) == ("contact", EventKind.FILE_ORDER, 500)


def test_an_old_file_and_what_the_judge_wrote_order_nothing() -> None:
    assert kinds(FILE.replace("percent: 5", "percent: 1"), LIVE) == []
    assert kinds(FILE.replace("percent: 5", "percent: 25"), LIVE) == []


def test_a_percent_that_the_edit_left_alone_is_no_order() -> None:
    edited = FILE + "        read_your_writes: 1s\n"  # a percent whose write-back is still to come, or has failed
    assert kinds(edited, LIVE, FILE) == []


def test_a_percent_that_was_refused_before_is_ordered_again() -> None:
    found = orders(config(), {"contact": LIVE}, config(), refused={"contact"})
    assert [event.kind for _, event in found] == [EventKind.FILE_ORDER]


def test_an_endpoint_that_has_no_state_is_ordered_nothing() -> None:
    assert orders(config(), {}, None) == []


def test_an_acknowledgement_comes_before_the_percent() -> None:
    text = with_endpoint("acknowledge: contact-3")
    assert kinds(text, replace(LIVE, latch="contact-3")) == [EventKind.ACKNOWLEDGE, EventKind.FILE_ORDER]


def test_an_acknowledgement_of_another_rollback_says_nothing() -> None:
    text = with_endpoint("acknowledge: contact-2").replace("percent: 5", "percent: 25")
    assert kinds(text, replace(LIVE, latch="contact-3")) == []


def test_edited_rules_gates_or_ladders_restart_the_evidence() -> None:
    same = FILE.replace("percent: 5", "percent: 25")
    for line in ("ladder: [50]", "compare: {ignore: [a]}", "promote_when: {alpha: 0.01}", "block: 2s"):
        assert kinds(same + f"        {line}\n", LIVE, same) == [EventKind.FILE_EDITED]


def test_other_edits_restart_nothing() -> None:
    same = FILE.replace("percent: 5", "percent: 25")
    assert kinds(same + "        read_your_writes: 1s\n", LIVE, same) == []


def test_a_removed_or_loosened_gate_is_named_as_bypassed_evidence() -> None:
    gates = "promote_when: {mismatch_rate: none, error_rate: 2%, compared_at_least: 90%, fallback_rate: 1%}"
    ((_, event),) = orders(config(with_endpoint(gates)), {"contact": replace(LIVE, percent=500)}, config())
    expected = (
        "its rules, gates or ladder changed; bypassed evidence: promote_when.mismatch_rate is removed, "
        "promote_when.error_rate is loosened from 0.01 to 0.02, "
        "promote_when.compared_at_least is loosened from 0.95 to 0.9"
    )
    assert event.reason == expected
