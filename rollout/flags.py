"""The migration's flags: which phases may be served by the candidate, and which may be mirrored. Pure.

As in the migration's own plan a flag is on only when it is exactly `true`. A flag may stand in the environment and
in the flags file; off in either place is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.model import Config, Phase

MASTER = "CONNECTRA_ENABLED"
BUNDLED = "connectra"
"""The candidate that the master flag rules."""


@dataclass(frozen=True, slots=True)
class PhaseFlags:
    """What one phase may do. `why` is for people: empty when nothing is off."""

    serve: bool
    mirror: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Flags:
    """All phases by name; `master` rules the endpoints of the bundled gateway. `warnings` are for `check`."""

    phases: Mapping[str, PhaseFlags]
    master: bool
    warnings: tuple[str, ...] = ()

    def of(self, phase: str, candidate: str) -> PhaseFlags:
        """What an endpoint of this phase with this candidate may do."""
        if candidate == BUNDLED and not self.master:
            return PhaseFlags(False, False, f"{MASTER} is not `true`")
        return self.phases.get(phase, PhaseFlags(True, True))


def parse_flags(text: str) -> dict[str, str]:
    """`NAME=value` lines; blank ones and those that begin with # are skipped, `export ` and quotes are dropped."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def flags_of(config: Config, env: Mapping[str, str], file: Mapping[str, str] | None) -> Flags:
    """The flags in force. `file` is None where the configuration names no flags file or there is none."""
    warnings: list[str] = []

    def on(name: str) -> bool:
        values = [place[name] for place in (env, file or {}) if name in place]
        odd = (value for value in values if value not in ("true", "false", ""))
        warnings.extend(f"{name} is {value!r}: only exactly `true` switches it on" for value in odd)
        return bool(values) and all(value == "true" for value in values)

    phases = {phase.name: _phase(phase, on) for phase in config.phases}
    uses = any(endpoint.candidate == BUNDLED for endpoint in config.endpoints)
    return Flags(phases, on(MASTER) if uses else True, tuple(dict.fromkeys(warnings)))


def _phase(phase: Phase, on: object) -> PhaseFlags:
    assert callable(on)
    if phase.flag is None or on(phase.flag):
        return PhaseFlags(True, True)
    return PhaseFlags(False, phase.shadow_when_off, f"{phase.flag} is not `true`")
