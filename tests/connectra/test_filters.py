"""Which filters of a company's contacts VQL can express: none, so each is declined by its name."""

from __future__ import annotations

import pytest

from connectra.asked import Asked
from connectra.errors import Declined
from connectra.filters import LISTS_ALWAYS_REFUSED, NOT_EXPRESSIBLE, PAGING, WITHOUT_EFFECT, admit

OF_LEGACY = [
    "first_name", "last_name", "email", "mobile_phone", "title", "seniority", "departments", "email_status",
    "contact_location", "text_search", "work_direct_phone", "home_phone", "other_phone", "city", "state", "country",
    "website", "stage", "person_linkedin_url", "facebook_url", "twitter_url", "exclude_titles",
    "exclude_contact_locations", "exclude_seniorities", "exclude_departments", "created_at_after",
    "created_at_before", "updated_at_after", "updated_at_before", "search", "ordering",
]  # fmt: skip


def asked(*query: tuple[str, str]) -> Asked:
    return Asked({}, "http://api.test/", query=list(query))


@pytest.mark.parametrize("name", [*OF_LEGACY, *sorted(LISTS_ALWAYS_REFUSED)])
def test_a_filter_is_declined_by_its_name(name: str) -> None:
    with pytest.raises(Declined, match=f"^parameter {name}$"):
        admit(asked(("limit", "5"), (name, "x")))


@pytest.mark.parametrize("name", ["title", "city"])
def test_a_blank_filter_is_declined_too(name: str) -> None:
    with pytest.raises(Declined, match=name):
        admit(asked((name, "")))


@pytest.mark.parametrize("name", [*sorted(WITHOUT_EFFECT | PAGING), "department", "utm_source", "view", "Title", ""])
def test_a_parameter_without_effect_on_legacy_has_none_here(name: str) -> None:
    admit(asked((name, "x")))


def test_the_first_filter_is_the_one_that_is_named() -> None:
    with pytest.raises(Declined, match="parameter city"):
        admit(asked(("city", "x"), ("title", "y")))


def test_every_filter_says_why_it_can_not_be_expressed() -> None:
    assert all(NOT_EXPRESSIBLE.values())


def test_the_filters_are_those_of_legacy() -> None:
    assert set(NOT_EXPRESSIBLE) == set(OF_LEGACY)
