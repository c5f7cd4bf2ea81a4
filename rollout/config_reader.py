"""Reads nodes by the declarations of `config_fields`: values, and everything that is wrong with its place."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from rollout.config_fields import Anything, Many, Named, OrNone, Section, Sections, Shape
from rollout.config_kinds import Kind, Wrong
from rollout.source import Node, Problem, Row, Scalar, Table

NONE = "none"
OFF = ("off", "no", "false", "null", "~", "disabled", "never")


class Reader:
    """Collects the problems of one file."""

    def __init__(self, file: str, problems: Iterable[Problem] = ()) -> None:
        self.file = file
        self.problems = list(problems)

    def complain(self, node: Node, message: str, suggestion: str | None = None) -> None:
        """Notes a problem at a node, unless this place has been found wrong already."""
        if all((one.line, one.column) != (node.line, node.column) for one in self.problems):
            self.problems.append(Problem(node.line, node.column, message, suggestion, self.file))

    def section(self, node: Node, section: Section, where: str) -> dict[str, Any]:
        """The values of a section's known keys; keys that are absent or wrong are left out."""
        if not isinstance(node, Table):
            self.complain(node, f"{where}: a mapping is needed here", f"keys: {', '.join(section.keys)}")
            return {}
        found = {}
        for name, (key, value) in node.entries.items():
            known = section.keys.get(name)
            if known is None:
                self._unknown(key, name, section, where)
                continue
            try:
                found[name] = self.value(value, known.shape, f"{where}.{name}" if where != "the file" else name)
            except Wrong as error:
                self.complain(value, str(error), error.suggestion)
        missing = [name for name, known in section.keys.items() if known.needed and name not in node.entries]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            hint = "; ".join(f"{name}: {section.keys[name].meaning}" for name in missing)
            self.complain(node, f"{where}: {names} {'is' if len(missing) == 1 else 'are'} missing", hint)
        return found

    def _unknown(self, key: Scalar, name: str, section: Section, where: str) -> None:
        near = get_close_matches(name, section.keys, 1, 0.6)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(section.keys)}"
        self.complain(key, f"{where}: `{name}` is no key", hint)

    def value(self, node: Node, shape: Shape, where: str) -> Any:
        """The value of one node. Raises Wrong; what is wrong further down is noted at its own place."""
        if isinstance(shape, Section):
            return self.section(node, shape, where)
        if isinstance(shape, OrNone):
            return self._or_none(node, shape, where)
        if isinstance(shape, Many):
            return self._many(node, shape, where)
        if isinstance(shape, Named):
            return self._named(node, shape, where)
        if isinstance(shape, Sections):
            return self._sections(node, shape, where)
        if isinstance(shape, Anything):
            return node
        return self._scalar(node, shape, where)

    def _scalar(self, node: Node, kind: Kind, where: str) -> Any:
        if not isinstance(node, Scalar):
            raise Wrong(f"{where}: one value is needed here", kind.name)
        if not node.quoted and node.text in ("", "~", "null"):
            raise Wrong(f"{where}: there is no value", f"give one ({kind.name}), or leave the key out")
        try:
            return kind.read(node)
        except Wrong as error:
            raise Wrong(f"{where}: {error}", error.suggestion) from None

    def _or_none(self, node: Node, shape: OrNone, where: str) -> Any:
        if isinstance(node, Scalar) and node.text == NONE:
            return None
        if isinstance(node, Scalar) and node.text.lower() in OFF:
            raise Wrong(f"{where}: `{node.raw}` does not say what is meant", "write `none` to remove this gate")
        return self.value(node, shape.of, where)

    def _many(self, node: Node, shape: Many, where: str) -> tuple[Any, ...]:
        if not isinstance(node, Row):
            raise Wrong(f"{where}: a list is needed here", f"[{shape.of.name}, …]")
        if not shape.least <= len(node.items) <= shape.most:
            raise Wrong(f"{where}: {len(node.items)} entries", f"from {shape.least} to {shape.most}")
        found = []
        for item in node.items:
            try:
                found.append(self._scalar(item, shape.of, where))
            except Wrong as error:
                self.complain(item, str(error), error.suggestion)
        return tuple(found)

    def _named(self, node: Node, shape: Named, where: str) -> dict[str, dict[str, Any]]:
        if not isinstance(node, Table):
            raise Wrong(f"{where}: a mapping from names to endpoints is needed here", "contact: {match: …}")
        return {name: self.section(value, shape.of, name) for name, (_, value) in node.entries.items()}

    def _sections(self, node: Node, shape: Sections, where: str) -> list[dict[str, Any]]:
        if not isinstance(node, Row):
            raise Wrong(f"{where}: a list is needed here", "- name: single-record")
        return [self.section(item, shape.of, f"{where}[{at}]") for at, item in enumerate(node.items)]
