"""One endpoint as the steward sees it now, and the local copy of all of them that a start without PostgreSQL reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from proxy.store import SavedWindow
from proxy.store.journal import write_atomically
from rollout.evidence import Window, open_window
from rollout.facts import Unreadable, from_json, to_json
from rollout.model import Endpoint
from rollout.states import Climb, EndpointState, EventKind
from rollout.tallies import Reference


class Gate(Protocol):
    """One condition of the judge: its name, how it stands, and that in words with figures."""

    @property
    def name(self) -> str: ...
    @property
    def standing(self) -> str: ...
    @property
    def text(self) -> str: ...


class Ruling(Protocol):
    """What the judge said (`rollout.judge.Ruling`), as much of it as the steward needs."""

    @property
    def kind(self) -> EventKind: ...
    @property
    def reason(self) -> str: ...
    @property
    def to_zero(self) -> bool: ...
    @property
    def judge(self) -> str: ...
    @property
    def gates(self) -> Sequence[Gate]: ...


@dataclass(slots=True)
class Standing:
    """An endpoint: what the file says, where it is, the evidence of its window, and the judge's latest word."""

    config: Endpoint
    state: EndpointState
    window: Window
    ruling: Ruling | None = None
    refused: str | None = None
    """Why the file's percent is not in force, if it is not."""

    @property
    def climb(self) -> Climb:
        return Climb.of(self.config)

    def reopen(self, now: float, endpoints: int) -> None:
        """Opens the window that the state names, with legacy's latencies of the one before."""
        self.window = fresh_window(self.config, self.state, now, endpoints, self.window.reference)
        self.ruling = None


def fresh_window(
    config: Endpoint, state: EndpointState, now: float, endpoints: int, reference: Reference | None = None
) -> Window:
    """An empty window of the state's number and percent."""
    return open_window(
        config.name, state.window, state.percent, now, config.thresholds, endpoints=endpoints, reference=reference
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """States and evidence as they were last: what a start without the store goes on with."""

    states: dict[str, EndpointState]
    windows: dict[str, SavedWindow]


class SnapshotFile:
    """The local copy. It is no source of truth: the store's states replace it as soon as they can be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Snapshot:
        """Empty when there is none. Raises `Unreadable` with the file's name."""
        try:
            return from_json(Snapshot, json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return Snapshot({}, {})
        except ValueError as error:
            raise Unreadable(f"{self._path}: {error}; remove it, the store has the same") from error

    def write(self, states: Mapping[str, EndpointState], windows: Mapping[str, SavedWindow]) -> None:
        """Replaces it, durably. Raises OSError."""
        value: dict[str, Any] = to_json(Snapshot(dict(states), dict(windows)))
        write_atomically(self._path, json.dumps(value, separators=(",", ":")).encode())
