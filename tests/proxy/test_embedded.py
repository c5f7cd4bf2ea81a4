"""The embedded PostgreSQL: every installation, as root and not, data that last and data that vanish."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from proxy.store.embedded import (
    Installation,
    PostgresUnavailable,
    Server,
    embedded_postgres,
    embedded_postgres_sync,
    installations,
)
from proxy.store.launch import PREFIX, SHORT

ROOT = Path(__file__).resolve().parents[2]
FOUND = installations()
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture(params=FOUND, ids=lambda found: f"{found.origin}-{found.major}")
def installation(request: pytest.FixtureRequest) -> Installation:
    chosen = request.param
    assert isinstance(chosen, Installation)
    return chosen


@pytest.fixture
def closed_home(tmp_path: Path) -> Iterator[Path]:
    """A folder below one of mode 0700."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "inner").mkdir()
    yield home / "inner"
    shutil.rmtree(home)


async def ask(server: Server, question: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(server.dsn_for(database))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(pid: int, within: float = 10.0) -> bool:
    deadline = time.monotonic() + within
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


def test_this_machine_has_a_server() -> None:
    assert FOUND, "neither the system's packages nor the wheel brought a PostgreSQL of version 15 or newer"


async def test_each_installation_gives_a_server_in_utc_sorted_by_code_point(installation: Installation) -> None:
    async with embedded_postgres(installation=installation) as server:
        assert server.version == installation.major
        ordered = "SELECT string_agg(v, '' ORDER BY v) FROM unnest('{b,B,a,ä,Z,_}'::text[]) v"
        assert await ask(server, ordered) == "BZ_abä"
        assert await ask(server, "SELECT 'ÄRGER' ILIKE 'ärger'") is True
        assert await ask(server, "SELECT current_setting('timezone') || current_setting('listen_addresses')") == "UTC"
        assert await ask(server, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'") == 1
    assert not alive(server.pid)
    assert not server.socket_folder.parent.exists()


async def test_data_in_a_named_folder_outlive_the_server(installation: Installation, closed_home: Path) -> None:
    data = closed_home / "pg"
    async with embedded_postgres(data, installation=installation) as server:
        await server.create("kept")
        assert await ask(server, "SHOW fsync") == "on"
    with embedded_postgres_sync(data) as server:  # finds the version that made the data by itself
        assert server.version == installation.major
        assert await ask(server, "SELECT 1", "kept") == 1
    assert (data / "PG_VERSION").exists()


async def test_two_servers_on_one_data_folder_are_refused_with_the_servers_own_words(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "pg"):
        with pytest.raises(PostgresUnavailable, match="lock file"):
            async with embedded_postgres(tmp_path / "pg"):
                pass


async def test_data_of_a_version_that_is_not_here_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresUnavailable, match=r"made by PostgreSQL 9.*install 9"):
        async with embedded_postgres(tmp_path / "pg"):
            pass


def test_without_any_server_the_message_names_the_command_that_installs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.store.launch.installations", list)
    with pytest.raises(PostgresUnavailable, match="apt-get install -y postgresql"), embedded_postgres_sync():
        pass


async def test_cancelling_a_start_leaves_nothing_behind() -> None:
    before = set(SHORT.glob(PREFIX + "*"))
    said: list[str] = []

    async def start() -> None:
        async with embedded_postgres(log=said.append):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(start())
        while not said:
            await asyncio.sleep(0)
        task.cancel()
    assert not {folder for folder in set(SHORT.glob(PREFIX + "*")) - before if (folder / "data").exists()}


CHILD = """
import sys, time
from proxy.store.embedded import embedded_postgres_sync
with embedded_postgres_sync() as server:
    print(server.pid, server.socket_folder, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of other systems does not tell children")
def test_a_server_dies_with_a_killed_parent_and_the_next_start_removes_its_folder() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        child.kill()
    assert gone(int(pid))
    left = Path(folder).parent
    assert left.exists()
    os.utime(left, (0, 0))  # old enough not to be somebody's who is just starting
    with embedded_postgres_sync():
        assert not left.exists()


def test_a_folder_in_use_is_never_swept() -> None:
    with embedded_postgres_sync() as first:
        os.utime(first.socket_folder.parent, (0, 0))
        with embedded_postgres_sync():
            assert first.socket_folder.exists()
            assert alive(first.pid)


def test_an_interrupt_from_the_terminal_does_not_reach_the_server() -> None:
    with embedded_postgres_sync() as server:
        assert os.getpgid(server.pid) != os.getpgid(0)


@needs_root
def test_as_root_the_server_runs_as_somebody_else_and_its_socket_is_closed_to_the_rest() -> None:
    with embedded_postgres_sync() as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert server.socket_folder.stat().st_mode & 0o077 == 0


@needs_root
async def test_programs_that_its_user_can_not_enter_are_copied(closed_home: Path) -> None:
    wheel = next((found for found in FOUND if found.origin == "wheel"), None)
    if wheel is None:
        pytest.skip("the wheel is not installed")
    package = wheel.root.parent
    shutil.copytree(package, closed_home / package.name, symlinks=True)
    if package.with_name(package.name + ".libs").is_dir():
        shutil.copytree(
            package.with_name(package.name + ".libs"), closed_home / (package.name + ".libs"), symlinks=True
        )
    hidden = Installation(closed_home / package.name / "pginstall" / "bin", wheel.major, "wheel")
    said: list[str] = []
    async with embedded_postgres(installation=hidden, log=said.append) as server:
        assert await ask(server, "SELECT 1") == 1
    assert any("copying" in line for line in said)


BY_AN_ORDINARY_USER = """
import os, sys
from pathlib import Path
from proxy.store.embedded import PostgresUnavailable, embedded_postgres_sync
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
with embedded_postgres_sync(Path(sys.argv[1])) as server:
    print("uid", os.stat(f"/proc/{server.pid}").st_uid, flush=True)
"""


@needs_root
def test_an_ordinary_user_runs_it_in_a_home_closed_to_everybody_else() -> None:
    """The modules are loaded before the change of user, as this interpreter may lie in a folder of root's own."""
    with tempfile.TemporaryDirectory(dir=SHORT) as above:
        Path(above).chmod(0o711)
        home = Path(above) / "home"
        home.mkdir(mode=0o700)
        os.chown(home, 65534, 65534)
        command = [sys.executable, "-c", BY_AN_ORDINARY_USER, str(home / "pg")]
        done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "uid 65534\n", done.stderr
