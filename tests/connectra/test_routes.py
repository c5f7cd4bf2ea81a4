"""Which handler answers which path (legacy-api.md §2.1, §2.2), and which paths are legacy's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectra.errors import Declined
from connectra.handlers.company import company
from connectra.routes import RESERVED, ROUTES, Route, export_download, find
from lab.legacy.company_contacts import ATTRIBUTES
from rollout.config import parse

FILE = Path(__file__).resolve().parents[2] / "rollout.yaml"
ENVIRONMENT = {"LEGACY_URL": "http://legacy.test", "CONNECTRA_BASE_URL": "http://c.test", "CONNECTRA_API_KEY": "k"}
LISTS = "/api/v1/companies/company/c/contacts/"


def found(path: str, method: str = "GET") -> tuple[str, dict[str, str]]:
    route, params = find(method, path)
    return route.name, params


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/api/v1/contacts/", "contacts", {}),
        ("/api/v1/contacts/count/", "contacts-count", {}),
        ("/api/v1/contacts/count/uuids/", "contacts-uuids", {}),
        ("/api/v1/contacts/p/", "contact", {"contact_uuid": "p"}),
        ("/api/v1/contacts/name/", "contact", {"contact_uuid": "name"}),
        ("/api/v1/companies/", "companies", {}),
        ("/api/v1/companies/count/", "companies-count", {}),
        ("/api/v1/companies/count/uuids/", "companies-uuids", {}),
        ("/api/v1/companies/c/", "company", {"company_uuid": "c"}),
        ("/api/v1/companies/title/", "company", {"company_uuid": "title"}),
        (LISTS, "company-contacts", {"company_uuid": "c"}),
        (LISTS + "count/", "company-contacts-count", {"company_uuid": "c"}),
        (LISTS + "count/uuids/", "company-contacts-uuids", {"company_uuid": "c"}),
        ("/api/v1/companies/company/count/contacts/", "company-contacts", {"company_uuid": "count"}),
        ("/api/v1/contacts/a%20%C3%A9%2541/", "contact", {"contact_uuid": "a é%41"}),
        ("/api/v1/contacts/%FF/", "contact", {"contact_uuid": "\ufffd"}),
    ],
)
def test_a_path_is_one_operation_with_its_parameters_decoded(path: str, name: str, params: dict[str, str]) -> None:
    assert found(path) == (name, params)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_of_legacy_is_answered(attribute: str) -> None:
    assert found(LISTS + attribute + "/") == (
        "company-contacts-attribute", {"company_uuid": "c", "attribute": attribute},
    )  # fmt: skip


def test_a_search_is_a_post() -> None:
    assert found("/api/v2/linkedin/", "POST") == ("linkedin", {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/contacts/"),
        ("HEAD", "/api/v1/contacts/"),
        ("PUT", "/api/v1/contacts/p/"),
        ("GET", "/api/v2/linkedin/"),
        ("GET", "/api/v1/contacts"),
        ("GET", "/api/v1/contacts//"),
        ("GET", "/api/v1/contacts/p"),
        ("GET", "/api/v1/contacts/p/q/"),
        ("GET", "/api/v1/companies/company/c/"),
        ("GET", LISTS + "email/"),
        ("GET", LISTS + "first_nam%65/"),
        ("GET", LISTS + "departments/"),
        ("GET", "/api/v2/contacts/"),
        ("GET", "/health"),
        ("GET", "/api/v1/contacts/?x"),
        ("GET", ""),
    ],
)
def test_any_other_operation_is_declined(method: str, path: str) -> None:
    with pytest.raises(Declined, match="no handler"):
        find(method, path)


@pytest.mark.parametrize("word", sorted(RESERVED["contact"] - {"count"}))
def test_a_word_that_is_another_route_is_no_contact(word: str) -> None:
    with pytest.raises(Declined, match="another route"):
        find("GET", f"/api/v1/contacts/{word}/")


@pytest.mark.parametrize("word", sorted(RESERVED["company"] - {"count"}))
def test_a_word_that_is_another_route_is_no_company(word: str) -> None:
    with pytest.raises(Declined, match="another route"):
        find("GET", f"/api/v1/companies/{word}/")


@pytest.mark.parametrize("path", ["/api/v1/contacts/coun%74/", "/api/v1/companies/%63ount/"])
def test_a_word_is_reserved_however_it_is_written(path: str) -> None:
    with pytest.raises(Declined, match="another route"):
        find("GET", path)


@pytest.mark.parametrize(
    ("uuid", "reason"), [("a%2Fb", "slash"), ("a%00", "NUL"), ("a%3Fb", "query sign"), ("a%23", "query sign")]
)
def test_a_parameter_that_legacy_reads_as_something_else_is_declined(uuid: str, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        find("GET", f"/api/v1/companies/company/{uuid}/contacts/")


def test_more_operations_can_be_had() -> None:
    more = (export_download(company),)
    route, params = find("GET", "/api/v2/exports/a-1/download", more)
    assert (route.name, params) == ("export-download", {"export_id": "a-1"})
    with pytest.raises(Declined):
        find("GET", "/api/v2/exports/a-1/download")


def test_every_operation_is_an_endpoint_of_the_shipped_file() -> None:
    config = parse(FILE.read_text(), ENVIRONMENT)
    named = {one.name for phase in config.phases for one in phase.endpoints}
    routes: tuple[Route, ...] = (*ROUTES, export_download(company))
    assert {one.name for one in routes} - {"health-vql"} <= named  # it says how the gateway is: nothing is migrated
    assert len({one.name for one in routes}) == len(routes)
