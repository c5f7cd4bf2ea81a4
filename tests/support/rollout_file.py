"""Small rollout.yaml texts for tests."""

from __future__ import annotations

from rollout.config import ConfigError, Problem, parse
from rollout.model import Config

ENV = {"LEGACY_URL": "http://legacy.test:1", "KEY": "secret-key"}
HEAD = """\
version: 1
legacy: {url: "${LEGACY_URL}"}
connectra: {url: "http://search.test:2", api_key: "${KEY}"}
"""
CONTACT = """\
phases:
  - name: single-record
    flag: VQL_SINGLE
    bake: 1h
    endpoints:
      contact:
        match: GET /contacts/{contact_uuid}/
        candidate: connectra
        percent: 5   # by the judge
"""
FILE = HEAD + CONTACT
SECOND = """\
  - name: second
    endpoints:
      company:
        match: GET /companies/{company_uuid}/
        candidate: connectra
        percent: 10
"""
"""A further phase to put behind FILE."""


def config(text: str = FILE, env: dict[str, str] | None = None) -> Config:
    """The parsed file."""
    return parse(text, ENV if env is None else env)


def problems(text: str, env: dict[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with a text; fails if nothing is."""
    try:
        parse(text, ENV if env is None else env)
    except ConfigError as error:
        return error.problems
    raise AssertionError("the file is accepted")


def with_endpoint(lines: str) -> str:
    """The file with further lines in its endpoint, e.g. `hedge: true`."""
    return FILE + "".join(f"        {line}\n" for line in lines.splitlines())


def problem(text: str, env: dict[str, str] | None = None) -> Problem:
    """The one thing wrong with a text."""
    found = problems(text, env)
    assert len(found) == 1, found
    return found[0]
