"""The types of Connectra's values: what is of another type is no answer (connectra.md §2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.errors import Misread
from connectra.fields import check_record

FIRM: dict[str, Any] = {"uuid": "c", "name": "Sample Works", "employees_count": 12, "industries": ["Software"]}
PERSON: dict[str, Any] = {"uuid": "p", "company_id": "c", "departments": ["Sales"], "id": 9, "company": FIRM}


@pytest.mark.parametrize(
    "record",
    [
        {"uuid": "p"},
        PERSON,
        FIRM,
        {**PERSON, "title": None, "departments": None, "company": None},
        {**FIRM, "annual_revenue": -(1 << 63)},
        {**PERSON, "something_new": {"of": 2027}, "cursor": ["a", "p"]},
    ],
)
def test_a_record_of_the_contract_is_taken(record: dict[str, Any]) -> None:
    check_record(record)


@pytest.mark.parametrize(
    "given",
    [
        {"uuid": None}, {"uuid": ""}, {"uuid": 5}, {"title": 5}, {"title": ["a"]}, {"departments": "Sales"},
        {"departments": ["a", None]}, {"departments": {}}, {"created_at": 1}, {"company_id": 7},
        {"company": "c"}, {"company": []}, {"company": {}}, {"company": {"uuid": "d"}}, {"company_id": "d"},
        {"company": {**FIRM, "employees_count": "12"}}, {"company": {**FIRM, "employees_count": 1.0}},
        {"company": {**FIRM, "employees_count": True}}, {"company": {**FIRM, "employees_count": 1 << 63}},
        {"company": {**FIRM, "keywords": "b2b"}},
    ],
)  # fmt: skip
def test_a_record_of_anything_else_is_misread(given: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        check_record({**PERSON, **given})


def test_a_company_that_came_for_a_contact_of_none_is_misread() -> None:
    with pytest.raises(Misread, match="not the one that it names"):
        check_record({"uuid": "p", "company": FIRM})


def test_the_field_is_named() -> None:
    with pytest.raises(Misread, match="employees_count is a str"):
        check_record({"uuid": "c", "employees_count": "12"})
