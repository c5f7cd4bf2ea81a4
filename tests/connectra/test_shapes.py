"""Connectra's records in legacy's shapes: every key, in legacy's order (legacy-api.md §5)."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.shapes import company_detail, company_item, contact_detail, contact_item, contact_items

ITEM = """uuid first_name last_name title company company_name_for_emails email email_status
    primary_email_catch_all_status seniority departments work_direct_phone home_phone mobile_phone corporate_phone
    other_phone stage employees industry keywords person_linkedin_url website company_linkedin_url facebook_url
    twitter_url city state country company_address company_city company_state company_country company_phone
    technologies annual_revenue total_funding latest_funding latest_funding_amount last_raised_at meta_data
    created_at updated_at"""
SUMMARY = """uuid name employees_count annual_revenue total_funding industry city state country website linkedin_url
    phone_number technologies"""
CONTACT_METADATA = """uuid linkedin_url linkedin_sales_url facebook_url twitter_url website work_direct_phone home_phone
    city state country other_phone stage"""
COMPANY_METADATA = """uuid linkedin_url linkedin_sales_url facebook_url twitter_url website company_name_for_emails
    phone_number latest_funding latest_funding_amount last_raised_at city state country"""
FIRM: dict[str, Any] = {
    "id": 4, "uuid": "c", "name": "Sample Works", "employees_count": 120, "industries": ["Software", "Consulting"],
    "keywords": ["b2b", "_"], "address": "1 Road", "annual_revenue": 5, "total_funding": 7,
    "technologies": ["Go", " Python "], "city": "Berlin", "state": "_", "country": "Germany",
    "linkedin_url": "https://www.linkedin.com/company/sample", "website": "https://sample.example",
    "normalized_domain": "sample.example", "facebook_url": "fb/c", "company_name_for_emails": "Sample",
    "phone_number": "'+49 30", "latest_funding": "Seed", "latest_funding_amount": 900, "last_raised_at": "2023-05",
    "created_at": "2024-01-02T03:04:05Z", "updated_at": "2024-01-02T03:04:05.5Z",
}  # fmt: skip
PERSON: dict[str, Any] = {
    "id": 9, "uuid": "p", "first_name": ' "Ada" ', "last_name": "_", "company_id": "c", "email": "ada@sample.example",
    "title": "VP", "departments": ["Sales", "", "Ops"], "seniority": "_", "city": "Köln", "facebook_url": "fb/p",
    "twitter_url": "tw/p", "created_at": "2024-01-02T03:04:05.123Z", "linkedin_url": "https://x/in/ada",
    "company": FIRM,
}  # fmt: skip
EMPTY: dict[str, Any] = {"uuid": "p"}


def test_a_contact_item_has_legacys_42_keys_in_its_order() -> None:
    assert list(contact_item(PERSON)) == ITEM.split()
    assert len(ITEM.split()) == 42


def test_a_contact_without_anything_has_every_key_as_null() -> None:
    item = contact_item(EMPTY)
    assert list(item) == ITEM.split()
    assert {key: value for key, value in item.items() if value is not None} == {"uuid": "p"}


def test_items_of_many_contacts_are_those_of_each_whatever_company_its_neighbour_has() -> None:
    other = {**FIRM, "uuid": "d", "name": "Other", "facebook_url": "_", "latest_funding_amount": None}
    firms = [FIRM, dict(FIRM), other, None, FIRM, {**FIRM, "employees_count": 121}, other]
    people = [{**PERSON, "uuid": str(at), "company": firm} for at, firm in enumerate(firms)] + [EMPTY, PERSON]
    assert contact_items(people) == [contact_item(one) for one in people]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("first_name", "Ada"), ("last_name", None), ("company", "Sample Works"), ("seniority", "_"),
        ("company_name_for_emails", "Sample"), ("departments", "Sales, Ops"), ("corporate_phone", "+49 30"),
        ("company_phone", "+49 30"), ("employees", 120), ("industry", "Software, Consulting"), ("keywords", "b2b"),
        ("person_linkedin_url", "https://x/in/ada"), ("website", None), ("city", "Köln"), ("company_city", "Berlin"),
        ("company_linkedin_url", "https://www.linkedin.com/company/sample"), ("facebook_url", "fb/c"),
        ("twitter_url", "tw/p"), ("company_state", None), ("company_address", "1 Road"), ("technologies", "Go, Python"),
        ("latest_funding_amount", 900), ("meta_data", {"latest_funding_amount": "900"}), ("last_raised_at", "2023-05"),
        ("created_at", "2024-01-02T03:04:05.123000"), ("updated_at", None), ("primary_email_catch_all_status", None),
    ],
)  # fmt: skip
def test_a_contacts_value_comes_from_where_legacy_takes_it(key: str, value: Any) -> None:
    assert contact_item(PERSON)[key] == value


def test_a_funding_of_zero_is_still_meta_data() -> None:
    firm = {"uuid": "c", "latest_funding_amount": 0}
    assert contact_item({**PERSON, "company": firm})["meta_data"] == {"latest_funding_amount": "0"}


def test_a_contact_detail_adds_the_company_and_the_metadata() -> None:
    detail = contact_detail(PERSON)
    assert list(detail) == [*ITEM.split(), "company_detail", "metadata"]
    assert list(detail["company_detail"]) == SUMMARY.split()
    assert list(detail["metadata"]) == CONTACT_METADATA.split()


def test_a_contact_without_company_and_metadata_has_nulls_for_both() -> None:
    detail = contact_detail(EMPTY)
    assert (detail["company_detail"], detail["metadata"]) == (None, None)


def test_the_summary_has_lists_where_the_item_has_text() -> None:
    summary = contact_detail(PERSON)["company_detail"]
    assert (summary["industry"], summary["technologies"]) == ("Software, Consulting", ["Go", "Python"])


def test_a_companys_name_falls_back_to_the_raw_one_in_the_summary_alone() -> None:
    detail = contact_detail({"uuid": "p", "company": {"uuid": "c", "name": "_"}})
    assert (detail["company"], detail["company_detail"]["name"]) == (None, "_")


def test_one_value_is_enough_for_a_contacts_metadata() -> None:
    metadata = contact_detail({"uuid": "p", "stage": "cold"})["metadata"]
    assert {key: value for key, value in metadata.items() if value is not None} == {"uuid": "p", "stage": "cold"}


def test_placeholders_alone_are_no_metadata() -> None:
    assert contact_detail({"uuid": "p", "stage": "_", "city": " "})["metadata"] is None


def test_a_company_item_has_legacys_keys_in_its_order() -> None:
    item = company_item(FIRM)
    assert list(item) == [*SUMMARY.split(), "keywords", "metadata"]
    assert list(item["metadata"]) == COMPANY_METADATA.split()


def test_a_company_detail_adds_the_times() -> None:
    detail = company_detail(FIRM)
    assert list(detail) == [*SUMMARY.split(), "keywords", "metadata", "created_at", "updated_at"]
    assert (detail["created_at"], detail["updated_at"]) == ("2024-01-02T03:04:05", "2024-01-02T03:04:05.500000")


def test_a_companys_keywords_and_technologies_stay_lists() -> None:
    item = company_item(FIRM)
    assert (item["keywords"], item["technologies"]) == (["b2b"], ["Go", "Python"])


def test_what_legacy_does_not_show_of_a_company_is_not_shown() -> None:
    assert not {"id", "address", "industries", "normalized_domain", "text_search"} & set(company_detail(FIRM))


def test_a_company_without_anything_has_every_key_as_null() -> None:
    detail = company_detail({"uuid": "c"})
    assert {key: value for key, value in detail.items() if value is not None} == {"uuid": "c"}
