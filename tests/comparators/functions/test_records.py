"""Functions on objects that hold a record."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.functions.records import hollow


@pytest.mark.parametrize(
    ("legacy", "candidate", "same"),
    [
        ({"uuid": "a", "city": None}, None, True),
        ({"uuid": "a", "linkedin_sales_url": "_", "city": "", "latest_funding_amount": 0}, None, True),
        ({"latest_funding_amount": "0"}, None, True),
        ({"uuid": "a", "city": "Rome"}, None, False),
        ({"uuid": "a", "city": "_"}, None, False),
        ({"latest_funding_amount": "10"}, None, False),
        ({"uuid": "a", "city": None}, {}, False),
        ({"uuid": "a", "city": None}, "", False),
        (None, {"uuid": "a", "city": None}, False),
        ({}, None, False),
        (None, None, False),
    ],
)
def test_null_stands_for_an_object_without_any_value(legacy: Any, candidate: Any, same: bool) -> None:
    assert hollow(legacy, candidate) is same
