"""Frozen facts to JSON and back: what is stored with a decision must be read again years later.

A field that is unknown here is skipped and one that is absent gets its default, so that two releases, one apart,
read each other's rows. A class with `pack()` and `unpack()` writes itself more tightly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Unreadable(ValueError):
    """Stored JSON that is not of the expected form; the text names the field."""


def to_json(value: object) -> Any:
    """A dataclass (or a tuple, mapping, enum or scalar in one) as values that `json.dumps` takes."""
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "pack"):
        return value.pack()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(to_json(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], value: Any, path: str = "") -> T:
    """The dataclass `kind` that `to_json` wrote as `value`; raises Unreadable."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"{path or kind.__name__}: {type(value).__name__} where an object was expected")
    read = {}
    for field, hint in _fields_of(kind):  # type: ignore[arg-type]  # every class is hashable
        if field.name in value:
            read[field.name] = _decode(hint, value[field.name], f"{path}.{field.name}".lstrip("."))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Unreadable(f"{path}.{field.name}: missing".lstrip("."))
    return kind(**read)


@cache
def _fields_of(kind: Any) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind))


def _decode(hint: Any, value: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        if value is None:
            return None
        return _decode(next(arm for arm in get_args(hint) if arm is not NoneType), value, path)
    if origin in (tuple, frozenset, list):
        inner = get_args(hint)[0]
        return origin(_decode(inner, item, f"{path}[{number}]") for number, item in enumerate(value))
    if origin in (dict, Mapping):
        key_kind, inner = get_args(hint)
        return {key_kind(key): _decode(inner, item, f"{path}.{key}") for key, item in value.items()}
    return _scalar(hint, value, path)


def _scalar(hint: Any, value: Any, path: str) -> Any:
    if hint is Any:
        return value
    if hasattr(hint, "unpack"):
        return hint.unpack(value)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_json(hint, value, path)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError as error:
            raise Unreadable(f"{path}: {error}") from error
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint):
        raise Unreadable(f"{path}: {type(value).__name__} where {hint.__name__} was expected")
    return value
