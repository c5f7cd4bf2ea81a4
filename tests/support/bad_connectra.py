"""What a Connectra may do wrong, as cases: the endpoint that is asked, how it behaves, the reason that is counted."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.support import connectra_fake as fakes
from tests.support.bad_input import Bad
from tests.support.connectra_fake import Behave, gives, gives_bytes

URL = b'{"url":"https://www.linkedin.com/in/ada"}'
TARGETS = {
    "contact": b"/api/v1/contacts/good/",
    "contacts": b"/api/v1/contacts/",
    "contacts-count": b"/api/v1/contacts/count/",
    "contacts-uuids": b"/api/v1/contacts/count/uuids/",
    "company-contacts": b"/api/v1/companies/company/c/contacts/",
}
GOOD = {"uuid": "good", "company_id": "c"}


async def drips(request: web.Request) -> web.StreamResponse:
    """One byte at a time, for ever."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


async def hangs(request: web.Request) -> web.StreamResponse:
    """No byte, until the peer gives up."""
    await asyncio.get_running_loop().create_future()
    return web.Response()


async def floods(request: web.Request) -> web.StreamResponse:
    """40 MiB."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(40):
        await response.write(bytes(1 << 20))
    return response


def _asked(name: str, endpoint: str, behave: Behave, reason: str, path: str = "*") -> Bad:
    if endpoint == "linkedin":
        target, json = b"/api/v2/linkedin/", (b"Content-Type: application/json",)
        return Bad(name, endpoint, reason, target, URL, json, behave, path, method=b"POST")
    return Bad(name, endpoint, reason, TARGETS[endpoint], behave=behave, path=path)


_ANSWERS: list[tuple[str, Behave, str]] = [
    ("HTML", fakes.HTML, "misread"),
    ("half a JSON", fakes.HALF, "misread"),
    ("nothing", fakes.EMPTY, "misread"),
    ("a list", gives([]), "misread"),
    ("100,000 brackets", gives_bytes(b"[" * 100_000 + b"]" * 100_000), "misread"),
    ("NaN", gives_bytes(b'{"data":NaN,"count":NaN}'), "misread"),
    ("invalid UTF-8", gives_bytes(b'{"data":[{"uuid":"\xff"}],"count":1}'), "misread"),
    ("half a letter", gives_bytes(b'{"data":[{"uuid":"\\ud800"}],"count":1}'), "misread"),
    ("an error with 200", gives({"error": "no", "success": False, "data": [], "count": 0}), "misread"),
    ("half an answer", fakes.breaks_off, "misread"),
    ("bytes that are not packed as said", gives_bytes(b"{}", Content_Encoding="gzip"), "misread"),
    ("401", fakes.UNAUTHORIZED, "refused"),
    ("403", gives({}, 403), "refused"),
    ("404 in words", gives_bytes(b"404 page not found", 404), "refused"),
    ("307", gives_bytes(b"", 307, Location="/contacts"), "refused"),
    ("429", fakes.LIMITED, "limited"),
    ("429 with Retry-After", gives_bytes(b"{}", 429, Retry_After="3600"), "limited"),
    ("429 with a Retry-After that is none", gives_bytes(b"<html>", 429, Retry_After="soon"), "limited"),
    ("500", fakes.SICK, "failed"),
    ("a panic's empty 500 that says gzip", gives_bytes(b"", 500, Content_Encoding="gzip"), "failed"),
    ("503 in words", gives_bytes(b"no", 503), "failed"),
    ("a closed connection", fakes.drops, "unavailable"),
]
TRANSPORT = [
    _asked(name, endpoint, behave, reason)
    for name, behave, reason in _ANSWERS
    for endpoint in ("contact", "contacts", "linkedin")
]
TRANSPORT.append(_asked("40 MiB", "contact", floods, "misread"))
SLOW = [
    *(_asked("a byte at a time", endpoint, drips, "unavailable") for endpoint in ("contact", "contacts")),
    *(_asked("silence", endpoint, hangs, "unavailable") for endpoint in ("contact", "linkedin")),
]
"""Cases that end with the deadline of a call to Connectra."""


def _page(*records: object) -> Behave:
    return gives({"data": list(records), "success": True})


def _with(**given: Any) -> Behave:
    """A page of the good record with these fields besides."""
    return _page(GOOD | given)


def _firm(**given: Any) -> Behave:
    """A page of the good record with a company that has these fields."""
    return _with(company={"uuid": "c", "name": "Sample Works"} | given)


_RECORDS: list[tuple[str, Behave]] = [
    ("data null", gives({"data": None, "success": True})),
    ("data a number", gives({"data": 5, "success": True})),
    ("a record that is none", _page("good")),
    ("no uuid", _page({"first_name": "Ada", "company_id": "c"})),
    ("an empty uuid", _with(uuid="")),
    ("a uuid that is a number", _with(uuid=5)),
    ("departments a text", _with(departments="Sales")),
    ("departments of numbers", _with(departments=[1])),
    ("a name that is a list", _with(first_name=["Ada"])),
    ("a title that is an object", _with(title={"en": "VP"})),
    ("a city that is a number", _with(city=7)),
    ("created yesterday", _with(created_at="yesterday")),
    ("created at a number", _with(created_at=1_700_000_000)),
    ("updated on a 31st of February", _with(updated_at="2024-02-31T00:00:00Z")),
    ("employees a text", _firm(employees_count="12")),
    ("employees a fraction", _firm(employees_count=12.5)),
    ("employees true", _firm(employees_count=True)),
    ("revenue over 64 bits", _firm(annual_revenue=(1 << 64) - 1)),
    ("technologies a text", _firm(technologies="Go")),
    ("another company", _firm(uuid="d")),
    ("a company without uuid", _with(company={"name": "Sample Works"})),
    ("a company for nobody", _page({"uuid": "good", "company": {"uuid": "c"}})),
    ("a company that is a text", _with(company="Sample Works")),
    ("a company that is a list", _with(company=[])),
    ("more records than the limit", _page(*[GOOD] * 150)),
]
RECORDS = [
    *(
        _asked(name, endpoint, behave, "misread", "/contacts/")
        for name, behave in _RECORDS
        for endpoint in ("contact", "contacts", "company-contacts")
        if not (endpoint == "company-contacts" and name == "a company for nobody")
    ),
    _asked("another record", "contact", _page({"uuid": "other"}), "misread", "/contacts/"),
    _asked("a contact of another company", "company-contacts", _with(company_id="d"), "misread", "/contacts/"),
    _asked("another company", "company-contacts", _page({"uuid": "d"}), "misread", "/companies/"),
    _asked("more records than are counted", "contacts", _page(GOOD, GOOD | {"uuid": "b"}), "misread", "/contacts/"),
]
_NUMBERS: list[tuple[str, bytes]] = [
    ("below 0", b'{"count":-1}'), ("a fraction", b'{"count":1.0}'), ("1e30", b'{"count":1e30}'),
    ("over 64 bits", b'{"count":99999999999999999999}'), ("a text", b'{"count":"5"}'), ("null", b'{"count":null}'),
    ("true", b'{"count":true}'), ("nothing", b'{"success":true}'),
]  # fmt: skip
COUNTS = [
    _asked(f"count {name}", endpoint, gives_bytes(body), "misread", "/contacts/count")
    for name, body in _NUMBERS
    for endpoint in ("contacts-count", "contacts", "contacts-uuids")
]
