"""The request bodies by route: their Go types, and a search as a value of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.connectra.errors import PAGE_OUT_OF_RANGE, PAGE_SIZE_EXCEEDED, BadRequest
from lab.connectra.fields import Schema, Type
from lab.connectra.gojson import parse
from lab.connectra.gotypes import Free, ListOf, MapOf, Scalar, Spec, Struct, decode

MAX_LIMIT = 100
MAX_PAGE = 10
DEFAULT_LIMIT = 25

_STRING, _INT, _BOOL = Scalar("string"), Scalar("int"), Scalar("bool")
_STRINGS = ListOf(_STRING, "[]string")
_FREE_MAP = MapOf(Free(), "map[string]interface {}")
_TEXT = Struct(
    "TextMatchStruct",
    "utilities.TextMatchStruct",
    {
        "text_value": _STRING, "filter_key": _STRING, "search_type": _STRING,
        "slop": _INT, "operator": _STRING, "fuzzy": _BOOL,
    },
)
_TEXTS = ListOf(_TEXT, "[]utilities.TextMatchStruct")
_ELASTIC = Struct("ElasticQuery", "utilities.ElasticQuery", {"must": _FREE_MAP, "must_not": _FREE_MAP})
_WHERE = Struct(
    "WhereStruct",
    "utilities.WhereStruct",
    {
        "text_matches": Struct("TextMatchQuery", "utilities.TextMatchQuery", {"must": _TEXTS, "must_not": _TEXTS}),
        "keyword_match": _ELASTIC,
        "range_query": _ELASTIC,
    },
)
_ORDER = Struct("FilterOrder", "utilities.FilterOrder", {"order_by": _STRING, "order_direction": _STRING})
_VQL = Struct(
    "VQLQuery",
    "utilities.VQLQuery",
    {
        "where": _WHERE,
        "order_by": ListOf(_ORDER, "[]utilities.FilterOrder"),
        "cursor": _STRINGS,
        "page": _INT,
        "limit": _INT,
        "select_columns": _STRINGS,
        "company_config": Struct(
            "CompanyConfig", "utilities.CompanyConfig", {"populate": _BOOL, "select_columns": _STRINGS}
        ),
    },
)
FILTERS_DATA = Struct(
    "FiltersDataQuery",
    "utilities.FiltersDataQuery",
    {"filter_key": _STRING, "search_text": _STRING, "page": _INT, "limit": _INT, "service": _STRING},
)
LIST_JOBS = Struct(
    "ListJobsRequest", "helper.ListJobsRequest", {"job_type": _STRING, "status": _STRINGS, "limit": _INT}
)
CREATE_JOB = Struct(
    "CreateJobRequest",
    "helper.CreateJobRequest",
    {"job_type": _STRING, "job_data": Free(), "retry_count": _INT},
)
RAW_ROWS = Struct(
    "BatchInsertRequest",
    "helper.BatchInsertRequest",
    {"data": ListOf(MapOf(_STRING, "map[string]string"), "[]map[string]string")},
)
_COLUMN_TYPES: dict[Type, Spec] = {
    Type.TEXT: _STRING, Type.LIST: _STRINGS, Type.INTEGER: Scalar("int64"), Type.TIME: Scalar("time"),
}


def records_spec(schema: Schema) -> ListOf:
    """The body of a batch upsert."""
    members = {name: _COLUMN_TYPES[kind] for name, kind in schema.columns.items()} | {"id": Scalar("uint64")}
    go = f"models.{schema.struct}"
    return ListOf(Struct(schema.struct, go, members), f"[]*{go}")


@dataclass(frozen=True, slots=True)
class TextMatch:
    """One condition of text_matches."""

    text: str
    field: str
    search_type: str
    slop: int
    operator: str
    fuzzy: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One entry of order_by."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Search:
    """A VQL query that passed the door. `start` is the engine's `from`, None when not sent."""

    text_must: tuple[TextMatch, ...]
    text_must_not: tuple[TextMatch, ...]
    keyword_must: dict[str, Any]
    keyword_must_not: dict[str, Any]
    range_must: dict[str, Any]
    order: tuple[Order, ...]
    cursor: tuple[str, ...]
    start: int | None
    size: int
    columns: tuple[str, ...]
    populate: bool
    company_columns: tuple[str, ...]


def read_search(body: bytes) -> Search:
    """Raises BadRequest for JSON of the wrong types, a limit over 100 or a page over 10."""
    query = decode(parse(body), _VQL) or {}
    limit, page = query.get("limit") or 0, query.get("page") or 0
    if limit > MAX_LIMIT:
        raise BadRequest(PAGE_SIZE_EXCEEDED)
    if page > MAX_PAGE:
        raise BadRequest(PAGE_OUT_OF_RANGE)
    where = query.get("where") or {}
    texts, keywords = where.get("text_matches") or {}, where.get("keyword_match") or {}
    config = query.get("company_config") or {}
    return Search(
        text_must=_texts(texts.get("must")),
        text_must_not=_texts(texts.get("must_not")),
        keyword_must=keywords.get("must") or {},
        keyword_must_not=keywords.get("must_not") or {},
        range_must=(where.get("range_query") or {}).get("must") or {},
        order=_orders(query.get("order_by")),
        cursor=tuple(query.get("cursor") or ()),
        start=(page - 1) * limit if page > 1 else None,
        size=limit if limit > 0 else DEFAULT_LIMIT,
        columns=tuple(query.get("select_columns") or ()),
        populate=bool(config.get("populate")),
        company_columns=tuple(config.get("select_columns") or ()),
    )


def _texts(values: list[dict[str, Any] | None] | None) -> tuple[TextMatch, ...]:
    return tuple(
        TextMatch(
            one.get("text_value") or "",
            one.get("filter_key") or "",
            one.get("search_type") or "",
            one.get("slop") or 0,
            one.get("operator") or "and",
            bool(one.get("fuzzy")),
        )
        for one in (value or {} for value in values or ())
    )


def _orders(values: list[dict[str, Any] | None] | None) -> tuple[Order, ...]:
    return tuple(
        Order(one["order_by"], one.get("order_direction") == "desc")
        for one in (value or {} for value in values or ())
        if one.get("order_by")
    )


def read(body: bytes, spec: Spec) -> Any:
    """Another body by its type; raises BadRequest."""
    return decode(parse(body), spec)
