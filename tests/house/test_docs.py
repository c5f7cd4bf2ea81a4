"""Docs and code hold together: commands, flags and environment variables are in docs/operating.md."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from proxy.cli import _parser

ROOT = Path(__file__).resolve().parents[2]
OPERATING = (ROOT / "docs" / "operating.md").read_text()


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command by name."""
    actions = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices)


def test_every_command_and_flag_is_in_the_operators_guide() -> None:
    absent = []
    for name, command in commands().items():
        flags = [flag for action in command._actions for flag in action.option_strings if flag.startswith("--")]
        wanted = [name, *(flag for flag in flags if flag != "--help")]
        absent += [f"{name}: {word}" for word in wanted if not re.search(rf"(?<![\w-]){re.escape(word)}\b", OPERATING)]
    assert not absent


def test_every_environment_variable_is_in_the_operators_guide() -> None:
    names = set()
    for package in ("proxy", "connectra"):
        for path in (ROOT / package).rglob("*.py"):
            names |= set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", path.read_text()))
    internal = {"CROSSFADE_GATEWAY_SECRET"}
    assert {name for name in names - internal if name not in OPERATING} == set()


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    rules = (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text()
    alerts = set(re.findall(r"alert: (\w+)", rules))
    runbooks = set(re.findall(r"^### (Crossfade\w+)", OPERATING, re.MULTILINE))
    assert alerts == runbooks
