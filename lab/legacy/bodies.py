"""Typed query parameters and JSON bodies, and the 422 that a wrong one is answered with (contract §2.5)."""

from __future__ import annotations

import json
from email.message import Message
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from lab.legacy.http import Call, Failure

Limit = TypeAdapter[int | None](Annotated[int | None, Field(ge=1)])
Offset = TypeAdapter[int](Annotated[int, Field(ge=0)])
_Model = TypeVar("_Model", bound=BaseModel)


class Checks:
    """Collects what is wrong with a request; the original tells all of it at once."""

    def __init__(self) -> None:
        self.errors: list[dict[str, Any]] = []

    def limit(self, call: Call) -> int | None:
        """`limit` ≥ 1, or None when it is not given."""
        found: int | None = self._typed(call, "limit", Limit, None)
        return found

    def offset(self, call: Call) -> int:
        """`offset` ≥ 0."""
        found: int = self._typed(call, "offset", Offset, 0)
        return found

    def _typed(self, call: Call, name: str, adapter: TypeAdapter[Any], default: Any) -> Any:
        given = call.query.get(name)
        if given is None:
            return default
        try:
            return adapter.validate_python(given)
        except ValidationError as error:
            self.errors += _located(error, "query", name)
            return default

    def required(self, call: Call, name: str) -> str:
        """A text parameter that must be there."""
        given = call.query.get(name)
        if given is None:
            self.errors.append(_missing("query", name))
            return ""
        return given

    def done(self) -> None:
        """Raises `Failure` 422 when anything was wrong."""
        if self.errors:
            raise Failure(422, self.errors)


def paging(call: Call) -> tuple[int | None, int]:
    """`limit` and `offset`. Raises `Failure` 422."""
    checks = Checks()
    limit, offset = checks.limit(call), checks.offset(call)
    checks.done()
    return limit, offset


async def raw_body(call: Call) -> Any:
    """The decoded body: JSON if it says so or says nothing, else the bytes; None for none.

    Decoding comes before everything else, authentication included. Raises `Failure` 422 or 400.
    """
    data = await call.read()
    if not data:
        return None
    content_type = call.headers.get("Content-Type")
    if content_type is not None and not _is_json(content_type):
        return data
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        wrong = {"type": "json_invalid", "loc": ["body", error.pos], "msg": "JSON decode error", "input": {}}
        raise Failure(422, [{**wrong, "ctx": {"error": error.msg}}]) from None
    except (ValueError, RecursionError):
        raise Failure(400, "There was an error parsing the body") from None


def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def parsed(model: type[_Model], body: Any) -> _Model:
    """The body as a model. Raises `Failure` 422."""
    if body is None:
        raise Failure(422, [_missing("body")])
    try:
        return model.model_validate(body, from_attributes=True)
    except ValidationError as error:
        raise Failure(422, _located(error, "body")) from None


def _missing(*location: str) -> dict[str, Any]:
    return {"type": "missing", "loc": list(location), "msg": "Field required", "input": None}


def _located(error: ValidationError, *prefix: str) -> list[dict[str, Any]]:
    """The errors as they are sent; an exception within them is an empty object."""
    found = []
    for item in error.errors(include_url=False):
        entry: dict[str, Any] = {"type": item["type"], "loc": [*prefix, *item["loc"]], "msg": item["msg"]}
        given = item["input"]
        entry["input"] = given.decode() if isinstance(given, bytes) else given
        if "ctx" in item:
            entry["ctx"] = {key: {} if isinstance(text, Exception) else text for key, text in item["ctx"].items()}
        found.append(entry)
    return found


class LinkedInSearch(BaseModel):
    """POST /api/v2/linkedin/."""

    url: str


class LinkedInExport(BaseModel):
    """POST /api/v2/linkedin/export."""

    urls: list[str] = Field(min_length=1)


class ContactExport(BaseModel):
    """POST /api/v2/exports/contacts/export."""

    contact_uuids: list[str] = Field(min_length=1)


class CompanyExport(BaseModel):
    """POST /api/v2/exports/companies/export."""

    company_uuids: list[str] = Field(min_length=1)


class ChunkedExport(BaseModel):
    """POST /api/v2/exports/contacts/export/chunked."""

    chunks: list[list[str]] = Field(min_length=1)
    merge: bool = True


class EmailContact(BaseModel):
    """One person whose address is sought (§7.2)."""

    model_config = ConfigDict(from_attributes=True)

    first_name: str
    last_name: str
    domain: str | None = None
    website: str | None = None
    email: str | None = None

    @field_validator("first_name", "last_name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not value:
            raise ValueError("Name fields must be non-empty strings")
        return value.strip()

    @field_validator("domain", "website", "email")
    @classmethod
    def _trimmed(cls, value: str | None) -> str | None:
        return value.strip() or None if value else None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.domain and not self.website:
            raise ValueError("Either domain or website must be provided")
        return self


class EmailExport(BaseModel):
    """POST /api/v2/email/export: people, and optionally the CSV that they came from."""

    contacts: list[EmailContact] = Field(min_length=1)
    mapping: dict[str, Any] | None = None
    raw_headers: list[str] | None = None
    rows: list[dict[str, Any]] | None = None
    contact_field_mappings: dict[str, str | None] | None = None
    company_field_mappings: dict[str, str | None] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.rows is not None and len(self.rows) != len(self.contacts):
            raise ValueError("rows length must match contacts length when provided")
        if self.raw_headers is not None:
            self._known(set(self.raw_headers))
        return self

    def _known(self, headers: set[str]) -> None:
        for row in self.rows or ():
            if unknown := set(row) - headers:
                raise ValueError(f"rows contain keys not present in raw_headers: {sorted(unknown)}")
        for mapping in (self.contact_field_mappings, self.company_field_mappings):
            named = {column for column in (mapping or {}).values() if column is not None}
            if named - headers:
                raise ValueError(
                    f"field mappings reference columns not present in raw_headers: {sorted(named - headers)}"
                )
