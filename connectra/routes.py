"""Which handler answers which operation of legacy (legacy-api.md §2.1). Names are those of rollout.yaml's endpoints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from connectra.errors import Declined
from connectra.handlers import company_contacts as of_company
from connectra.handlers import lists
from connectra.handlers.base import Handler
from connectra.handlers.company import company
from connectra.handlers.contact import contact
from connectra.handlers.health import health_vql
from connectra.handlers.linkedin import linkedin

RESERVED = {
    "contact": frozenset(
        {"count", "title", "seniority", "department", "company", "industry", "keywords", "technologies",
         "company_address", "contact_address", "stream"}
    ),
    "company": frozenset(
        {"count", "stream", "name", "industry", "keywords", "technologies", "address", "city", "state", "country",
         "company"}
    ),
}  # fmt: skip
"""Words that are other routes of legacy and can never be ids."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: method, path with named groups, and its handler."""

    name: str
    method: str
    path: re.Pattern[str]
    handler: Handler


def _get(name: str, path: str, handler: Handler) -> Route:
    return Route(name, "GET", re.compile(path), handler)


_CONTACTS, _COMPANIES = "/api/v1/contacts/", "/api/v1/companies/"
_OF_COMPANY = _COMPANIES + "company/(?P<company_uuid>[^/]+)/contacts/"
_ATTRIBUTE = f"(?P<attribute>{'|'.join(of_company.COLUMNS)})/"
ROUTES = (
    _get("contacts", _CONTACTS, lists.contacts),
    _get("contacts-count", _CONTACTS + "count/", lists.contacts_count),
    _get("contacts-uuids", _CONTACTS + "count/uuids/", lists.contacts_uuids),
    _get("contact", _CONTACTS + "(?P<contact_uuid>[^/]+)/", contact),
    _get("companies", _COMPANIES, lists.companies),
    _get("companies-count", _COMPANIES + "count/", lists.companies_count),
    _get("companies-uuids", _COMPANIES + "count/uuids/", lists.companies_uuids),
    _get("company", _COMPANIES + "(?P<company_uuid>[^/]+)/", company),
    _get("company-contacts", _OF_COMPANY, of_company.company_contacts),
    _get("company-contacts-count", _OF_COMPANY + "count/", of_company.company_contacts_count),
    _get("company-contacts-uuids", _OF_COMPANY + "count/uuids/", of_company.company_contacts_uuids),
    _get("company-contacts-attribute", _OF_COMPANY + _ATTRIBUTE, of_company.company_contacts_attribute),
    _get("health-vql", "/api/v1/health/vql", health_vql),
    Route("linkedin", "POST", re.compile("/api/v2/linkedin/"), linkedin),
)


def export_download(handler: Handler) -> Route:
    """Of one file; creating and listing exports stays with legacy."""
    return _get("export-download", "/api/v2/exports/(?P<export_id>[A-Za-z0-9-]+)/download", handler)


def check_named(route: Route, endpoint: str | None) -> None:
    """Raises Declined where the worker matched the request to another endpoint of ours.

    A file without `contacts-count` matches that path to `contact`, whose percent does not speak of counts.
    """
    names = {one.name for one in ROUTES}
    if endpoint in names and route.name in names and endpoint != route.name:
        raise Declined("another route of legacy")


def find(method: str, path: str, more: tuple[Route, ...] = ()) -> tuple[Route, dict[str, str]]:
    """The route of a raw path, here or in `more`, and its parameters, decoded. Raises Declined."""
    for route in (*ROUTES, *more):
        match = route.path.fullmatch(path)
        if match is None or route.method != method:
            continue
        params = {name: unquote(value) for name, value in match.groupdict().items()}
        if any(value in RESERVED.get(route.name, ()) for value in params.values()):
            raise Declined("another route of legacy")
        if any("\0" in value for value in params.values()):
            raise Declined("NUL in a parameter")
        if any("/" in value for value in params.values()):
            raise Declined("slash in a parameter")  # legacy finds routes in the decoded path
        if any(sign in value for value in params.values() for sign in "?#"):
            raise Declined("query sign in a parameter")  # and links to it
        return route, params
    raise Declined("no handler for this operation")
