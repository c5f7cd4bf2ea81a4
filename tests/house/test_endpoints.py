"""The file, the gateway's routes and the table of docs/endpoints.md name the same endpoints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from connectra.handlers.lists import contacts
from connectra.routes import ROUTES, export_download
from rollout.config import parse

ROOT = Path(__file__).resolve().parents[2]
ENV = {"LEGACY_URL": "http://l.test", "CONNECTRA_BASE_URL": "http://c.test", "CONNECTRA_API_KEY": "k"}
NO_ENDPOINT = {"health-vql"}


def configured() -> dict[str, str]:
    config = parse((ROOT / "rollout.yaml").read_text(), ENV)
    return {one.name: f"{one.method} {one.template}" for one in config.endpoints}


def test_every_handler_is_an_endpoint_of_the_shipped_file_and_the_other_way_round() -> None:
    names = {route.name for route in (*ROUTES, export_download(contacts))}
    assert names - NO_ENDPOINT == set(configured())


def test_the_shipped_templates_are_paths_of_their_handlers() -> None:
    routes = {route.name: route for route in (*ROUTES, export_download(contacts))}
    for name, match in configured().items():
        method, _, template = match.partition(" ")
        path = re.sub(r"\{attribute\}", "title", template)
        path = re.sub(r"\{[a-z_]+\}", "x", path)
        assert routes[name].method == method
        assert routes[name].path.fullmatch(path), name


def test_the_docs_table_has_every_endpoint() -> None:
    text = (ROOT / "docs" / "endpoints.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == set(configured())


def test_the_file_of_phase_five_is_made_of_the_shipped_one() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "phase-5", "--check"], check=False)
    assert done.returncode == 0, "run scripts/phase-5"


def test_the_file_of_phase_five_has_no_flags_and_serves_everything() -> None:
    config = parse((ROOT / "deploy" / "phase-5.yaml").read_text(), ENV, name="phase-5.yaml")
    assert {phase.flag for phase in config.phases} == {None}
    assert {endpoint.percent for endpoint in config.endpoints} == {10_000}
