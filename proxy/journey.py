"""The journey of one request, in the product's words; every verb is a module.

In the worker (`serve`):
1. The routing table is loaded once: this request is judged by it to its end.
2. *Match* it to an endpoint; what matches none is passed through to legacy.
3. *Decide* who is the primary, whether the other side is asked beside it, and why.
4. *Mirror*: the shadow is asked, bounded and never waited for by the client's path.
5. *Answer* the client: legacy's answer as it streams, or the candidate's, held whole (or streamed, where its
   endpoint says so), with *fallback* to legacy.
6. *Hand over* the exchange; full means dropped and counted.

In the analyst (`proxy.analyst`): compare → recheck → record; then, round by round, judge → advance → apply.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from rollout.decide import Choice
from rollout.table import Route, Table

C_contra = TypeVar("C_contra", contravariant=True)
S_co = TypeVar("S_co", covariant=True)
C = TypeVar("C")
S = TypeVar("S")
Found = tuple[Route, dict[str, str]]


class Ports(Protocol, Generic[C_contra, S_co]):
    """What a worker brings: `C` is a client's request, `S` the sign that its answer has been sent."""

    def table(self) -> Table: ...

    def match(self, client: C_contra, table: Table) -> Found | None: ...

    async def pass_through(self, client: C_contra, table: Table) -> S_co: ...

    async def body(self, client: C_contra, route: Route) -> bytes | None: ...

    async def too_large(self, client: C_contra, found: Found, table: Table) -> S_co: ...

    def decide(self, client: C_contra, route: Route, table: Table) -> Choice: ...

    async def answer(self, client: C_contra, found: Found, choice: Choice, body: bytes, table: Table) -> S_co: ...


async def serve(client: C, ports: Ports[C, S]) -> S:
    """Answers one request."""
    table = ports.table()
    found = ports.match(client, table)
    if found is None:
        return await ports.pass_through(client, table)
    body = await ports.body(client, found[0])
    if body is None:
        return await ports.too_large(client, found, table)
    choice = ports.decide(client, found[0], table)
    return await ports.answer(client, found, choice, body, table)
