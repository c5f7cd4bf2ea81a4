"""Path patterns: which places in a value a rule speaks of.

`company.name`, `results[].email` (any element), `company.*` (any one key), `**` (everything), `a.**` (a and all
below it), `.` (the whole value).
A place is printed with its keys and indexes: `results[uuid=c1].email`, `results[3].email`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY, DEEP, ELEMENT, ROOT = "*", "**", "[]", "."
_ELEMENTS = re.compile(r"(?:\[\])+(?:$|\.(?=[^.]))")
_SEGMENT = re.compile(r"([^.\[\]]+)((?:\[\])*)")

_BRACKET = re.compile(r"[\[\]]")
_MARK = re.compile(r"\[[^\[\]]*\]")

Place = tuple[str, ...]
"""Names, and ELEMENT for whatever element: a place without its indexes."""


class PathError(ValueError):
    """A pattern that can not be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    text: str
    segments: Place

    def matches(self, place: Place) -> bool:
        """Whether the pattern names exactly this place."""
        return _matches(self.segments, place)

    def covers(self, place: Place) -> bool:
        """Whether the pattern names this place or something above it."""
        return any(self.matches(place[:end]) for end in range(len(place) + 1))


def compile_path(text: str) -> Pattern:
    """Raises PathError."""
    if not text:
        raise PathError("a path is a text like results[].email")
    if text == ROOT:
        return Pattern(text, ())
    elements = _ELEMENTS.match(text)
    segments = [ELEMENT] * (elements.group().count(ELEMENT) if elements else 0)
    rest = text[elements.end() :] if elements else text
    for part in rest.split(".") if rest else ():
        found = _SEGMENT.fullmatch(part)
        if found is None:
            raise PathError(f"{text!r} is no path: write results[].email, company.* or **")
        segments.append(found.group(1))
        segments += [ELEMENT] * (len(found.group(2)) // 2)
    return Pattern(text, tuple(segments))


def _matches(segments: Place, place: Place) -> bool:
    if not segments:
        return not place
    head, rest = segments[0], segments[1:]
    if head == DEEP:
        return any(_matches(rest, place[start:]) for start in range(len(place) + 1))
    if not place:
        return False
    fits = head == place[0] or (head == ANY and place[0] != ELEMENT)
    return fits and _matches(rest, place[1:])


def below(path: str, name: str) -> str:
    """The printed path of a key below `path`."""
    return f"{path}.{name}" if path else name


def element(path: str, mark: str) -> str:
    """The printed path of an element: `mark` is its index, or `uuid=c1` with no bracket left in it."""
    return f"{path}[{_BRACKET.sub('_', mark)}]"


def without_indexes(path: str) -> str:
    """The printed path with every index and key taken out: `results[uuid=c1].email` → `results[].email`."""
    return _MARK.sub("[]", path)
