"""`${NAME}` and `${NAME:-default}` in values; `$${` stands for `${` itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"(\$?)\$\{([^{}]*)(\}?)")
_BODY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class MissingVariable(ValueError):
    """A variable that is not set, or can not be read as one; the text names it and no value."""

    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def expand(text: str, env: Mapping[str, str]) -> str:
    """`text` with variables replaced. An empty variable counts as not set, as in the shell. Raises MissingVariable."""

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        body = _BODY.fullmatch(found[2])
        if body is None or not found[3]:
            hint = "write ${NAME} or ${NAME:-default}, or $${ for the text"
            raise MissingVariable(f"`{found[0]}` is no variable", hint)
        name, default = body[1], body[2]
        given = env.get(name) or default
        if given is None:
            state = "is empty" if name in env else "is not set"
            raise MissingVariable(f"environment variable {name} {state}", f"set it, or write ${{{name}:-default}}")
        return given

    return _VARIABLE.sub(value, text)
