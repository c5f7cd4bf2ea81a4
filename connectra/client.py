"""The client of Connectra: exact paths, one key, one deadline, one retry on a broken connection, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from connectra.errors import ConnectraError, Misread, RefusedByIt, Unavailable
from connectra.vql import MOST, Keyword, Query
from connectra.wire import Record, decode, encode, number, records, words

LARGEST = 32 << 20
CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A batch by uuids: the records in the order asked for, and the uuids that Connectra does not have."""

    records: tuple[Record, ...]
    missing: tuple[str, ...]


class Client:
    """Connections to one Connectra. Every call names the endpoint that it is made for."""

    def __init__(self, url: str, api_key: str, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._key = api_key
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def by_uuid(self, entity: str, uuid: str, *, populate: bool = False, endpoint: str = "") -> Record | None:
        """The record, or None when Connectra has none. Raises ConnectraError, Misread for another record."""
        query = Query(entity, (Keyword("uuid", (uuid,)),), limit=1, populate=populate)
        found = await self.search(query, endpoint)
        if not found:
            return None
        if found[0].get("uuid") != uuid:
            raise Misread("the record is not the one that was asked for")
        return found[0]

    async def by_uuids(self, entity: str, uuids: Sequence[str], *, populate: bool = False, endpoint: str = "") -> Found:
        """Many records, asked for in chunks, in the order of `uuids`. Raises ConnectraError."""
        wanted = tuple(dict.fromkeys(uuids))
        have: dict[str, Record] = {}
        for start in range(0, len(wanted), MOST):
            chunk = wanted[start : start + MOST]
            query = Query(entity, (Keyword("uuid", chunk),), limit=len(chunk), populate=populate)
            for record in await self.search(query, endpoint):
                uuid = record.get("uuid")
                if uuid not in chunk:
                    raise Misread("a record is none of those that were asked for")
                have[str(uuid)] = record
        missing = tuple(uuid for uuid in wanted if uuid not in have)
        return Found(tuple(have[uuid] for uuid in wanted if uuid in have), missing)

    async def search(self, query: Query, endpoint: str = "") -> list[Record]:
        """The records of one page. Raises ConnectraError."""
        return records(decode(await self._post(f"/{query.entity}/", encode(query), endpoint)))

    async def count(self, query: Query, endpoint: str = "") -> int:
        """How many the index holds; a count is blind to rows that a search would drop. Raises ConnectraError."""
        return number(decode(await self._post(f"/{query.entity}/count", encode(query), endpoint)))

    async def health(self) -> None:
        """Raises ConnectraError unless the service lives; it says nothing of what is behind it."""
        await self._once("GET", "/health", None, "")

    async def close(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, path: str, body: bytes, endpoint: str) -> bytes:
        try:
            return await self._once("POST", path, body, endpoint)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
            pass  # a kept connection that had been closed: searches and counts change nothing, so once more
        try:
            return await self._once("POST", path, body, endpoint)
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"Connectra can not be reached: {error}") from error

    async def _once(self, method: str, path: str, body: bytes | None, endpoint: str) -> bytes:
        fields = {"X-API-Key": self._key, "Content-Type": "application/json"}
        if endpoint:
            fields["X-Crossfade-Endpoint"] = endpoint
        try:
            async with self._ready().request(
                method, self._url + path, data=body, headers=fields, allow_redirects=False
            ) as answer:
                text = await answer.content.read(LARGEST)
                if not answer.content.at_eof():
                    text += await answer.read()
        except TimeoutError as error:
            raise Unavailable("Connectra did not answer in time") from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            raise
        except aiohttp.ClientError as error:
            raise Misread(f"the answer is not whole: {type(error).__name__}") from error
        if answer.status != 200:
            raise _refusal(answer.status, text)
        return text

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._session


def _refusal(status: int, body: bytes) -> ConnectraError:
    """404 on a route that is known is another version of the service, never a record that is not found."""
    said = words(body, status)
    if status == 429 or status >= 500:
        return Unavailable(f"Connectra answered {status}: {said}")
    return RefusedByIt(f"Connectra answered {status}: {said}")
