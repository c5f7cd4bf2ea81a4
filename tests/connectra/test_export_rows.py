"""The two CSV formats, beside those of the reference legacy API over the same people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectra.errors import Misread
from connectra.export_rows import (
    COMPANY_COLUMNS,
    COMPANY_MISSING,
    CONTACT_COLUMNS,
    CONTACT_MISSING,
    LITERAL,
    company_lines,
    company_row,
    contact_lines,
    contact_row,
)
from lab import people
from lab.legacy import csv_rows as legacy
from lab.legacy.records import Company, CompanyMetadata, Contact, ContactMetadata, Firm, Person

Row = dict[str, Any]
COMPANIES, CONTACTS = 60, 1500
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "recordings-legacy"


def typed(kind: type, row: Row | None) -> Any:
    return None if row is None else kind(**{one.name: row.get(one.name) for one in fields(kind)})


def as_json(row: Row, metadata: Row | None) -> Row:
    """A record as Connectra gives it: one object, empty values left out, Go's times."""
    record = {**(metadata or {}), **row}
    for name in ("text_search", "linkedin_sales_url", "status"):
        record.pop(name, None)
    for name, value in record.items():
        if isinstance(value, datetime):
            text = value.replace(tzinfo=UTC).isoformat().replace("+00:00", "")
            record[name] = (text.rstrip("0") if "." in text else text) + "Z"
    return {name: value for name, value in record.items() if value}


def firms() -> dict[str, tuple[Row, Row | None]]:
    return {row["uuid"]: (row, metadata) for row, metadata in people.companies(COMPANIES, 1)}


def pairs() -> Iterator[tuple[Person, Row]]:
    """Everybody, as legacy and as Connectra has them."""
    companies = firms()
    for row, metadata in people.contacts(CONTACTS, COMPANIES, 1):
        company, of_company = companies.get(row["company_id"] or "", (None, None))
        person = Person(
            typed(Contact, row),
            typed(ContactMetadata, metadata),
            typed(Company, company),
            typed(CompanyMetadata, of_company),
        )
        record = as_json(row, metadata)
        yield person, record if company is None else {**record, "company": as_json(company, of_company)}


def test_the_columns_are_legacys_in_its_order() -> None:
    assert (CONTACT_COLUMNS, COMPANY_COLUMNS) == (legacy.CONTACT_HEADER, legacy.COMPANY_HEADER)


def test_the_columns_in_which_none_is_written_are_those_of_the_contract() -> None:
    assert len(LITERAL | {"company_text_search"}) == 14


def test_a_contacts_row_is_legacys_but_for_the_columns_that_connectra_does_not_have() -> None:
    for person, record in pairs():
        ours, theirs = contact_row(record), legacy.contact_row(person, literal_none=True)
        for name, mine, its in zip(CONTACT_COLUMNS, ours, theirs, strict=True):
            if name in CONTACT_MISSING:
                assert mine == ""
            elif name in LITERAL and mine != its:
                assert {mine, its} == {"", "None"}
            else:
                assert (name, mine) == (name, its)


def test_a_companys_row_is_legacys_but_for_the_column_that_connectra_does_not_have() -> None:
    for company, metadata in firms().values():
        ours = dict(zip(COMPANY_COLUMNS, company_row(as_json(company, metadata)), strict=True))
        firm = Firm(typed(Company, company), typed(CompanyMetadata, metadata))
        theirs = dict(zip(COMPANY_COLUMNS, legacy.company_row(firm), strict=True))
        assert ours == {**theirs, **dict.fromkeys(COMPANY_MISSING, "")}


def test_a_null_of_a_contacts_company_is_the_word_none() -> None:
    company = {"uuid": "c", "linkedin_url": "x"}
    cells = dict(zip(CONTACT_COLUMNS, contact_row({"uuid": "p", "company": company}), strict=True))
    assert {name for name, cell in cells.items() if cell == "None"} == LITERAL - {"company_metadata_linkedin_url"}


def test_a_company_without_any_metadata_counts_as_one_without_a_metadata_row() -> None:
    cells = dict(zip(CONTACT_COLUMNS, contact_row({"uuid": "p", "company": {"uuid": "c", "name": "x"}}), strict=True))
    assert {name for name, cell in cells.items() if cell == "None"} == {"company_address"}


def test_a_domain_alone_shows_that_there_is_a_metadata_row() -> None:
    company = {"uuid": "c", "name": "x", "address": "y", "normalized_domain": "x.example"}
    assert contact_row({"uuid": "p", "company": company}).count("None") == 11


def test_without_a_company_its_columns_are_empty_and_the_contact_still_names_it() -> None:
    cells = dict(zip(CONTACT_COLUMNS, contact_row({"uuid": "p", "company_id": "gone"}), strict=True))
    assert cells["contact_company_id"] == "gone"
    assert not any(cells[name] for name in COMPANY_COLUMNS)


@pytest.mark.parametrize(
    ("column", "kept"),
    [("contact_seniority", "_"), ("contact_metadata_stage", ""), ("company_metadata_city", "_"), ("company_name", "_")],
)
def test_the_placeholder_is_kept_or_emptied_as_in_legacys_column_groups(column: str, kept: str) -> None:
    record = {"uuid": "p", "seniority": "_", "stage": "_", "company": {"uuid": "c", "city": "_", "name": "_"}}
    assert dict(zip(CONTACT_COLUMNS, contact_row(record), strict=True))[column] == kept


@pytest.mark.parametrize("column", ["company_metadata_city", "company_metadata_website"])
def test_of_a_companys_own_row_the_placeholder_is_emptied(column: str) -> None:
    record = {"uuid": "c", "city": "_", "website": "_"}
    assert dict(zip(COMPANY_COLUMNS, company_row(record), strict=True))[column] == ""


