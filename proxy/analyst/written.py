"""Evidence of a write: what makes an agreement at a recheck lag, and not a wrong answer that happens now and then.

Three things count: a write of this record seen through the proxy, a time in a record that differs, and legacy's own
answer, if under the rules it is another one now. What the candidate says of times counts for nothing.

A row of a CSV may hold several records side by side, as an export's contact and its company: the time of the record by
which rows are paired speaks for the whole row, that of another one for the columns that are named like it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.content import Unreadable, kind_of, read
from comparators.csv_rows import rows
from comparators.rules import Rules
from comparators.verdict import Outcome
from proxy.exchange import Exchange, Write

WRITES = 5_000
"""Writes remembered for one endpoint."""
SLACK = 5.0
"""Seconds by which clocks, and the order in which workers report, may be off."""
PATHS = 100
STAMPS = ("updated_at", "created_at")
_STEP = re.compile(r"\[([^\[\]]*)\]|([^.\[\]]+)")
_BRACKET = re.compile(r"[\[\]]")
_CELL = re.compile(r"\[([^\[\]]+)\](?:\.(.+))?", re.DOTALL)


class Writes:
    """Writes seen through the proxy, by endpoint."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[Write]] = {}

    def add(self, writes: list[Write] | tuple[Write, ...]) -> None:
        """Notes them, oldest first."""
        for write in writes:
            self._seen.setdefault(write.endpoint, deque(maxlen=WRITES)).append(write)

    def before(self, exchange: Exchange, window: float) -> bool:
        """Whether a write that touches this request's record was seen within `window` seconds before it, or since.

        Parameters of one name must be equal; those that only one side has say nothing.
        """
        since = exchange.at - window
        for write in reversed(self._seen.get(exchange.endpoint, ())):
            if write.at < since - SLACK:
                return False
            shared = all(exchange.params.get(name, value) == value for name, value in write.params.items())
            if write.at >= since and shared:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Asked of a comparing process: do legacy's answers tell of a write?

    `after` is legacy's answer at the recheck, None where it is not asked again. `paths` are the printed paths that
    differed; a record's time counts between `since` and `until` (Unix seconds).
    """

    before: Answer
    after: Answer | None
    rules: Rules
    today: date
    paths: tuple[str, ...]
    since: float
    until: float

    def run(self) -> bool:
        """True if they do."""
        if self.after is not None:
            again = compare(self.before, self.after, self.rules, endpoint="", today=self.today)
            if again.outcome is Outcome.MISMATCH:
                return True
        return any(self._recent(answer) for answer in (self.before, self.after) if answer is not None)

    def _recent(self, answer: Answer) -> bool:
        paths = self.paths[:PATHS]
        try:
            stamps = in_table(answer, paths) if kind_of(answer) == "csv" else _in_value(read(answer).value, paths)
            return any(self.since <= stamp <= self.until + SLACK for stamp in stamps)
        except (Unreadable, OSError):
            return False


def in_table(answer: Answer, paths: Iterable[str]) -> Iterator[float]:
    """Times of the records in the rows of a CSV that printed paths name, Unix seconds; read row by row.

    Raises Unreadable and OSError.
    """
    changed: dict[str, list[str]] = {}
    key = ""
    for path in paths:
        found = _CELL.fullmatch(path)
        if found is not None:
            column, keyed, mark = found[1].partition("=")
            key = column if keyed else key
            changed.setdefault(mark if keyed else column, []).append(found[2] or "")
    with closing(rows(answer)) as table:
        columns = next(table, [])
        if not changed or (key and key not in columns):
            return
        at = columns.index(key) if key else None
        times = _times(columns)
        own = _owner(key or columns[0]) if columns else ""
        for number, row in enumerate(table):
            names = changed.get(str(number) if at is None else _BRACKET.sub("_", row[at]))
            for place, owner in times if names else ():
                if owner == own or any(name.startswith(owner) for name in names or ()):
                    yield from _moment(row[place])


def _times(columns: list[str]) -> list[tuple[int, str]]:
    """Where a row's times stand, and the beginning of the columns of the record that each belongs to."""
    return [
        (at, name.removesuffix(stamp))
        for at, name in enumerate(columns)
        for stamp in STAMPS
        if name == stamp or name.endswith(f"_{stamp}")
    ]


def _owner(column: str) -> str:
    """`contact_` of contact_uuid."""
    return column[: column.rfind("_") + 1]


def _in_value(value: Any, paths: Iterable[str]) -> Iterator[float]:
    for path in paths:
        for record in along(value, path):
            for name in STAMPS:
                yield from _moment(record.get(name))


def along(value: Any, path: str) -> Iterator[Mapping[str, Any]]:
    """The objects on the way from the whole value to a printed path, as far as the way can be followed."""
    waiting = [value]
    for mark, name in _STEP.findall(path):
        yield from (one for one in waiting if isinstance(one, Mapping))
        waiting = [inner for one in waiting for inner in _step(one, mark, name)]
    yield from (one for one in waiting if isinstance(one, Mapping))


def _step(value: Any, mark: str, name: str) -> Iterator[Any]:
    if name:
        if isinstance(value, Mapping) and name in value:
            yield value[name]
    elif isinstance(value, list):
        key, keyed, wanted = mark.partition("=")
        if keyed:
            yield from (one for one in value if _BRACKET.sub("_", _key_of(one, key)) == wanted)
        elif mark.isascii() and mark.isdigit() and int(mark) < len(value):
            yield value[int(mark)]


def _key_of(value: Any, key: str) -> str:
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)


def _moment(text: Any) -> Iterator[float]:
    """The Unix seconds of an ISO 8601 text, naive ones in UTC; nothing for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return
    if found is not None:
        yield (found.replace(tzinfo=UTC) if found.tzinfo is None else found).timestamp()
