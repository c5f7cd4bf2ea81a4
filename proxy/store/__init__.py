"""What the analyst keeps: the interface that it needs, and how it fails. PostgreSQL is behind it (`postgres`).

Kept light: importing this loads no driver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from proxy.store.rows import AuditRow, Change, Kind, Known, Pruned, Sample, SavedWindow, WriteBack
from rollout.states import EndpointState

__all__ = [
    "AuditRow", "Change", "Fenced", "Kind", "Known", "NotNow", "Pruned", "Sample", "SavedWindow", "SchemaMismatch",
    "Store", "StoreLost", "WriteBack",
]  # fmt: skip


class StoreLost(Exception):
    """The store does not answer now; it may later. The text says what was tried and what the server said."""


class Fenced(Exception):
    """A write that came too late: another analyst judges, or the endpoint has been changed meanwhile."""


class NotNow(Exception):
    """A move that must wait: the store is away and it is no move down, or another analyst judges."""


class SchemaMismatch(Exception):
    """The store's schema is too new for this release, or a migration was altered; the text says what to do."""


class Store(Protocol):
    """What the analyst needs of a store. Every method raises `StoreLost` when the store is away."""

    async def open(self) -> None:
        """Connects and brings the schema up to date. Raises `SchemaMismatch`."""

    async def close(self) -> None:
        """Gives up leadership and connections. It can be opened again."""

    async def lead(self) -> int | None:
        """This analyst's judging epoch if it leads the fleet (it becomes the leader if there is none)."""

    async def states(self) -> dict[str, EndpointState]:
        """Every endpoint's state."""

    async def apply(self, change: Change, epoch: int | None) -> int | None:
        """Makes a change durable in one transaction: state, audit row and pending write-back.

        `epoch` is the judge's own (None for a person's order, which any analyst may take). Returns the audit
        row's id, None without a transition. Raises `Fenced`; nothing has been written then.
        """

    async def audit(self, endpoint: str | None, limit: int) -> list[AuditRow]:
        """The newest transitions first."""

    async def load_windows(self) -> dict[str, SavedWindow]:
        """The evidence that was saved last, by endpoint."""

    async def save_windows(self, windows: Mapping[str, SavedWindow]) -> None:
        """Saves evidence; one of a lower number than what is stored is left out."""

    async def record(self, kinds: Sequence[Kind], samples: Sequence[Sample]) -> None:
        """Adds to the counts of kinds of mismatch and keeps samples, a bounded number of each kind."""

    async def known(self, endpoint: str | None, limit: int) -> list[Known]:
        """Kinds of mismatch, the most frequent first."""

    async def sample(self, sample_id: str) -> Sample | None:
        """One sample, or None when it is unknown or no longer kept."""

    async def prune(self, now: float, age: float, size: int) -> Pruned:
        """Applies retention: nothing older than `age` seconds, no more than `size` bytes of samples."""

    async def setting(self, name: str, initial: str) -> str:
        """The value of a setting; `initial` is stored, and returned, when it has none."""

    async def write_backs(self, done: WriteBack | None = None) -> list[WriteBack]:
        """Marks `done` with its outcome, if given; returns what is pending, the oldest first."""
