"""The JSON Schema of rollout.yaml for editors, out of the parser's own declarations.

`python -m rollout.config_schema` prints it; rollout/schema.json is kept equal by a test. The schema knows forms, not
meanings: what must hold between values is said by `crossfade check`.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from comparators.rules import Rules
from rollout.config_fields import FILE, NAME, Anything, Many, Named, OrNone, Section, Sections, Shape


def schema() -> dict[str, Any]:
    """The whole schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rollout.yaml",
        "description": "What Crossfade migrates, how far, and how it may go further.",
        **_section(FILE),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in section.keys.items() if key.needed],
        "properties": {name: {"description": key.meaning, **_of(key.shape)} for name, key in section.keys.items()},
    }


def _of(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, Section):
        return _section(shape)
    if isinstance(shape, OrNone):
        return {"anyOf": [{"const": "none"}, _of(shape.of)]}
    if isinstance(shape, Many):
        return {"type": "array", "minItems": shape.least, "maxItems": shape.most, "items": _of(shape.of)}
    if isinstance(shape, Named):
        return {"type": "object", "propertyNames": dict(NAME.schema), "additionalProperties": _section(shape.of)}
    if isinstance(shape, Sections):
        return {"type": "array", "items": _section(shape.of)}
    if isinstance(shape, Anything):
        rules: dict[str, Any] = {field.name: {} for field in fields(Rules)}
        return {"type": "object", "additionalProperties": False, "properties": rules}
    return dict(shape.schema)


def text() -> str:
    """The schema as it stands in rollout/schema.json."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
