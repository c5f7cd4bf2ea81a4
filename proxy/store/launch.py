"""Steps of starting a PostgreSQL server of our own: choose programs and account, make folders, initdb, start, stop."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.parent import die_with_parent
from proxy.store.installations import Installation, installations

START_DEADLINE = 60.0
STOP_DEADLINE = 15.0
SHORT = Path("/tmp")  # noqa: S108 - a socket's path has 104 bytes on macOS, 108 on Linux; the folders are private
PREFIX = "crossfade-pg-"
_STALE_AFTER = 60.0
_HINT = "install one (Debian: apt-get install -y postgresql) or the wheel (pip install 'crossfade[embedded]')"
_TEMPORARY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # compiling costs more than any query here takes
    "max_parallel_workers_per_gather": "0",  # two cores, and /dev/shm is small in containers
    "dynamic_shared_memory_type": "mmap",
}


class PostgresUnavailable(Exception):
    """No embedded PostgreSQL could be had; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as; `other` when that is not ourselves (we are root)."""

    uid: int
    gid: int
    other: bool

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that start a process as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}


@dataclass(frozen=True, slots=True)
class Launch:
    """A server that is ready to start: its folders exist and initdb has run."""

    installation: Installation
    account: Account
    folder: Path
    data: Path
    descriptor: int
    temporary: bool
    log_file: Path

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies; only the server's user (and root) may enter."""
        return self.folder / "socket"

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the postmaster. It dies with the calling thread's process (Linux)."""
        settings = {**_SETTINGS, **(_TEMPORARY if self.temporary else {})}
        settings["unix_socket_directories"] = str(self.socket_folder)
        data = _data_argument(self.account, self.data, self.descriptor)
        command = [str(self.installation.bindir / "postgres"), "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        farewell = signal.SIGQUIT if self.temporary else signal.SIGINT
        with self.log_file.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - programs of an installation that was found, settings of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                pass_fds=(self.descriptor,),
                start_new_session=True,  # a terminal's Ctrl-C must not stop it under our feet
                preexec_fn=die_with_parent(farewell),  # noqa: PLW1509 - it makes two system calls and takes no lock
                **self.account.arguments(),
            )

    def ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """Whether it takes connections (the status line of postmaster.pid). Raises `PostgresUnavailable`."""
        if process.poll() is not None:
            ended = process.returncode
            raise PostgresUnavailable(f"PostgreSQL ended with {ended} while starting: {self._last_words()}")
        if time.monotonic() > deadline:
            raise PostgresUnavailable(f"PostgreSQL was not ready after {START_DEADLINE:.0f} s: {self._last_words()}")
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(process.pid) and lines[7].startswith("ready")

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stops it: orderly when the data are kept, at once when they vanish anyway."""
        for signum in (signal.SIGQUIT if self.temporary else signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(signum)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_DEADLINE)
                return

    def _last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        return " | ".join(lines[-5:]) or "it said nothing"


def prepare(data: Path | None, log: Callable[[str], None], chosen: Installation | None, undo: ExitStack) -> Launch:
    """Everything before the start. What it makes and what shall not stay is registered with `undo`."""
    account = _account(data)
    folder = _private_folder(account, undo)
    installation = _reachable(_choose(data, chosen), account, folder, log)
    _owned_folder(folder / "socket", account)
    home = _owned_folder(folder / "data" if data is None else data.absolute(), account)
    descriptor = os.open(home, os.O_RDONLY)
    undo.callback(os.close, descriptor)
    if not (home / "PG_VERSION").exists():
        log(f"initialising a PostgreSQL {installation.major} data folder")
        _initialise(installation, account, _data_argument(account, home, descriptor), descriptor)
    log_file = folder / "log" if data is None else home.with_name(home.name + ".log")
    log(f"starting PostgreSQL {installation.major} of {installation.bindir}")
    return Launch(installation, account, folder, home, descriptor, data is None, log_file)


def _choose(data: Path | None, chosen: Installation | None) -> Installation:
    """The preferred installation; for data that exist, one of the version that made them."""
    found = [chosen] if chosen else installations()
    if not found:
        raise PostgresUnavailable(f"no PostgreSQL server of version 15 or newer on this machine: {_HINT}")
    made_by = data / "PG_VERSION" if data else None
    if made_by is None or not made_by.exists():
        return found[0]
    major = int(made_by.read_text())
    for installation in found:
        if installation.major == major:
            return installation
    present = ", ".join(str(installation.major) for installation in found)
    raise PostgresUnavailable(
        f"{data} was made by PostgreSQL {major}, this machine has {present}: install {major}, or name another folder"
    )


def _account(data: Path | None) -> Account:
    """Ourselves; as root, who owns the data already, or else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    if data is not None and (data / "PG_VERSION").exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid, other=True)
    for name in ("postgres", "_postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, other=True)
    raise PostgresUnavailable("PostgreSQL does not run as root, and there is no user postgres or nobody: add one")


def _private_folder(account: Account, undo: ExitStack) -> Path:
    """A folder with a short path, locked while we live so that a later start can tell it from one left behind."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=SHORT))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711 if account.other else 0o700)  # the other user passes through, and sees only its own folders
    lock = os.open(folder, os.O_RDONLY)
    undo.callback(os.close, lock)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder


def _sweep() -> None:
    """Removes folders whose owner was killed before it could: ours, not young, and locked by nobody."""
    for folder in SHORT.glob(PREFIX + "*"):
        with suppress(OSError):  # it vanished, or it is in use: both mean that there is nothing to do
            state = folder.lstat()
            if state.st_uid != os.geteuid() or time.time() - state.st_mtime < _STALE_AFTER:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _owned_folder(folder: Path, account: Account) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account.other and folder.stat().st_uid == 0:
        os.chown(folder, account.uid, account.gid)
    return folder


def _reachable(installation: Installation, account: Account, folder: Path, log: Callable[[str], None]) -> Installation:
    """The installation, or a copy of it when the account can not get at it (a wheel below a 0700 home)."""
    command = [str(installation.bindir / "postgres"), "--version"]
    try:
        subprocess.run(  # noqa: S603 - a program of an installation that was found
            command, check=True, capture_output=True, cwd="/", timeout=START_DEADLINE, **account.arguments()
        )
    except (PermissionError, subprocess.CalledProcessError):
        log(f"copying PostgreSQL from {installation.root}, which its user can not enter")
        return Installation(_copied(installation.root, folder) / "bin", installation.major, installation.origin)
    return installation


def _copied(root: Path, folder: Path) -> Path:
    """A copy that everybody can enter. A wheel's repaired libraries lie beside its package, in `<package>.libs`."""
    package = folder / root.parent.name
    shutil.copytree(root, package / root.name, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "man"))
    libraries = root.parent.with_name(root.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for path in (package, *package.rglob("*"), *folder.glob("*.libs"), *folder.glob("*.libs/*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    return package / root.name


def _data_argument(account: Account, data: Path, descriptor: int) -> str:
    """The data folder as the server is told it.

    Another user may be unable to walk to it (below /root, or a home of mode 0700), but an open descriptor of
    it is no path to be walked: /proc/self/fd/N leads there at once (proc(5)).
    """
    return f"/proc/self/fd/{descriptor}" if account.other and sys.platform.startswith("linux") else str(data)


def _initialise(installation: Installation, account: Account, data: str, descriptor: int) -> None:
    command = [str(installation.bindir / "initdb"), "-D", data, "--username=postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--no-sync", "--no-instructions", *_locale(installation.major)]
    done = subprocess.run(  # noqa: S603 - a program of an installation that was found
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=_environment(),
        pass_fds=(descriptor,),
        timeout=START_DEADLINE,
        **account.arguments(),
    )
    if done.returncode != 0:
        raise PostgresUnavailable(f"initdb failed with {done.returncode}: {done.stderr.strip()[-1000:]}")


def _locale(major: int) -> list[str]:
    """C.UTF-8: text sorts by code point, case folds as Unicode says, on every machine alike."""
    if major >= 17:  # PostgreSQL's own C.UTF-8 needs none of the system's
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if sys.platform == "darwin":  # has no C.UTF-8 before 15; the collation is what matters
        return ["--lc-collate=C", "--lc-ctype=en_US.UTF-8"]
    return ["--locale=C.UTF-8"]


def _environment() -> dict[str, str]:
    """Ours without what would redirect a server or its messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