def cell(name: str, value: Any) -> str:
    return dict(zip(CONTACT_COLUMNS, contact_row({"uuid": "p", name: value}), strict=True))[f"contact_{name}"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("departments", ["a", "", "b, c"], "a,b, c"),
        ("created_at", "2025-01-02T03:04:05.6789Z", "2025-01-02T03:04:05.678900"),
        ("created_at", "2025-01-02T03:04:05Z", "2025-01-02T03:04:05"),
        ("created_at", "2025-01-02T05:04:05+02:00", "2025-01-02T03:04:05"),
        ("title", ' "CEO" ', ' "CEO" '),
    ],
)
def test_values_are_raw_joined_and_naive(name: str, value: Any, text: str) -> None:
    assert cell(name, value) == text


@pytest.mark.parametrize(
    ("name", "value"), [("title", 7), ("title", ["x"]), ("departments", "x"), ("departments", [1]), ("created_at", "x")]
)
def test_a_value_of_another_kind_is_never_written(name: str, value: Any) -> None:
    with pytest.raises(Misread):
        cell(name, value)


@pytest.mark.parametrize(
    ("value", "written"), [("a,b", '"a,b"'), ('a"b', '"a""b"'), ("a\nb", '"a\nb"'), ("a\rb", "a\rb"), (" a ", " a ")]
)
def test_contacts_are_quoted_by_hand_as_legacy_does(value: str, written: str) -> None:
    assert contact_lines([[value, ""]]) == f"{written},\n".encode()


def test_lines_are_legacys_to_the_byte() -> None:
    rows = [["a,b", 'x"y', "l\nm", "n\ro", "", "é"], [""] * 6]
    assert contact_lines(rows) == legacy.contact_lines(rows).encode()
    assert company_lines(rows) == legacy.excel_lines(rows).encode()


def test_a_csv_of_everybody_reads_back() -> None:
    rows = [contact_row(record) for _, record in pairs()]
    text = contact_lines([CONTACT_COLUMNS, *rows]).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [list(CONTACT_COLUMNS), *rows]


def recorded(name: str) -> list[Row]:
    return [orjson.loads(line) for line in (RECORDED / name).read_bytes().splitlines()]


def seed() -> dict[str, dict[str, Row]]:
    """The rows under the recordings, by table and uuid; times as Connectra gives them."""
    tables: dict[str, dict[str, Row]] = {}
    for line in recorded("seed.jsonl"):
        row = line["row"]
        for name in ("created_at", "updated_at"):
            if row.get(name):
                row[name] = f"{row[name]}Z"
        tables.setdefault(line["table"], {})[row.get("uuid", "")] = row
    return tables


@pytest.mark.skipif(not RECORDED.is_dir(), reason="shared/contracts/ is not beside the repository")
@pytest.mark.parametrize(
    ("kind", "download", "lacking"),
    [
        ("contacts", "download", CONTACT_MISSING),
        ("contacts", "download (unknown ids)", CONTACT_MISSING),
        ("companies", "download (companies)", COMPANY_MISSING),
    ],
)
def test_a_recorded_file_of_the_real_legacy_is_made_alike(kind: str, download: str, lacking: tuple[str, ...]) -> None:
    exchanges, tables = recorded("exchanges-exports.jsonl"), seed()
    theirs = next(one for one in exchanges if one["name"] == download)
    export = theirs["request"]["path"].partition("{var:")[2].partition("}")[0]
    created = next(one for one in exchanges if export in one.get("save", {}))
    ids = orjson.loads(created["request"]["body"])["contact_uuids" if kind == "contacts" else "company_uuids"]
    records = {uuid: as_json(row, tables[f"{kind}_metadata"].get(uuid)) for uuid, row in tables[kind].items()}
    if kind == "contacts":
        for record in records.values():
            company = tables["companies"].get(record.get("company_id", ""))
            if company is not None:
                record["company"] = as_json(company, tables["companies_metadata"].get(company["uuid"]))
    shape = contact_row if kind == "contacts" else company_row
    columns = CONTACT_COLUMNS if kind == "contacts" else COMPANY_COLUMNS
    ours = [dict(zip(columns, shape(records[uuid]), strict=True)) for uuid in ids if uuid in records]
    found = list(csv.DictReader(io.StringIO(theirs["response"]["body"], newline="")))
    assert tuple(found[0] if found else columns) == columns
    unlike = {
        (name, row[name], mine[name])
        for row, mine in zip(found, ours, strict=True)
        for name in columns
        if row[name] != mine[name] and name not in lacking
    }
    assert {one for one in unlike if not (one[0] in LITERAL and set(one[1:]) == {"", "None"})} == set()


@pytest.mark.skipif(not RECORDED.is_dir(), reason="shared/contracts/ is not beside the repository")
@pytest.mark.parametrize(
    ("download", "lines"),
    [
        ("download", contact_lines),
        ("download (unknown ids)", contact_lines),
        ("download (companies)", company_lines),
    ],
)
def test_a_recorded_file_is_written_again_to_the_byte(download: str, lines: Callable[[list[list[str]]], bytes]) -> None:
    body = next(one for one in recorded("exchanges-exports.jsonl") if one["name"] == download)["response"]["body"]
    marked = body.replace("\r", "\x00") if lines is contact_lines else body  # a lone CR is data there
    rows = list(csv.reader(io.StringIO(marked, newline="")))
    assert lines([[cell.replace("\x00", "\r") for cell in row] for row in rows]).decode() == body
