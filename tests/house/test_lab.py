"""The lab's docs name every option, quirk and route that the lab has."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.connectra import command as connectra
from lab.legacy import command as legacy
from lab.legacy.quirks import DEFAULT, Quirk
from lab.legacy.routes import LAB

DOCS = Path(__file__).resolve().parents[2] / "docs"
LEGACY = (DOCS / "lab-legacy.md").read_text()
CONNECTRA = (DOCS / "lab-connectra.md").read_text()
HALVES: dict[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "legacy": (legacy.add_arguments, LEGACY),
    "connectra": (connectra.add_arguments, CONNECTRA),
}


@pytest.mark.parametrize("half", HALVES)
def test_every_option_of_a_half_is_documented(half: str) -> None:
    add, text = HALVES[half]
    parser = argparse.ArgumentParser(add_help=False)
    add(parser)
    flags = [flag for action in parser._actions for flag in action.option_strings]
    assert [flag for flag in flags if not re.search(rf"`[^`]*{flag}\b", text)] == []


def test_every_quirk_is_documented_with_its_default() -> None:
    told = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (as built|mended)(?:;.*)? \|$", LEGACY, re.MULTILINE))
    assert told == {quirk.value: "as built" if quirk in DEFAULT else "mended" for quirk in Quirk}


def test_every_route_of_the_labs_own_is_documented() -> None:
    assert [f"{one.method} {one.path}" for one in LAB if f"`{one.method} {one.path}`" not in LEGACY] == []


@pytest.mark.parametrize("name", ["lag", "latency", "faults", "fields", "outages", "rate"])
def test_every_switch_of_the_stand_in_is_documented(name: str) -> None:
    assert f"`PUT /lab/{name}`" in CONNECTRA
