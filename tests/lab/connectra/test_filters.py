"""The values of filters that read the table, held against a real PostgreSQL's ILIKE."""

from __future__ import annotations

import itertools
import random
from typing import Any

import asyncpg
import pytest

from lab.connectra.engine import Engine
from tests.support.standin import filled

VALUES = (
    "https://www.linkedin.com/in/ada", "HTTPS://WWW.LINKEDIN.COM/IN/ADA", "ada_l", "adaxl", "100% ada", "a\\b", "a\\%",
    "ends in %", "\\", "_", "Ünal", "ünal", "ΣΊΣΥΦΟΣ", "İpek", "K\u212a", "straße", "two\nlines", "ab" * 30, "a" * 60,
)  # fmt: skip
TEXTS = (
    "ada", "ADA", "a_a", "ada%", "%ada%l", "a%b", "_", "__", "%_", "\\", "\\\\", "\\%", "\\_", "a\\", "a\\b", "a\\\\b",
    "%\\", "\\a", "ü", "Ü", "σίσυφος", "ς", "i", "İ", "k", "ss", "s\nl", "o_l", "100%", "%%", "b%a%b%a%b%a%b%c",
    "x%\\%",
)  # fmt: skip


def derived(**changed: Any) -> dict[str, Any]:
    row = {"key": "linkedin_url", "service": "contact", "filter_type": "keyword", "display_name": "LinkedIn"}
    return row | {"direct_derived": True, "active": True} | changed


def engine_of(values: tuple[str, ...]) -> Engine:
    engine = filled("contact", [{"uuid": f"p{at}", "linkedin_url": value} for at, value in enumerate(values)])
    engine.filters.add(derived())
    return engine


def asked(engine: Engine, **query: Any) -> list[str]:
    return [one["value"] for one in engine.filters.data("contact", {"filter_key": "linkedin_url", **query})]


def drawn(number: int) -> list[str]:
    rng = random.Random(41)
    return ["".join(rng.choices("aAb%_\\ü", k=rng.randint(1, 7))) for _ in range(number)]


async def test_values_are_found_as_postgresqls_ilike_finds_them(dsn: str) -> None:
    values = VALUES + tuple(drawn(25))
    engine = engine_of(values)
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT array_agg(v) FROM unnest($1::text[]) v WHERE v ILIKE $2"
        for text in itertools.chain(TEXTS, drawn(300)):
            expected = await connection.fetchval(query, list(values), f"%{text}%") or []
            assert asked(engine, search_text=text, limit=100) == expected, text
    finally:
        await connection.close()


def test_many_wildcards_take_no_time_to_speak_of() -> None:
    assert asked(engine_of(("a" * 5000,)), search_text="%".join("a" * 40) + "%b") == []


def test_values_come_one_a_row_up_to_the_limit_page_by_page() -> None:
    engine = engine_of(("x1", "x1", "y", "x2", "x3"))
    assert asked(engine, search_text="x", limit=3) == ["x1", "x1", "x2"]
    assert asked(engine, search_text="x", limit=3, page=2) == ["x3"]


@pytest.mark.parametrize("text", ["", None])
def test_without_a_text_every_value_comes(text: str | None) -> None:
    assert asked(engine_of(("x", "y")), search_text=text) == ["x", "y"]
