"""Which phases may serve from the candidate, and which may mirror: flags of the environment and of `flags_file`.

A flag is on only if it is set somewhere and is exactly `true` wherever it is set: off in either place is off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from rollout.model import Config, Phase

MASTER = "CONNECTRA_ENABLED"
CONNECTRA = "connectra"
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class FlagsFile:
    """The flags of a file, and in words what of it could not be read."""

    values: Mapping[str, str]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What flags allow: serving clients from the candidate, asking it beside legacy, and why (not)."""

    serve: bool
    mirror: bool
    why: str


@dataclass(frozen=True, slots=True)
class Flags:
    """What is allowed, by phase. `warnings` are for `crossfade check` and the log."""

    connectra: bool
    connectra_why: str
    phases: Mapping[str, Allowed] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def of(self, phase: str, candidate: str) -> Allowed:
        """What is allowed for an endpoint. A phase that is not known may do nothing."""
        if candidate == CONNECTRA and not self.connectra:
            return Allowed(False, False, self.connectra_why)
        return self.phases.get(phase) or Allowed(False, False, f"the phase {phase} is not in the file")


def parse_flags(text: str) -> FlagsFile:
    """`KEY=VALUE` lines; blank lines and those that begin with `#` say nothing, quotes around a value are dropped.

    A line that can not be read, or that contradicts an earlier one, is a problem; a contradicted flag is off.
    """
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found is None:
            problems.append(f"line {number} is not KEY=VALUE; it is ignored")
            continue
        name, value = found[1], found[2]
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        if name in values and values[name] != value:
            problems.append(f"line {number} sets {name} again, differently; it counts as off")
            value = ""
        values[name] = value
    return FlagsFile(values, tuple(problems))


def flags_of(config: Config, env: Mapping[str, str], file: FlagsFile | None) -> Flags:
    """What the flags allow. `file` is None where no `flags_file` is named or it is not there."""
    used = any(endpoint.candidate == CONNECTRA for endpoint in config.endpoints)
    master, why = _state(MASTER, env, file)
    phases = {phase.name: _allowed(phase, env, file) for phase in config.phases}
    warnings = _warnings(config, env, file, master=master or not used)
    return Flags(master, why, phases, tuple(warnings))


def _allowed(phase: Phase, env: Mapping[str, str], file: FlagsFile | None) -> Allowed:
    if phase.flag is None:
        return Allowed(True, True, "the phase has no flag")
    on, why = _state(phase.flag, env, file)
    return Allowed(on, on or phase.shadow_when_off, why)


def _state(name: str, env: Mapping[str, str], file: FlagsFile | None) -> tuple[bool, str]:
    """Whether a flag is on, and why in words."""
    places = [("the environment", env.get(name)), ("flags_file", file.values.get(name) if file is not None else None)]
    given = [(place, value) for place, value in places if value is not None]
    if not given:
        return False, f"{name} is not set"
    for place, value in given:
        if value != "true":
            return False, f"{name} is not `true` in {place}"
    return True, f"{name} is true"


def _warnings(config: Config, env: Mapping[str, str], file: FlagsFile | None, *, master: bool) -> Iterator[str]:
    if config.flags_file is not None and file is None:
        yield f"flags_file {config.flags_file} can not be read: only the environment's flags count"
    if file is not None:
        yield from (f"flags_file {config.flags_file}: {problem}" for problem in file.problems)
    if not master:
        yield f"{_state(MASTER, env, file)[1]}: no request of any kind goes to Connectra"
    known = {MASTER, *(phase.flag for phase in config.phases if phase.flag is not None)}
    for phase in config.phases:
        if phase.flag is not None and not (state := _state(phase.flag, env, file))[0]:
            mirrors = "mirroring goes on" if phase.shadow_when_off else "and nothing is mirrored"
            serves = f"phase {phase.name} serves nothing from the candidate, {mirrors}"
            yield f"{state[1]}: {serves}{_nearly(env, file, phase)}"
    for name in sorted(file.values if file is not None else ()):
        if name not in known:
            near = get_close_matches(name, known, 1)
            yield f"flags_file: {name} is no phase's flag" + (f"; did you mean {near[0]}?" if near else "")


def _nearly(env: Mapping[str, str], file: FlagsFile | None, phase: Phase) -> str:
    """A hint for values that people mean as on."""
    assert phase.flag is not None
    values = (env.get(phase.flag), file.values.get(phase.flag) if file is not None else None)
    meant = any(value is not None and value.strip().lower() in ("true", "1", "yes", "on") for value in values)
    exact = all(value in (None, "true") for value in values)
    return "; only exactly `true` is on" if meant and not exact else ""
