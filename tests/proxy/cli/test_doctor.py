"""`crossfade doctor` about effects: what it finds wrong is what keeps an asked percent from being in force."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.cli import doctor
from proxy.cli.doctor import Finding
from tests.support.endpoints import config, endpoint


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEGACY_DATABASE_URL", raising=False)


def found(**given: Any) -> list[Finding]:
    return list(doctor._effects(config(endpoint("linkedin", **given))))


def test_without_effects_nothing_is_looked_at() -> None:
    assert found() == []


def test_a_percent_that_can_not_be_in_force_is_wrong() -> None:
    (one,) = found(effects=True, percent=100)
    assert (one.good, one.text) == (False, "linkedin stays in shadow: LEGACY_DATABASE_URL is not set")


def test_an_endpoint_that_asks_for_no_percent_is_fine_in_shadow() -> None:
    (one,) = found(effects=True, percent=0)
    assert (one.good, "LEGACY_DATABASE_URL" in one.text) == (True, True)


def test_a_database_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGACY_DATABASE_URL", "postgresql://127.0.0.1:1/legacy")
    (one,) = found(effects=True, percent=100)
    assert "legacy's database" in one.text
