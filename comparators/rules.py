"""Rules: which differences between two answers are none, and which are accepted. Parsed from YAML values.

Parsing reports every problem at once, each with its path in the mapping, so that the file's reader can name lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from math import inf
from typing import Any

from comparators.functions import UnknownFunction, resolve
from comparators.paths import PathError, Pattern, compile_path

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000}
"""To what a moment is cut, in microseconds."""
GAP_KINDS = ("missing", "extra", "value", "type")
"""What a known gap can be narrowed to: the candidate has nothing, legacy has nothing, another value, another type."""


@dataclass(frozen=True, slots=True)
class KnownGap:
    """A difference that people accept until a date: counted, never hidden. `kinds` are of GAP_KINDS; none is all."""

    path: str
    reason: str
    owner: str
    until: date
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """One endpoint's rules. Every path is a pattern of `comparators.paths`.

    `unordered` are (list, key) pairs, `tolerance` (path, absolute, relative), `joined` (path, separator),
    `timestamps` (path, microseconds to which a moment is cut), `placeholders` (text, path), `functions` (path, name).
    `csv` are columns by which the rows of a CSV are paired, the first that legacy has; without any: by their position.
    """

    ignore: tuple[str, ...] = ()
    unordered: tuple[tuple[str, str], ...] = ()
    sets: tuple[str, ...] = ()
    tolerance: tuple[tuple[str, float, float], ...] = ()
    timestamps: tuple[tuple[str, int], ...] = ()
    null_missing_empty: tuple[str, ...] = ()
    zero_is_null: tuple[str, ...] = ()
    placeholders: tuple[tuple[str, str], ...] = ()
    casefold: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    trim: tuple[str, ...] = ()
    unquote: tuple[str, ...] = ()
    coerce: tuple[str, ...] = ()
    joined: tuple[tuple[str, str], ...] = ()
    opaque: tuple[str, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()
    csv: tuple[str, ...] = ()
    headers: tuple[str, ...] = ("content-type",)
    known_gaps: tuple[KnownGap, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong; `path` leads from the mapping to it."""

    path: tuple[str | int, ...]
    message: str


