"""One mapping of the file while it is read: takes keys, remembers which, and tells every problem with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, TypeVar

from rollout.source import Path, Problem, Source
from rollout.units import Unit

T = TypeVar("T")


class Section:
    """The mapping at `path`. `get` reads one key; `close` reports those that nobody asked for."""

    def __init__(self, source: Source, path: Path, value: Any, problems: list[Problem]) -> None:
        self.path = path
        self._source = source
        self._problems = problems
        self._known: list[str] = []
        self.given: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            found = "nothing" if value is None else type(value).__name__
            self._say(path, f"{found} where keys were expected", "write `key: value` lines below it")

    def get(self, key: str, unit: Unit, default: T) -> Any | T:
        """The value of `key` as `unit` reads it; `default` when it is absent or wrong."""
        self._known.append(key)
        if key not in self.given:
            return default
        try:
            return unit(self.given[key])
        except ValueError as error:
            self.problem(key, f"{key}: {_shown(self.given[key])} is not what is expected here", str(error))
            return default

    def need(self, key: str, unit: Unit, example: str, default: T) -> Any | T:
        """The same for a key that must be there."""
        if key not in self.given:
            self._known.append(key)
            self._say(self.path, f"`{key}` is missing", f"write {key}: {example}")
            return default
        return self.get(key, unit, default)

    def section(self, key: str, *, needed: str = "") -> Section | None:
        """The mapping below `key`; None when it is absent. `needed` says why it must be there."""
        self._known.append(key)
        if key not in self.given:
            if needed:
                self._say(self.path, f"`{key}` is missing", needed)
            return None
        return Section(self._source, (*self.path, key), self.given[key], self._problems)

    def sections(self, key: str) -> Iterator[Section]:
        """The mappings of the list below `key`."""
        self._known.append(key)
        value = self.given.get(key)
        if not isinstance(value, list):
            self._say((*self.path, key), f"`{key}` must be a list", "begin each entry with `- `")
            return
        for at, one in enumerate(value):
            yield Section(self._source, (*self.path, key, at), one, self._problems)

    def raw(self, key: str) -> Any:
        """The value as it is, for somebody else to read."""
        self._known.append(key)
        return self.given.get(key)

    def problem(self, key: str, message: str, suggestion: str = "") -> None:
        """Reports a problem with the value of `key`."""
        self._say((*self.path, key), message, suggestion)

    def problem_below(self, below: Iterable[str | int], message: str, suggestion: str = "") -> None:
        """Reports a problem with something further below this section."""
        self._say((*self.path, *below), message, suggestion)

    def close(self) -> None:
        """Reports keys that are not known here, each with the nearest that is."""
        for key in self.given:
            if key not in self._known:
                near = get_close_matches(key, self._known, 1)
                suggestion = f"did you mean `{near[0]}`?" if near else "known here: " + ", ".join(self._known)
                mark = self._source.key_at((*self.path, key))
                message = f"`{key}` is not known here"
                self._problems.append(Problem(mark.line, mark.column, message, suggestion, self._source.name))

    def writable(self, key: str) -> bool:
        """Whether the value of `key` is a plain scalar that may be replaced in place."""
        return self._source.at((*self.path, key)).plain

    @property
    def line(self) -> int:
        """The line of this section's key, or of its first line."""
        return self._source.key_at(self.path).line

    def _say(self, path: Path, message: str, suggestion: str = "") -> None:
        mark = self._source.at(path)
        self._problems.append(Problem(mark.line, mark.column, message, suggestion, self._source.name))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
