from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from lab import people
from lab.legacy import database
from lab.legacy.database import SeedError, open_database
from lab.legacy.state import Options


async def rows(dsn: str, table: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await connection.close()


def small(dsn: str, data: Path | None = None) -> Options:
    return Options(dsn, data, companies=5, contacts=30, users=2, connections=2)


async def test_an_empty_database_is_filled_with_generated_people(dsn: str) -> None:
    wanted = {"companies": 5, "contacts": 30, "users": 2, "user_profiles": 2}
    async with open_database(small(dsn)):
        assert {table: await rows(dsn, table) for table in wanted} == wanted


async def test_people_that_come_in_several_parts_are_all_loaded(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "AT_ONCE", 7)
    async with open_database(small(dsn)):
        assert await rows(dsn, "contacts") == 30


async def test_a_database_that_was_loaded_before_is_left_as_it_is(dsn: str) -> None:
    async with open_database(small(dsn)) as pool:
        await pool.execute("DELETE FROM contacts WHERE uuid = $1", people.contact_uuid(1))
    async with open_database(small(dsn)) as pool:
        assert await pool.fetchval("SELECT count(*) FROM contacts") == 29


async def test_new_rows_get_ids_behind_the_loaded_ones(dsn: str) -> None:
    async with open_database(small(dsn)) as pool:
        assert await pool.fetchval("INSERT INTO contacts (uuid) VALUES ('new') RETURNING id") == 31


async def test_a_folder_without_seed_is_refused_by_its_name(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"seed\.jsonl: No such file"):
        async with open_database(small(dsn, data=tmp_path)):
            pass


@pytest.mark.parametrize("line", ["{", "{}", '{"table": "planets", "row": {}}', '{"table": "users", "row": 1}'])
async def test_a_bad_seed_row_is_refused_with_its_line(dsn: str, tmp_path: Path, line: str) -> None:
    (tmp_path / "seed.jsonl").write_text(f'{{"table": "users", "row": {{"id": "a"}}}}\n{line}\n')
    with pytest.raises(SeedError, match=r"seed\.jsonl:2: not a seed row"):
        async with open_database(small(dsn, data=tmp_path)):
            pass


async def test_a_failed_load_leaves_no_half_filled_tables(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "seed.jsonl").write_text("{\n")
    with pytest.raises(SeedError):
        async with open_database(small(dsn, data=tmp_path)):
            pass
    async with open_database(small(dsn)):
        assert await rows(dsn, "contacts") == 30
