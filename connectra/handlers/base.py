"""What every handler does: eligible (pure) → fetch → shape (pure)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectra.asked import Asked
from connectra.client import Client
from connectra.effects import Activity
from connectra.wire import Record


@dataclass(frozen=True, slots=True)
class Rows:
    """A CSV that is made while it is sent: `first` is known, `rest` is closed by whoever sends it.

    What `rest` raises must cut the answer off: its head has gone out.
    """

    name: str
    first: bytes
    rest: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in legacy's shape. `missing` are the paths of what Connectra can not provide.

    `cache` is `hit` or `miss` where the cache of single records was asked. `effect` is what the answer leaves behind on
    legacy, and `told` the same as the worker is told it. With `rows` the answer is a file, and `body` is not read.
    """

    status: int
    body: Any
    missing: tuple[str, ...] = ()
    cache: str = ""
    effect: Activity | None = None
    told: str = ""
    rows: Rows | None = None


Handler = Callable[[Client, Asked], Awaitable[Given]]


@dataclass(frozen=True, slots=True)
class Single:
    """A handler of one record named by a path parameter: the only kind whose record may come from the cache.

    `what` is legacy's word for it. Query parameters are ignored, as legacy ignores them.
    """

    parameter: str
    entity: str
    what: str
    shape: Callable[[Record], Any]
    populate: bool = False

    async def __call__(self, client: Client, asked: Asked) -> Given:
        """Connectra's record in legacy's shape."""
        return self.given(await self.found(client, asked))

    async def found(self, client: Client, asked: Asked) -> Record | None:
        """Connectra's record, or None. Raises ConnectraError."""
        uuid = asked.params[self.parameter]
        return await client.by_uuid(self.entity, uuid, populate=self.populate, endpoint=asked.endpoint)

    def given(self, record: Record | None) -> Given:
        """The answer that a record makes."""
        return not_found(self.what) if record is None else Given(200, self.shape(record))


def not_found(what: str) -> Given:
    """Legacy's own text (legacy-api.md §2.5)."""
    return Given(404, {"detail": f"{what} not found"})
