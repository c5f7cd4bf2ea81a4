"""rollout.yaml: text → Config, or every error at once with line, column and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from rollout.config_build import build
from rollout.config_checks import check
from rollout.config_fields import FILE
from rollout.config_reader import Reader
from rollout.model import Config
from rollout.source import Problem, Scalar, Table, read

__all__ = ["ConfigError", "Problem", "parse", "percent_of"]


class ConfigError(ValueError):
    """A file that is refused whole; `problems` are all that is wrong, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.line, one.column, one.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def parse(text: str, env: Mapping[str, str], *, name: str = "rollout.yaml") -> Config:
    """The configuration that `text` describes, with `${…}` taken from `env`. Raises ConfigError.

    `name` is how errors call the file. No error holds the value of a variable.
    """
    root, problems = read(text, env, name)
    reader = Reader(name, problems)
    if root is None:
        raise ConfigError(problems)
    given = reader.section(root, FILE, "the file")
    config = build(reader, root, given, sha256(text.encode()).hexdigest())
    if isinstance(root, Table):
        check(reader, root, config)
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


def percent_of(text: str, endpoint: str) -> Scalar | None:
    """The scalar of an endpoint's `percent`, if it may be rewritten in place: no alias, no variable."""
    root, _ = read(text, {})
    phases = root.get("phases") if isinstance(root, Table) else None
    for phase in getattr(phases, "items", ()):
        endpoints = phase.get("endpoints") if isinstance(phase, Table) else None
        found = endpoints.get(endpoint) if isinstance(endpoints, Table) else None
        scalar = found.get("percent") if isinstance(found, Table) else None
        if isinstance(scalar, Scalar):
            return scalar if writable(scalar) else None
    return None


def writable(scalar: Scalar) -> bool:
    """Whether an edit of this scalar changes this one value and nothing else."""
    return not scalar.shared and not scalar.expanded and scalar.end > scalar.start
