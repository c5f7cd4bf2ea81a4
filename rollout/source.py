"""YAML text as plain nodes: every key and value with its line, column and span; traps refused, nothing constructed.

What YAML 1.1 and 1.2 read differently (`on`, `1_0`, `017`, `1:30`) is an error here and never a surprise, and so are
duplicate keys, merge keys and tags. One scalar can be replaced in place, with comments and layout kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from rollout.source_env import MissingVariable, expand

MOST_NODES = 50_000
"""Aliases multiply: a file of a hundred bytes can mean a billion nodes."""

_TRUE_OR_FALSE = {"true": True, "false": False}
_NULL = ("", "~", "null")
_BOOLEAN_TRAP = re.compile(r"(?i:y|n|yes|no|on|off|true|false)")
_TRAPS = (
    (re.compile(r"[-+]?\d[\d_]*_[\d_]*(\.[\d_]*)?"), "a number with `_` is 10 to one reader and text to another"),
    (re.compile(r"[-+]?0[0-9]+|[-+]?0[oxb][0-9a-fA-F]+"), "a leading zero makes a number octal to some readers"),
    (re.compile(r"[-+]?\d+(:[0-5]?\d)+(\.\d*)?"), "YAML 1.1 reads digits with `:` as a number to base 60"),
    (re.compile(r"[-+]?\.(?i:inf|nan)"), "infinity and NaN are no settings"),
)
_NUMBER = re.compile(r"[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong in a file, where (line and column count from 1), and what would be right."""

    line: int
    column: int
    message: str
    suggestion: str | None = None
    file: str = "rollout.yaml"

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{text} ({self.suggestion})" if self.suggestion else text


@dataclass(frozen=True, slots=True)
class Node:
    """Anything in the file. `shared` nodes have an anchor or are an alias: an edit would change several places."""

    line: int
    column: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """One value. `text` has variables expanded, `raw` has not: show people `raw`, since `text` may be a secret.

    `start` and `end` are its span in the file's text, quotes included. `value` is None, a bool, a number or text.
    """

    text: str
    raw: str
    quoted: bool
    start: int
    end: int

    @property
    def expanded(self) -> bool:
        """Whether it holds a variable."""
        return self.text != self.raw or "${" in self.raw

    @property
    def value(self) -> Any:
        if self.quoted:
            return self.text
        if self.text in _NULL:
            return None
        if self.text in _TRUE_OR_FALSE:
            return _TRUE_OR_FALSE[self.text]
        if _NUMBER.fullmatch(self.text):
            return int(self.text) if re.fullmatch(r"[-+]?\d+", self.text) else float(self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A mapping; its keys are texts. `entries` gives for each key the key's own node and the value."""

    entries: Mapping[str, tuple[Scalar, Node]]

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        found = self.entries.get(key)
        return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class Row(Node):
    """A sequence."""

    items: tuple[Node, ...]


def plain(node: Node) -> Any:
    """The node as dicts, lists and scalars."""
    if isinstance(node, Table):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Row):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def at(node: Node, path: tuple[str | int, ...]) -> Node:
    """The node at `path` below `node`, or the nearest above it that exists; of a mapping or row, its key."""
    for step in path:
        if isinstance(node, Table) and str(step) in node.entries:
            key, value = node.entries[str(step)]
            if step == path[-1] and isinstance(value, Table | Row):
                return key
            node = value
        elif isinstance(node, Row) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return node
    return node


def replaced(text: str, scalar: Scalar, new: str) -> str:
    """`text` with exactly this scalar replaced; quotes and a `%` behind the old value are kept."""
    old = text[scalar.start : scalar.end]
    quote = old[:1] if scalar.quoted else ""
    percent = "%" if scalar.raw.rstrip().endswith("%") else ""
    return f"{text[: scalar.start]}{quote}{new}{percent}{quote}{text[scalar.end :]}"


def read(text: str, env: Mapping[str, str], name: str = "rollout.yaml") -> tuple[Node | None, list[Problem]]:
    """The file's root node, and all that is wrong with it as YAML. The root is None where it can not be read at all."""
    tabs = list(_tabs(text, name))
    if tabs:
        return None, tabs
    try:
        composed = _compose(text)
        if composed is None:
            return None, [Problem(1, 1, "the file is empty", "begin with `version: 1`", name)]
        reader = _Reader(env, name)
        return reader.node(composed, shared=False), reader.problems
    except yaml.MarkedYAMLError as error:
        return None, [_located(error, name)]
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1) + 1
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1])
        message = f"a character that YAML does not allow: U+{code:04X}"
        return None, [Problem(before.count("\n") + 1, column, message, "remove it, or write it as \\x…, quoted", name)]
    except RecursionError:
        return None, [Problem(1, 1, "nested too deeply", "at most some dozen levels are used here", name)]


