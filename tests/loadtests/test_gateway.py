"""The pure parts of the measurement of the gateway: what is asked, what is read of a process, what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from loadtests.micro.gateway import PAGE, Measured, Turn, cases, cost, line, p95, page_of, ticks
from loadtests.replay.questions import Data

ADDRESS = "https://www.linkedin.com/in/ada-000001"


def person(number: int, company: str, url: str | None = ADDRESS) -> dict[str, Any]:
    return {"uuid": f"p{number}", "company_id": company, "linkedin_url": url}


def people(**sizes: int) -> Data:
    contacts = [person(at, company) for company, size in sizes.items() for at in range(size)]
    return Data(contacts, [{"uuid": company} for company in sizes])


def test_ticks_are_the_users_and_the_systems_of_a_process_whatever_its_name() -> None:
    assert ticks("7 (a) b (c) S 1 7 7 0 -1 4194560 900 0 0 0 120 34 5 6 20 0 1 0 999 1 1") == 154


def test_the_page_is_that_of_the_company_with_the_most_contacts_that_fit() -> None:
    assert page_of(people(few=95, most=99, over=PAGE + 1)) == "most"


def test_data_without_a_company_of_about_a_page_are_refused() -> None:
    with pytest.raises(ValueError, match="no company has 100 contacts"):
        page_of(people(few=40, over=PAGE + 1))


def test_data_without_any_company_that_fits_are_refused() -> None:
    with pytest.raises(ValueError, match="no company has 100 contacts"):
        page_of(people(over=PAGE + 1))


def test_the_address_that_is_searched_is_of_one_person_and_without_wildcards() -> None:
    some = [None, "_", "https://www.linkedin.com/in/a_b-000001", "https://www.linkedin.com/in/ada"]
    contacts = [person(at, "c", url) for at, url in enumerate(some)] + [person(at, "c") for at in range(4, 95)]
    asked = {one.name: one.question for one in cases(Data(contacts, [{"uuid": "c"}]))}
    assert asked["one contact"].target == "/api/v1/contacts/p4/"


def test_a_sides_cost_is_the_median_of_its_turns_in_milliseconds() -> None:
    turns = [Turn([0.001 * factor] * 4, {"gateway": 0.002 * factor, "connectra": 0.004}) for factor in (1, 2, 9)]
    found = cost(turns, "gateway")
    assert (found.p50, found.p95, found.cpu, found.stand_in) == pytest.approx((2.0, 2.0, 1.0, 1.0))


def test_95_of_100_are_below_p95() -> None:
    assert p95([float(at) for at in range(101)]) == pytest.approx(95.0)


def test_p95_of_one_value_is_that_value() -> None:
    assert p95([0.5]) == 0.5


@pytest.mark.parametrize(("legacy", "ratio"), [(0.004, "0.50"), (0.0, "–")], ids=["some", "none that was seen"])
def test_a_line_says_what_share_of_legacys_cpu_the_gateway_takes(legacy: float, ratio: str) -> None:
    found = Measured("page", 8)
    found.turns["gateway"].append(Turn([0.003] * 2, {"gateway": 0.004, "connectra": 0.002}))
    found.turns["legacy"].append(Turn([0.005], {"legacy": legacy, "connectra": 0.0}))
    assert line(found) == f"| page | 8 | 2.00 | {legacy * 1e3:.2f} | {ratio} | 3.00 / 3.00 | 5.00 / 5.00 | 1.00 |"
