"""keyword_match and range_query: each clause as the set of documents that satisfy it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lab.connectra import dates, numbers
from lab.connectra.errors import EngineRefused
from lab.connectra.fields import Kind
from lab.connectra.index import Index
from lab.connectra.postings import NOTHING, Docs, KeywordField, NumberField, TextField

MAX_TERMS = 65_536
_TERM_KEYS = {"value", "case_insensitive", "boost", "_name"}
_RANGE_KEYS = {
    "gt", "gte", "lt", "lte", "from", "to", "include_lower", "include_upper",
    "boost", "format", "time_zone", "relation", "_name",
}


def keyword(index: Index, name: str, value: Any) -> Docs:
    """One entry of keyword_match. Raises EngineRefused as the engine does for `[]`, null, odd objects, no name."""
    folded = False
    if isinstance(value, list) and value:
        _check_terms(value, name)
        values = value
    else:
        value, folded = _term(value, name)
        values = [value]
    if not name:
        raise EngineRefused("field name is null or empty")
    return _having(index, name, values, folded)


def _check_terms(values: list[Any], name: str) -> None:
    if any(value is None for value in values):
        raise EngineRefused("No value specified for terms query")
    if any(isinstance(value, list) for value in values):
        raise EngineRefused(f"[terms] unknown token [END_ARRAY] after [{name}]")
    if len(values) > MAX_TERMS:
        raise EngineRefused(f"The number of terms [{len(values)}] used in the Terms Query has exceeded the limit")


def _term(value: Any, name: str) -> tuple[Any, bool]:
    if isinstance(value, list):
        raise EngineRefused("[term] query does not support array of values")
    if not isinstance(value, dict):
        if value is None:
            raise EngineRefused("value cannot be null")
        return value, False
    unknown = set(value) - _TERM_KEYS
    if unknown:
        raise EngineRefused(f"[term] query does not support [{min(unknown)}]")
    inner = value.get("value")
    if inner is None or isinstance(inner, list | dict):
        raise EngineRefused(f"value cannot be null or compound in [{name}]")
    return inner, value.get("case_insensitive") in (True, "true")


def _having(index: Index, name: str, values: list[Any], folded: bool) -> Docs:
    if name == "_id":
        found = (index.numbers.get(numbers.text(value)) for value in values)
        return {number for number in found if number is not None}
    field = index.fields.get(name)
    if field is None:
        return _grams(index, name, values)
    if isinstance(field, NumberField):
        if folded:
            raise EngineRefused(f"[{name}] field which is not a string does not support case insensitive term queries")
        return _numbers(index, name, field, values)
    terms = [numbers.text(value) for value in values if not isinstance(value, dict)]
    if folded:
        wanted = {term.lower() for term in terms}
        terms = [term for term in field.documents if term.lower() in wanted]
    return field.any_of(terms) if len(terms) > 1 else field.having(terms[0]) if terms else NOTHING


def _grams(index: Index, name: str, values: list[Any]) -> Docs:
    field = index.fields.get(name.removesuffix(".ngram"))
    if not name.endswith(".ngram") or not isinstance(field, TextField):
        return NOTHING
    return set().union(*(field.with_gram(numbers.text(value)) for value in values))


def _numbers(index: Index, name: str, field: NumberField, values: list[Any]) -> Docs:
    if index.schema.mapping[name] is Kind.DATE:
        return set().union(*(_day(field, value) for value in values))
    return field.any_of([found for value in values if (found := numbers.equal_to(value)) is not None])


def _day(field: NumberField, value: Any) -> Docs:
    """A date means all of the time that it leaves open."""
    now = datetime.now(UTC)
    low, high = (dates.milliseconds(numbers.text(value), now, up=up) for up in (False, True))
    return field.between(low, high)


def between(index: Index, name: str, value: Any) -> Docs:
    """One entry of range_query. `{}` and null bounds mean "has a value"."""
    if not isinstance(value, dict):
        raise EngineRefused(f"[range] query does not support [{name}]")
    unknown = set(value) - _RANGE_KEYS
    if unknown:
        raise EngineRefused(f"[range] query does not support [{min(unknown)}]")
    if not name:
        raise EngineRefused("field name is null or empty")
    if any(isinstance(bound, list | dict) for bound in value.values()):
        raise EngineRefused(f"[range] unknown token after [{name}]")
    low, over = _bound(value, "gt", "gte", "from", "include_lower")
    high, under = _bound(value, "lt", "lte", "to", "include_upper")
    field = index.fields.get(name)
    if field is None:
        return _gram_range(index, name, low, high, over=over, under=under)
    if low is None and high is None:
        return field.present
    if isinstance(field, KeywordField | TextField):
        return field.between(_text(low), _text(high), over=over, under=under)
    if index.schema.mapping[name] is Kind.DATE:
        return _date_range(field, value, low, high, over=over, under=under)
    return field.between(
        None if low is None else numbers.lower(low, over=over),
        None if high is None else numbers.upper(high, under=under),
    )


def _bound(value: dict[str, Any], strict: str, loose: str, old: str, inclusive: str) -> tuple[Any, bool]:
    """The bound, and whether it is itself left out. The last one named counts."""
    found, excluded = None, value.get(inclusive) is False
    for key, bound in value.items():
        if key in (strict, loose, old):
            found = bound
            excluded = key == strict or (key == old and value.get(inclusive) is False)
    return found, excluded


def _text(value: Any) -> str | None:
    return None if value is None else numbers.text(value)


def _gram_range(index: Index, name: str, low: Any, high: Any, *, over: bool, under: bool) -> Docs:
    field = index.fields.get(name.removesuffix(".ngram"))
    if not name.endswith(".ngram") or not isinstance(field, TextField):
        return NOTHING
    found = field.grams_between(_text(low), _text(high), over=over, under=under)
    return set().union(*(field.with_gram(gram) for gram in found))


def _date_range(
    field: NumberField, value: dict[str, Any], low: Any, high: Any, *, over: bool, under: bool
) -> Docs:
    now = datetime.now(UTC)
    form = value.get("format") or dates.DEFAULT_FORMAT
    zone = value.get("time_zone") or "Z"

    def milli(bound: Any, up: bool) -> int | None:
        if bound is None:
            return None
        return dates.milliseconds(numbers.text(bound), now, up=up, form=form, zone=zone)

    return field.between(milli(low, over), milli(high, not under), over=over, under=under)
