"""Path templates: `/contacts/{uuid}/` compiled once, matched against raw request paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)


class TemplateError(ValueError):
    """A template that can not be compiled; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `literals` is the number of its segments without a parameter: the more, the more special."""

    text: str
    names: tuple[str, ...]
    literals: int
    pattern: re.Pattern[str]

    def match(self, path: str) -> dict[str, str] | None:
        """The percent-decoded parameters of a raw path (no query), or None. A parameter is one non-empty segment.

        Literal parts are compared as sent: `%63ontacts` is not `contacts`, because legacy decides what it means.
        """
        found = self.pattern.fullmatch(path)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


def compile_template(text: str) -> Template:
    """Compile `/a/{b}/`. Raises TemplateError. Slashes are significant, at the end too."""
    if not text.startswith("/"):
        raise TemplateError(f"a path template begins with a slash: /{text}")
    if "?" in text or "#" in text:
        raise TemplateError("a path template has no query and no fragment: give the path alone")
    names: list[str] = []
    parts: list[str] = []
    literals = 0
    for segment in text[1:].split("/"):
        found = _PARAMETER.fullmatch(segment)
        if found is None:
            if "{" in segment or "}" in segment:
                raise TemplateError(f"a parameter fills a whole segment: {{name}}, not {segment!r}")
            literals += 1
            parts.append(re.escape(segment))
            continue
        name = found.group(1)
        if not _NAME.fullmatch(name):
            raise TemplateError(f"{{{name}}} is no parameter name: use letters, digits and _")
        if name in names:
            raise TemplateError(f"{{{name}}} occurs twice: name each parameter differently")
        names.append(name)
        parts.append(f"(?P<{name}>[^/]+)")
    return Template(text, tuple(names), literals, re.compile("/" + "/".join(parts)))
