"""Paths as the service's router reads them: a handler, a redirect, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from lab.connectra import bodies, rawrows, upserts
from lab.connectra.engine import Engine
from lab.connectra.errors import BadRequest
from lab.connectra.fields import COMPANY, CONTACT
from lab.connectra.gojson import parse
from lab.connectra.gotypes import decode


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a handler."""

    body: bytes
    query: str
    service: str = ""


Handler = Callable[[Engine, Call], tuple[int, Any]]


def _search(service: str) -> Handler:
    def handle(engine: Engine, call: Call) -> tuple[int, Any]:
        return 200, {"data": engine.search(service, bodies.read_search(call.body)), "success": True}

    return handle


def _count(service: str) -> Handler:
    def handle(engine: Engine, call: Call) -> tuple[int, Any]:
        return 200, {"count": engine.count(service, bodies.read_search(call.body)), "success": True}

    return handle


def _upsert(service: str) -> Handler:
    spec = bodies.records_spec(CONTACT if service == "contact" else COMPANY)

    def handle(engine: Engine, call: Call) -> tuple[int, Any]:
        upserts.upsert(engine, service, bodies.read(call.body, spec))
        return 200, {"success": True}

    return handle


def _health(_engine: Engine, _call: Call) -> tuple[int, Any]:
    return 200, {"status": "ok"}


def _raw_rows(engine: Engine, call: Call) -> tuple[int, Any]:
    rawrows.upsert(engine, bodies.read(call.body, bodies.RAW_ROWS))
    return 200, {"message": "Batch upsert successful", "success": True}


def _upload_url(_engine: Engine, call: Call) -> tuple[int, Any]:
    name = parse_qs(call.query).get("filename", [""])[0]
    if not name:
        raise BadRequest("filename query parameter is required")
    key = f"uploads/00000000-0000-4000-8000-000000000000_{name}"
    url = f"https://storage.invalid/{key}?X-Amz-Expires=86400"
    return 200, {"expires_in": "24h0m0s", "s3_key": key, "success": True, "upload_url": url}


def _list_jobs(engine: Engine, call: Call) -> tuple[int, Any]:
    return 200, {"data": engine.jobs.listed(bodies.read(call.body, bodies.LIST_JOBS)), "success": True}


def _create_job(engine: Engine, call: Call) -> tuple[int, Any]:
    parsed = parse(call.body)
    engine.jobs.create(decode(parsed, bodies.CREATE_JOB), parsed)
    return 201, {"message": "Job created successfully", "success": True}


def _filters(engine: Engine, call: Call) -> tuple[int, Any]:
    return 200, {"data": engine.filters.listed(call.service), "success": True}


def _filters_data(engine: Engine, call: Call) -> tuple[int, Any]:
    query = bodies.read(call.body, bodies.FILTERS_DATA) or {}
    return 200, {"data": engine.filters.data(call.service, query), "success": True}


_FIXED: dict[tuple[str, str], Handler] = {
    ("GET", "/health"): _health,
    ("POST", "/contacts/"): _search("contact"),
    ("POST", "/contacts/count"): _count("contact"),
    ("POST", "/contacts/batch-upsert"): _upsert("contact"),
    ("POST", "/companies/"): _search("company"),
    ("POST", "/companies/count"): _count("company"),
    ("POST", "/companies/batch-upsert"): _upsert("company"),
    ("POST", "/common/batch-upsert"): _raw_rows,
    ("GET", "/common/upload-url"): _upload_url,
    ("POST", "/common/jobs"): _list_jobs,
    ("POST", "/common/jobs/create"): _create_job,
}
_PER_SERVICE: dict[tuple[str, str], Handler] = {("GET", "/filters"): _filters, ("POST", "/filters/data"): _filters_data}


def find(method: str, path: str) -> tuple[Handler, str] | None:
    """The handler of exactly this path, and the `:service` in it."""
    fixed = _FIXED.get((method, path))
    if fixed is not None:
        return fixed, ""
    if path.startswith("/common/"):
        service, slash, rest = path.removeprefix("/common/").partition("/")
        handler = _PER_SERVICE.get((method, slash + rest))
        if handler is not None and service:
            return handler, service
    return None


def redirected(method: str, path: str) -> str | None:
    """The path with or without its trailing slash, when only that one has a handler."""
    other = path[:-1] if len(path) > 1 and path.endswith("/") else path + "/"
    return other if find(method, other) is not None else None
