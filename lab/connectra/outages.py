"""Outages of what stands behind the service: PostgreSQL and the search engine, and what remains of them (§8.6).

- `down`. Database: every statement is refused, 500. Engine: searches and counts are 500, writes lose their documents.
- `down_at_start`. Database: the same, with an empty pool. Engine: no client for the life of the process, so searches
  and counts panic (500, empty body) and a batch upsert ends the process.
- `up` again. Database: each connection left idle in the pool spoils one statement. Engine: all is well at once; after
  `down_at_start` that takes a restart, for which `up` stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.connectra.errors import Ended, Failed, Panicked

STATES = ("up", "down", "down_at_start")
MAX_POOLED = 20
POOLED = 10  # connections seen idle when the database went away: 10 of the next 45 requests were spoiled (no. 31)
DATABASE_REFUSED = (
    "failed to connect to `host=127.0.0.1 user=connectra database=connectra`: "
    "dial error (dial tcp 127.0.0.1:5432: connect: connection refused)"
)
DATABASE_BROKE_OFF = "unexpected EOF"
ENGINE_REFUSED = "dial tcp 127.0.0.1:9200: connect: connection refused"


class DatabaseLost(Failed):
    """PostgreSQL did not take a statement: no connection to be had, or the one taken from the pool was dead."""


@dataclass(slots=True)
class Outages:
    """The state of both, one of STATES each. `pooled` connections are dead in the pool; `ended`: nobody answers."""

    database: str = "up"
    engine: str = "up"
    pooled: int = 0
    ended: bool = False

    def turn(self, database: str | None = None, engine: str | None = None, pooled: int | None = None) -> None:
        """Changes what is given. A database that goes down leaves POOLED dead connections unless told otherwise.

        Naming the engine's state starts an ended process again.
        """
        if database == "down" and self.database == "up":
            self.pooled = POOLED
        elif database == "down_at_start":
            self.pooled = 0
        if pooled is not None:
            self.pooled = pooled
        self.database = database or self.database
        if engine is not None:
            self.engine, self.ended = engine, False

    def clear(self) -> None:
        """As if nothing had ever been away."""
        self.database, self.engine, self.pooled, self.ended = "up", "up", 0, False

    def shown(self) -> dict[str, Any]:
        """As JSON, in the form in which it is set."""
        return {"database": self.database, "engine": self.engine, "pooled": self.pooled}

    def ask_database(self, connections: int = 1) -> None:
        """A statement on each of so many connections at once. Raises DatabaseLost when any of them fails.

        A dead connection is found out, and thrown away, by the statement that takes it; while there are any, they are
        taken before a new one is opened.
        """
        dead = min(connections, self.pooled)
        self.pooled -= dead
        if dead:
            raise DatabaseLost(DATABASE_BROKE_OFF)
        if self.database != "up":
            raise DatabaseLost(DATABASE_REFUSED)

    def ask_engine(self) -> None:
        """A search or a count. Raises Failed with the network's error, Panicked where there is no client."""
        if self.engine == "down_at_start":
            raise Panicked
        if self.engine == "down":
            raise Failed(ENGINE_REFUSED)

    def engine_takes_documents(self) -> bool:
        """Whether a bulk write arrives. Raises Ended where there is no client: nothing catches that panic (no. 30)."""
        if self.engine == "down_at_start":
            self.ended = True
            raise Ended
        return self.engine == "up"
