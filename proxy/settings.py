"""Where a host's files lie, and what a process is told by its environment. Light: a worker imports it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

LONGEST_RUN = 80
"""A unix socket's whole path may have 104 bytes on macOS and 108 on Linux; the names take up to 20 of them."""
SHORT = Path("/tmp")  # noqa: S108 - only for sockets, in a folder that is checked to be ours alone
DEFAULT_STATE = ".crossfade"


class NotOurs(OSError):
    """A folder that must be this user's alone is somebody else's, a link, or open to others."""


@dataclass(frozen=True)
class Paths:
    """The files and sockets of one `crossfade serve`, all derived from its state folder."""

    state: Path

    @cached_property
    def run(self) -> Path:
        """The folder of sockets: in the state folder, or, when that path is too long for a socket, under /tmp."""
        inside = self.state.absolute() / "run"
        if len(os.fsencode(inside)) <= LONGEST_RUN:
            return inside
        digest = blake2b(os.fsencode(self.state.absolute()), digest_size=8).hexdigest()
        return SHORT / f"crossfade-{os.getuid()}-{digest}"

    @property
    def control(self) -> Path:
        """Socket of the control API."""
        return self.run / "control.sock"

    @property
    def intake(self) -> Path:
        """Socket on which the analyst takes exchanges and hands out tables."""
        return self.run / "analyst.sock"

    @property
    def gateway(self) -> Path:
        """Socket of the bundled gateway."""
        return self.run / "gateway.sock"

    @property
    def slots(self) -> Path:
        """Memory that the workers of this host share (read-your-writes expiries)."""
        return self.run / "slots.mmap"

    @property
    def table(self) -> Path:
        """The last-known-good routing table."""
        return self.state / "table.json"

    @property
    def secret(self) -> Path:
        """The secret that was made here when CROSSFADE_SECRET was not given."""
        return self.state / "secret"

    @property
    def journal(self) -> Path:
        """Moves that were made while PostgreSQL was away."""
        return self.state / "journal.jsonl"

    @property
    def spool(self) -> Path:
        """Folder of bodies that are too large for a frame."""
        return self.state / "spool"

    @property
    def outbox(self) -> Path:
        """Folder of effects of which nobody knows yet whether they were made; they hold personal data."""
        return self.state / "outbox"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's folder."""
        return self.state / "postgres"

    def prepare(self) -> None:
        """Makes the folders, for this user alone (0700). Raises OSError; `NotOurs` where somebody was faster."""
        for folder in (self.state, self.run, self.spool, self.outbox):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _ours_alone(self.run)


def _ours_alone(folder: Path) -> None:
    """Anybody may make names under /tmp: a folder there is used only if it is certainly this user's."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NotOurs(f"{folder} is not a folder of user {os.getuid()}: remove it, or choose a shorter --state")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


class BadSetting(ValueError):
    """An environment variable that can not be used; the text names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a child process of the supervisor finds in its environment.

    `secret` keys bucketing salts and stored hashes; `gateway_secret` proves to the gateway that a worker speaks;
    `log` is `json` or `plain`; `database` is the analyst's alone.
    """

    secret: bytes = field(repr=False)
    gateway_secret: str = field(default="", repr=False)
    log: str = "json"
    database: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Settings:
        """Reads CROSSFADE_SECRET (hex), CROSSFADE_GATEWAY_SECRET, CROSSFADE_LOG and DATABASE_URL.

        Raises BadSetting.
        """
        try:
            secret = bytes.fromhex(env.get("CROSSFADE_SECRET", ""))
        except ValueError as error:
            text = "CROSSFADE_SECRET: not hexadecimal; `crossfade serve` sets it for its processes"
            raise BadSetting(text) from error
        if not secret:
            raise BadSetting("CROSSFADE_SECRET is not set; `crossfade serve` sets it for its processes")
        log = env.get("CROSSFADE_LOG") or "json"
        if log not in ("json", "plain"):
            raise BadSetting(f"CROSSFADE_LOG: {log!r}; give json or plain")
        return cls(secret, env.get("CROSSFADE_GATEWAY_SECRET", ""), log, env.get("DATABASE_URL") or None)
