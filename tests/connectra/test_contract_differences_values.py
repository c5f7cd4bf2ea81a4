"""D-01 to D-23 of legacy-api.md §10: of what Connectra holds the gateway makes legacy's own form."""

from __future__ import annotations

from typing import Any

import pytest

from connectra.errors import Misread
from connectra.export_rows import COMPANY_COLUMNS, CONTACT_COLUMNS, company_row, contact_row
from connectra.shapes import company_detail, company_item, contact_detail, contact_item, contact_simple_item

FIRM = {
    "uuid": "c", "name": "Sample", "industries": ["Software", "Media"], "keywords": ["saas", "b2b"],
    "technologies": ["Go"], "phone_number": "'+49 30", "latest_funding_amount": 5, "website": "https://sample.example",
    "normalized_domain": "sample.example", "employees_count": 120, "facebook_url": "fb.com/sample",
    "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00.5Z",
}  # fmt: skip
PERSON = {
    "uuid": "p", "id": 7, "first_name": "Ada", "city": "Rome", "departments": ["Sales", "IT"], "company": FIRM,
    "company_id": "c", "facebook_url": "fb.com/ada", "website": "https://ada.example", "deleted_at": None,
    "created_at": "2024-01-01T00:00:00Z",
}  # fmt: skip


def test_d01_a_contact_has_its_company_and_its_metadata() -> None:
    found = contact_detail(PERSON)
    assert (found["company_detail"]["uuid"], found["metadata"]["city"]) == ("c", "Rome")
    assert contact_detail({"uuid": "p"})["metadata"] is None


def test_d02_a_contact_has_the_columns_of_its_company() -> None:
    assert (contact_item(PERSON)["company"], contact_item(PERSON)["employees"]) == ("Sample", 120)
    assert contact_item({"uuid": "p"})["company"] is None


def test_d03_keywords_phone_and_amount_are_the_companys() -> None:
    found = contact_item(PERSON)
    assert (found["keywords"], found["corporate_phone"]) == ("saas, b2b", "+49 30")
    assert found["meta_data"] == {"latest_funding_amount": "5"}
    assert contact_item({"uuid": "p", "company": {"uuid": "c"}})["meta_data"] is None


def test_d04_industries_are_joined_and_not_the_first_alone() -> None:
    assert contact_item(PERSON)["industry"] == company_item(FIRM)["industry"] == "Software, Media"


def test_d05_a_company_has_its_metadata_and_its_times() -> None:
    found = company_detail(FIRM)
    assert found["metadata"]["latest_funding_amount"] == 5
    assert (found["created_at"], found["updated_at"]) == ("2024-01-01T00:00:00", "2024-01-01T00:00:00.500000")
    assert company_detail({"uuid": "c"})["metadata"] is None


def test_d06_the_domain_of_a_short_item_is_the_persons_website() -> None:
    assert contact_simple_item(PERSON)["company_domain"] == "https://ada.example"


def test_d07_of_two_addresses_the_companys_counts() -> None:
    assert contact_item(PERSON)["facebook_url"] == "fb.com/sample"
    assert contact_item({**PERSON, "company": {"uuid": "c"}})["facebook_url"] == "fb.com/ada"


def test_d09_columns_of_a_csv_are_filled_but_for_what_is_not_indexed() -> None:
    found = dict(zip(CONTACT_COLUMNS, contact_row({**PERSON, "text_search": "Rome"}), strict=True))
    assert (found["company_uuid"], found["company_industries"]) == ("c", "Software,Media")
    assert (found["contact_text_search"], found["company_text_search"]) == ("", "")


def test_d10_a_record_that_can_not_be_read_fails_the_page_and_is_not_dropped() -> None:
    with pytest.raises(Misread):
        contact_item({**PERSON, "title": 5})


@pytest.mark.parametrize(
    ("row", "raw", "legacy"),
    [
        ("D-13", "_", None),
        ("D-13", "__", "__"),
        ("D-14", "", None),
        ("D-15", ' "\'+91" ', "+91"),
        ("D-15", "O'Neil's", "O'Neil's"),
        ("D-25", "Rene\u0301", "Rene\u0301"),
    ],
)
def test_d13_d14_d15_d25_a_text_is_cleaned_as_legacy_cleans_it(row: str, raw: str, legacy: str | None) -> None:
    assert contact_item({"uuid": "p", "title": raw})["title"] == legacy, row


def test_d13_seniority_keeps_the_placeholder() -> None:
    assert contact_item({"uuid": "p", "seniority": "_"})["seniority"] == "_"


@pytest.mark.parametrize(
    ("raw", "legacy"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
        ("2024-01-01T02:00:00.1234567+02:00", "2024-01-01T00:00:00.123456"),
        (None, None),
    ],
)
def test_d16_times_are_naive_utc_with_six_digits_or_none(raw: str | None, legacy: str | None) -> None:
    assert contact_item({"uuid": "p", "created_at": raw})["created_at"] == legacy


def test_d17_lists_are_joined_as_legacy_joins_them() -> None:
    assert contact_item(PERSON)["departments"] == "Sales, IT"
    assert company_item(FIRM)["technologies"] == ["Go"]
    assert dict(zip(CONTACT_COLUMNS, contact_row(PERSON), strict=True))["contact_departments"] == "Sales,IT"


@pytest.mark.parametrize("value", [None, [], [""], ["_"]])
def test_d18_a_list_of_nothing_is_null(value: list[str] | None) -> None:
    assert company_item({"uuid": "c", "technologies": value})["technologies"] is None


@pytest.mark.parametrize("wrong", ["120", 120.5, True])
def test_d19_a_number_is_whole_or_the_answer_is_misread(wrong: Any) -> None:
    assert company_item(FIRM)["employees_count"] == 120
    with pytest.raises(Misread):
        company_item({"uuid": "c", "employees_count": wrong})


def test_d20_nothing_is_blank_in_a_csv() -> None:
    blank = dict(zip(COMPANY_COLUMNS, company_row({"uuid": "c"}), strict=True))
    assert blank["company_employees_count"] == ""
    assert dict(zip(COMPANY_COLUMNS, company_row(FIRM), strict=True))["company_employees_count"] == "120"


def test_d21_null_of_a_contacts_company_is_the_word_none() -> None:
    found = dict(zip(CONTACT_COLUMNS, contact_row({**PERSON, "company": {"uuid": "c"}}), strict=True))
    assert (found["company_name"], found["contact_title"]) == ("None", "")


def test_d23_keys_are_legacys_alone() -> None:
    assert {"id", "deleted_at", "normalized_domain"} & (contact_detail(PERSON).keys() | company_detail(FIRM)) == set()
