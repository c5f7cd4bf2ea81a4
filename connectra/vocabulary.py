"""The values of a field that contain a text, as legacy's ILIKE finds them, out of Connectra's own table.

Connectra's keyword fields are exact. But where the deployment's table `filters` has an active row with
`direct_derived`, a look-up of the filter's values reads that column by `ILIKE '%text%'` (connectra.md §7.2): case,
wildcards and backslash are then read as legacy reads them, and the values found can be asked for exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from connectra.errors import ConnectraError, Declined, RefusedByIt
from connectra.vql import MOST
from connectra.wire import Record

SERVICES = {"contacts": "contact", "companies": "company"}
"""Connectra's word for whose filters they are."""
REMEMBERED = 60.0
"""Seconds for which the definitions are not asked for again."""


class Source(Protocol):
    """What a vocabulary is read from: the client."""

    async def filters(self, service: str) -> list[Record]:
        """The active definitions of a service. Raises ConnectraError."""

    async def filter_values(self, service: str, key: str, text: str, endpoint: str = "") -> list[str]:
        """At most MOST values, one a row. Raises ConnectraError."""


class Vocabulary:
    """The values of derived filters. `clock` gives seconds that never go back."""

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def spellings(self, entity: str, field: str, text: str, endpoint: str = "") -> tuple[str, ...] | None:
        """The value of every row whose `field` contains `text`: one a row, so values may repeat.

        None where the deployment has no derived filter of that name. Raises Declined for as many rows as one look-up
        gives, since there may be more, and for a text that an empty value contains too: Connectra never tells of
        those. Raises ConnectraError.
        """
        service = SERVICES[entity]
        if field not in await self._derived(service):
            return None
        if not text.strip("%"):
            raise Declined("a name of wildcards only")
        try:
            values = await self._source.filter_values(service, field, text, endpoint)
        except ConnectraError:
            self._known.pop(service, None)  # the filter may be gone
            raise
        if len(values) >= MOST:
            raise Declined("too many addresses")
        return tuple(values)

    async def _derived(self, service: str) -> frozenset[str]:
        until, keys = self._known.get(service, (0.0, frozenset()))
        if service in self._known and self._clock() < until:
            return keys
        try:
            keys = derived(await self._source.filters(service))
        except RefusedByIt:
            keys = frozenset()  # a version of the service without this route
        self._known[service] = (self._clock() + REMEMBERED, keys)
        return keys


def derived(filters: Iterable[Record]) -> frozenset[str]:
    """The keys of the filters that read the table; of two rows with one key Connectra takes either, so both must."""
    rows = [one for one in filters if one.get("active") is True and one.get("deleted_at") is None]
    others = {one.get("key") for one in rows if one.get("direct_derived") is not True}
    return frozenset(key for one in rows if isinstance(key := one.get("key"), str) and key not in others)
