"""Decisions put together from their parts."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.analyst.process_wiring import NoPen, Wired
from proxy.store import WriteBack
from rollout.effects import NOT_KNOWN
from rollout.flags import flags_of
from rollout.table import Table
from tests.proxy.analyst.test_steward import Said
from tests.support.changes import NOW
from tests.support.endpoints import config, endpoint
from tests.support.tables import table

BOTH_ON = {"CONNECTRA_ENABLED": "true", "VQL_SINGLE_RECORD_RETRIEVAL": "true"}


def wired(env: dict[str, str], given: list[dict[str, Any]] | None = None) -> Wired:
    def compiling(*arguments: Any, **named: Any) -> Table:
        (given if given is not None else []).append(named)
        return table(epoch=named["epoch"])

    flags = flags_of(config(), env, None)
    return Wired(lambda *_: Said(), lambda *_: {}, compiling, flags, b"secret", gateway="/run/gateway.sock")


@pytest.mark.parametrize(
    ("env", "serves"),
    [(BOTH_ON, True), ({}, False), (BOTH_ON | {"CONNECTRA_ENABLED": "TRUE"}, False)],
    ids=["both on", "unset", "not exactly true"],
)
def test_flags_say_what_may_be_served(env: dict[str, str], serves: bool) -> None:
    assert wired(env).may_serve(endpoint()) is serves


def test_the_compiler_gets_flags_secret_and_gateway() -> None:
    given: list[dict[str, Any]] = []
    wired(BOTH_ON, given).table(config(), {}, 7, NOW, {"contact": 0.5})
    assert given == [{
        "epoch": 7, "now": NOW, "secret": b"secret", "gateway": "/run/gateway.sock", "p99": {"contact": 0.5},
        "effects": NOT_KNOWN,
    }]  # fmt: skip


def test_the_secret_is_not_shown() -> None:
    assert "b'secret'" not in repr(wired(BOTH_ON))


def test_a_read_only_file_has_nothing_written_back() -> None:
    pen = NoPen()
    assert pen.prepare("contact", 100) is None
    assert pen.complete(WriteBack("contact", 100, "", "")) == "read-only"
