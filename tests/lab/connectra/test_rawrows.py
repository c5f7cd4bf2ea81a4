"""Raw rows: cleaning, identities, and the error after a successful write."""

from __future__ import annotations

import pytest

from lab.connectra import rawrows
from lab.connectra.engine import Engine
from lab.connectra.errors import BadRequest, Failed


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("C++", "C"), ("J.", "J"), ("_", ""), ("https://x.example/in/a/", "https://x.example/in/a"), (" a \t b ", "a b")],
)
def test_both_ends_are_stripped_and_white_space_collapsed(text: str, wanted: str) -> None:
    assert rawrows.cleaned_text(text) == wanted


def test_a_row_becomes_a_contact_and_a_company_by_uuid5() -> None:
    engine = Engine()
    row = {
        "first_name": " Ada ", "last_name": "Sample", "person_linkedin_url": "https://social.example/in/Ada-Sample/",
        "company": "Sample Works", "company_linkedin_url": "https://social.example/company/sample-works",
        "employees": "1.5M", "mobile_phone": "(415) 555-0100 x12",
    }
    with pytest.raises(Failed, match="42601"):
        rawrows.upsert(engine, {"data": [row]})
    contact = engine.contacts.rows["c33b2d13-b87c-5b60-b197-eac801b5bef8"].shown
    company = engine.companies.rows["53a8d655-c38a-5551-bcb0-a6816ec9b42c"].shown
    assert (contact["mobile_phone"], company["employees_count"]) == ("+415555010012", 15)


def test_an_empty_or_too_long_list_is_refused() -> None:
    for count, code in ((0, "ERR_EMPTY_PAYLOAD"), (101, "ERR_BATCH_TOO_LARGE")):
        with pytest.raises(BadRequest, match=code):
            rawrows.upsert(Engine(), {"data": [{}] * count})
