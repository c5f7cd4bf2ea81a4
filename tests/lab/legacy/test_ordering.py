from __future__ import annotations

import pytest

from lab.legacy.ordering import UnknownOrdering, company_keys, order_by

KEYS = company_keys()


def test_keys_are_applied_in_their_order_with_a_tie_breaker_behind() -> None:
    assert order_by("-name, created_at", KEYS, "d", "co.id") == "ORDER BY co.name DESC, co.created_at ASC, co.id"


def test_without_a_tie_breaker_equal_rows_are_left_open() -> None:
    assert order_by("name", KEYS, "d", "") == "ORDER BY co.name ASC"


@pytest.mark.parametrize("ordering", [None, "", ",", " , "])
def test_no_key_is_the_default_order(ordering: str | None) -> None:
    assert order_by(ordering, KEYS, "d", "co.id") == "ORDER BY d"


def test_an_unknown_key_is_named_without_its_minus() -> None:
    with pytest.raises(UnknownOrdering, match=r"^shoe_size$"):
        order_by("-shoe_size", KEYS, "d", "")