def _tabs(text: str, name: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r" *(\t)\s*\S", line)
        if found:
            yield Problem(number, found.start(1) + 1, "a tab in the indentation", "use spaces", name)


def _located(error: yaml.MarkedYAMLError, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.context, error.problem) if part)
    hint = "quote text that holds `: `, `#`, `{` or `@`" if "mapping values" in message else None
    return Problem(mark.line + 1, mark.column + 1, f"not YAML: {message}", hint, name) if mark else Problem(
        1, 1, f"not YAML: {message}", hint, name
    )  # fmt: skip


class _Loader(yaml.SafeLoader):
    """Keeps what composing forgets: which nodes have an anchor, which are aliases, which have a tag."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        node: Any = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            node = copy(node)
            node.start_mark, node.end_mark = event.start_mark, event.end_mark
        node.shared, node.tagged = event.anchor is not None, getattr(event, "tag", None)
        return cast(yaml.Node, node)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


@dataclass(slots=True)
class _Reader:
    env: Mapping[str, str]
    name: str
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    above: set[int] = field(default_factory=set)

    def complain(self, mark: Any, message: str, suggestion: str | None = None) -> None:
        problem = Problem(mark.line + 1, mark.column + 1, message, suggestion, self.name)
        if problem not in self.problems:  # an alias is read once for each use
            self.problems.append(problem)

    def node(self, node: Any, *, shared: bool) -> Node:
        self.nodes += 1
        shared = shared or node.shared
        place = (node.start_mark.line + 1, node.start_mark.column + 1, shared)
        if node.tagged is not None:
            self.complain(node.start_mark, f"a tag ({node.tagged})", "leave it out: no tags are used here")
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, shared)
        if id(node.value) in self.above or self.nodes > MOST_NODES:
            self.complain(node.start_mark, "an alias that contains itself, or multiplies without end", "write it out")
            return Row(*place, ())
        self.above.add(id(node.value))
        try:
            if isinstance(node, yaml.MappingNode):
                return Table(*place, dict(self.entries(node, shared)))
            return Row(*place, tuple(self.node(item, shared=shared) for item in node.value))
        finally:
            self.above.discard(id(node.value))

    def entries(self, node: yaml.MappingNode, shared: bool) -> Iterator[tuple[str, tuple[Scalar, Node]]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.complain(key.start_mark, "a key that is not text", "write `key: value`")
                continue
            name = str(key.value)
            if name == "<<" and key.style is None:
                self.complain(key.start_mark, "a merge key (`<<`)", "write the keys out, or put them into `defaults:`")
                continue
            if name in seen:
                message = f"the key `{name}` stands twice, first in line {seen[name]}"
                self.complain(key.start_mark, message, "remove one")
                continue
            seen[name] = key.start_mark.line + 1
            yield name, (_key(key), self.node(value, shared=shared))

    def scalar(self, node: Any, shared: bool) -> Scalar:
        mark, raw, quoted = node.start_mark, str(node.value), node.style is not None
        text = raw
        try:
            text = expand(raw, self.env)
        except MissingVariable as error:
            self.complain(mark, str(error), error.suggestion)
        if not quoted and "${" not in raw:
            self.trap(mark, text)
        return Scalar(mark.line + 1, mark.column + 1, shared, text, raw, quoted, mark.index, node.end_mark.index)

    def trap(self, mark: Any, text: str) -> None:
        if _BOOLEAN_TRAP.fullmatch(text) and text not in _TRUE_OR_FALSE:
            right = "true" if text.lower() in ("y", "yes", "on", "true") else "false"
            message = f"`{text}` is a boolean to one reader of YAML and text to another"
            self.complain(mark, message, f"write {right}, or quote it if it is text")
        for pattern, why in _TRAPS:
            if pattern.fullmatch(text):
                self.complain(mark, f"`{text}`: {why}", "write a plain decimal number, or quote it")
                return


def _key(node: Any) -> Scalar:
    mark, name = node.start_mark, str(node.value)
    quoted = node.style is not None
    return Scalar(mark.line + 1, mark.column + 1, False, name, name, quoted, mark.index, node.end_mark.index)
