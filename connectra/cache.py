"""Single records for a few seconds: bounded, off unless a request brings an age, and forgotten when they are written.

What is kept is the record, or that there is none; never an answer. Nothing here knows callers: whoever asks the cache
has admitted its caller before. A look-up that was under way when its record was forgotten keeps nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from time import monotonic

import orjson

from connectra.wire import Record

LONGEST = 60.0
"""Seconds: the greatest age that a request may ask for."""
ENTRIES = 4_096
BYTES = 16 << 20
LARGEST_SHARE = 16
"""A record over this part of all the bytes is not kept: one must not drive out all others."""
OVERHEAD = 400
"""Bytes of an entry besides its record: keys, places, objects."""
HIT, MISS = "hit", "miss"
Key = tuple[str, str]
"""An endpoint as rollout.yaml names it, and a uuid."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one request may take from the cache and give to it: its endpoint's records, up to `age` seconds old."""

    endpoint: str
    age: float


@dataclass(frozen=True, slots=True)
class _Held:
    at: float
    entity: str
    record: bytes | None
    """JSON, so that its size is known and nobody changes it; None: there is no such record."""

    @property
    def size(self) -> int:
        return OVERHEAD + (0 if self.record is None else len(self.record))


class Cache:
    """At most `entries` records of together `size` bytes; the least recently used go first. `clock` gives seconds."""

    def __init__(
        self, *, entries: int = ENTRIES, size: int = BYTES, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most = entries
        self._room = size
        self._clock = clock
        self._held: OrderedDict[Key, _Held] = OrderedDict()
        self._bytes = 0
        self._looking: dict[Key, set[object]] = {}

    def __len__(self) -> int:
        return len(self._held)

    @property
    def bytes(self) -> int:
        """What is held, with an allowance for each entry."""
        return self._bytes

    async def record(
        self, use: Use, entity: str, uuid: str, look: Callable[[], Awaitable[Record | None]]
    ) -> tuple[Record | None, str]:
        """The record or None, and HIT or MISS. What `look` raises goes through and is not kept.

        The age counts from the beginning of the look-up: what is kept may have been read at its first moment.
        """
        key, now = (use.endpoint, uuid), self._clock()
        held = self._held.get(key)
        if held is not None and held.entity == entity and now - held.at < use.age:
            self._held.move_to_end(key)
            return None if held.record is None else orjson.loads(held.record), HIT
        mine = object()
        self._looking.setdefault(key, set()).add(mine)
        try:
            found = await look()
            if mine in self._looking.get(key, ()):
                self._keep(key, _Held(now, entity, None if found is None else orjson.dumps(found)))
        finally:
            self._done(key, mine)
        return found, MISS

    def forget(self, endpoint: str, uuid: str | None) -> None:
        """Forgets a record of an endpoint, None: all of them; and that look-ups under way may keep what they find."""
        if uuid is not None:
            self._drop((endpoint, uuid))
            self._looking.pop((endpoint, uuid), None)
            return
        for key in [key for key in self._held if key[0] == endpoint]:
            self._drop(key)
        for key in [key for key in self._looking if key[0] == endpoint]:
            del self._looking[key]

    def _done(self, key: Key, mine: object) -> None:
        looking = self._looking.get(key)
        if looking is None:
            return  # forgotten meanwhile
        looking.discard(mine)
        if not looking:
            del self._looking[key]

    def _keep(self, key: Key, held: _Held) -> None:
        before = self._held.get(key)
        if before is not None and before.at > held.at:
            return  # a look-up that began later has been faster
        self._drop(key)
        if held.size > self._room // LARGEST_SHARE:
            return
        self._held[key] = held
        self._bytes += held.size
        while self._held and self._too_much(held.at):
            self._drop(next(iter(self._held)))

    def _too_much(self, now: float) -> bool:
        """Over a bound, or the least recently used is older than anybody may be given."""
        oldest = next(iter(self._held.values()))
        return len(self._held) > self._most or self._bytes > self._room or now - oldest.at >= LONGEST

    def _drop(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= held.size


def use_of(fields: Mapping[str, str]) -> Use | None:
    """What a worker's fields allow, at most LONGEST. None: shadows and rechecks see Connectra itself."""
    endpoint = fields.get("X-Crossfade-Endpoint")
    if not endpoint or any(fields.get(f"X-Crossfade-{name}") == "1" for name in ("Shadow", "Recheck")):
        return None
    try:
        seconds = float(fields.get("X-Crossfade-Cache", "0"))
    except ValueError:
        return None
    return Use(endpoint, min(seconds, LONGEST)) if isfinite(seconds) and seconds > 0 else None


def read_forgets(body: bytes) -> list[tuple[str, str | None]]:
    """What a worker wants forgotten: endpoints, each with a uuid or None for all. Raises ValueError, saying why.

    The body is a list of `{"endpoint": NAME, "params": {NAME: UUID}}`; no parameter means all records.
    """
    value = orjson.loads(body)
    if not isinstance(value, list):
        raise ValueError("a list of {endpoint, params} was expected")
    return [_forget(one) for one in value]


def _forget(one: object) -> tuple[str, str | None]:
    endpoint = one.get("endpoint") if isinstance(one, dict) else None
    params = one.get("params") if isinstance(one, dict) else None
    if not isinstance(endpoint, str) or not isinstance(params, dict) or len(params) > 1:
        raise ValueError("each needs the endpoint's name, and params with at most one parameter")
    uuid = next(iter(params.values()), None)
    if params and not isinstance(uuid, str):
        raise ValueError("the parameter's value must be text")
    return endpoint, uuid