class RulesError(ValueError):
    """Rules that are refused; `problems` are all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def parse_rules(value: Any) -> Rules:
    """The rules that a mapping of YAML values describes. Raises RulesError."""
    reader = _Reader()
    found = reader.read(value)
    if reader.problems:
        raise RulesError(reader.problems)
    return found


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, value: Any) -> Rules:
        if not isinstance(value, Mapping):
            self.problems.append(Problem((), "compare: rules are a mapping, e.g. {ignore: [next, previous]}"))
            return Rules()
        kinds: dict[str, Callable[[str, Any], Any]] = {
            "ignore": self._paths, "unordered": self._pairs, "sets": self._paths, "tolerance": self._tolerance,
            "timestamps": self._timestamps, "null_missing_empty": self._everywhere, "zero_is_null": self._everywhere,
            "placeholders": self._placeholders, "casefold": self._paths, "urls": self._paths, "trim": self._everywhere,
            "unquote": self._everywhere, "coerce": self._everywhere, "joined": self._pairs, "opaque": self._paths,
            "functions": self._functions, "csv": self._columns, "headers": self._texts, "known_gaps": self._gaps,
        }  # fmt: skip
        found = {}
        for key, given in value.items():
            if key in kinds:
                found[key] = kinds[key](key, given)
                continue
            near = get_close_matches(str(key), kinds, 1)
            hint = f"did you mean `{near[0]}`?" if near else "known here: " + ", ".join(kinds)
            self.problems.append(Problem((str(key),), f"compare: `{key}` is no rule; {hint}"))
        return Rules(**found)

    def _path(self, place: tuple[str | int, ...], text: Any) -> str:
        try:
            compile_path(text if isinstance(text, str) else "")
        except PathError as error:
            self.problems.append(Problem(place, f"{place[0]}: {error}"))
        return str(text)

    def _paths(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.problems.append(Problem((key,), f"{key}: a list of paths, e.g. [results[].updated_at]"))
            return ()
        return tuple(self._path((key, at), one) for at, one in enumerate(value))

    def _everywhere(self, key: str, value: Any) -> tuple[str, ...]:
        if value is True:
            return ("**",)
        return () if value is False else self._paths(key, value)

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.problems.append(Problem((key,), f"{key}: a list of texts"))
            return ()
        return tuple(one.lower() if key == "headers" else one for one in value)

    def _timestamps(self, key: str, value: Any) -> tuple[tuple[str, int], ...]:
        if not isinstance(value, Mapping):
            if not isinstance(value, list):
                text = f"{key}: a list of paths, e.g. [results[].updated_at], or a mapping, e.g. {{updated_at: ms}}"
                self.problems.append(Problem((key,), text))
                return ()
            return tuple((path, UNITS["us"]) for path in self._paths(key, value))
        found = []
        for path, unit in value.items():
            if not isinstance(unit, str) or unit not in UNITS:
                text = f"{key}: {unit!r} is none of {', '.join(UNITS)}, to which a moment is cut"
                self.problems.append(Problem((key, str(path)), text))
                continue
            found.append((self._path((key, str(path)), path), UNITS[unit]))
        return tuple(found)

    def _placeholders(self, key: str, value: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping):
            return tuple((text, "**") for text in self._texts(key, value))
        found = []
        for text, paths in value.items():
            if not isinstance(text, str) or not (paths is True or isinstance(paths, list)):
                example = '{"None": ["[].company_name"], "_": true}'
                self.problems.append(Problem((key, str(text)), f"{key}: texts, each with its paths, e.g. {example}"))
                continue
            listed = ["**"] if paths is True else paths
            found += [(text, self._path((key, text, at), one)) for at, one in enumerate(listed)]
        return tuple(found)

    def _functions(self, key: str, value: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping):
            self.problems.append(Problem((key,), f"{key}: a mapping of paths, e.g. {{next: links.same_page_link}}"))
            return ()
        for path, name in value.items():
            try:
                resolve(str(name))
            except UnknownFunction as error:
                self.problems.append(Problem((key, str(path)), f"{key}: {error}"))
        return tuple((self._path((key, str(path)), path), str(name)) for path, name in value.items())

    def _columns(self, key: str, value: Any) -> tuple[str, ...]:
        names = value if isinstance(value, list) else [value]
        if names and all(isinstance(one, str) and one for one in names):
            return tuple(names)
        text = f"{key}: the column by which rows are paired, e.g. contact_uuid, or a list of them: the first there is"
        self.problems.append(Problem((key,), text))
        return ()

    def _pairs(self, key: str, value: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
            example = "{results: uuid}" if key == "unordered" else '{departments: ", "}'
            self.problems.append(Problem((key,), f"{key}: a mapping of paths, e.g. {example}"))
            return ()
        return tuple(
            (self._path((key, str(path)), path), self._partner((key, str(path)), text)) for path, text in value.items()
        )

    def _partner(self, place: tuple[str | int, ...], text: str) -> str:
        """The key of a list's elements (dotted: below them), or a separator."""
        if not text:
            what = "the key of its elements" if place[0] == "unordered" else "a separator"
            self.problems.append(Problem(place, f"{place[0]}: {what} is wanted, not an empty text"))
        elif place[0] == "unordered" and not all(text.split(".")):
            self.problems.append(Problem(place, f"{place[0]}: {text!r} is no key: write uuid or company.uuid"))
        return text

    def _tolerance(self, key: str, value: Any) -> tuple[tuple[str, float, float], ...]:
        if not isinstance(value, Mapping):
            self.problems.append(Problem((key,), f"{key}: a mapping of paths to a number or a percentage"))
            return ()
        found = []
        for path, given in value.items():
            absolute, relative = 0.0, 0.0
            if isinstance(given, str) and given.endswith("%") and given[:-1].replace(".", "", 1).isdecimal():
                relative = float(given[:-1]) / 100.0
            elif isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < inf:
                absolute = float(given)
            else:
                self.problems.append(Problem((key, str(path)), f"{key}: {given!r} is neither 5 nor 1%"))
            found.append((self._path((key, str(path)), path), absolute, relative))
        return tuple(found)

    def _gaps(self, key: str, value: Any) -> tuple[KnownGap, ...]:
        if not isinstance(value, list):
            self.problems.append(Problem((key,), f"{key}: a list of {{path, reason, owner, until}}"))
            return ()
        return tuple(gap for at, one in enumerate(value) if (gap := self._gap((key, at), one)) is not None)

    def _gap(self, place: tuple[str | int, ...], value: Any) -> KnownGap | None:
        wanted = ("path", "reason", "owner", "until")
        if not isinstance(value, Mapping) or set(value) - {"kinds"} != set(wanted):
            text = f"{place[0]}: a known gap has exactly {', '.join(wanted)}, and kinds if it is narrowed"
            self.problems.append(Problem(place, text))
            return None
        try:
            until = date.fromisoformat(str(value["until"]))
        except ValueError:
            self.problems.append(Problem((*place, "until"), f"{value['until']!r} is no date: write 2027-03-01"))
            return None
        if not all(isinstance(value[name], str) and value[name].strip() for name in ("reason", "owner")):
            self.problems.append(Problem(place, "a known gap has a reason and an owner, in words"))
        kinds = self._gap_kinds((*place, "kinds"), value["kinds"]) if "kinds" in value else ()
        path = self._path((*place, "path"), value["path"])
        return KnownGap(path, str(value["reason"]), str(value["owner"]), until, kinds)

    def _gap_kinds(self, place: tuple[str | int, ...], value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(one in GAP_KINDS for one in value):
            self.problems.append(Problem(place, f"kinds: a list of {', '.join(GAP_KINDS)}, e.g. [missing]"))
            return ()
        return tuple(str(one) for one in value)


def pattern(text: str) -> Pattern:
    """A pattern of rules that have been parsed."""
    return compile_path(text)
