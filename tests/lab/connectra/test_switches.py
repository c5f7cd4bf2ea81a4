"""Which rule fits, and that draws and defects repeat."""

from __future__ import annotations

import statistics

from lab.connectra.switches import Fault, FieldDefect, Latency, Switches


def test_a_rule_with_the_endpoint_wins_over_a_longer_path() -> None:
    switches = Switches(latencies=[Latency(10, 0.0, endpoint="company"), Latency(99, 0.0, path="/companies/count")])
    assert switches.service_time("/companies/count", "company") == 0.010
    assert switches.service_time("/companies/count", "contact") == 0.099
    assert switches.service_time("/contacts/", "contact") == 0.0


def test_service_times_have_the_median_asked_for_and_repeat_with_the_seed() -> None:
    rule = [Latency(24, 0.3)]
    first = Switches(latencies=list(rule), seed=7)
    again = Switches(latencies=list(rule), seed=7)
    draws = [first.service_time("/contacts/", "") for _ in range(2000)]
    assert draws == [again.service_time("/contacts/", "") for _ in range(2000)]
    assert 0.0225 < statistics.median(draws) < 0.0255


def test_a_share_of_the_requests_meets_the_fault() -> None:
    switches = Switches(faults=[Fault("error", 0.25, endpoint="contact")])
    met = sum(switches.fault("/contacts/", "contact") == "error" for _ in range(4000))
    assert 850 < met < 1150
    assert switches.fault("/contacts/", "company") == ""


def test_the_same_records_are_always_hit() -> None:
    defect = FieldDefect("employees_count", "wrong", 0.10)
    hit = [uuid for uuid in map(str, range(5000)) if defect.hits(uuid)]
    assert 400 < len(hit) < 600
    assert all(FieldDefect("employees_count", "missing", 0.10).hits(uuid) for uuid in hit)
    assert all(FieldDefect("employees_count", "wrong", 0.20).hits(uuid) for uuid in hit)
