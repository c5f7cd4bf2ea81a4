"""The client of Connectra: exact paths, one key, one deadline, one retry on a broken connection, nothing guessed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import aiohttp
import orjson

from connectra.errors import ConnectraError, Failed, Limited, Misread, RefusedByIt, TooMany, Unavailable, leading
from connectra.vocabulary import Vocabulary
from connectra.vql import MOST, REACH, Keyword, Query
from connectra.wire import Record, check_found, decode, encode, number, records, said

LARGEST = 32 << 20
"""Bytes of one answer: a page of 100 records with their companies is under 2 MiB."""
CONNECTIONS = 100
AT_ONCE = 4
"""Calls of one batch that run side by side."""
BROKEN = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)
"""What a kept connection ends in when the other side had closed it, and what a refused one does."""


@dataclass(frozen=True, slots=True)
class Found:
    """A batch by uuids: the records in the order asked for, and the uuids that Connectra does not have."""

    records: tuple[Record, ...]
    missing: tuple[str, ...]


class Client:
    """Connections to one Connectra. Every call names the endpoint that it is made for.

    `vocabulary` are the values that its table holds; what it remembers ages by `clock`.
    """

    def __init__(self, url: str, api_key: str, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url.rstrip("/")
        self._key = api_key
        self._seconds = timeout
        self._session: aiohttp.ClientSession | None = None
        self.vocabulary = Vocabulary(self, clock)

    async def by_uuid(self, entity: str, uuid: str, *, populate: bool = False, endpoint: str = "") -> Record | None:
        """The record, or None when Connectra has none. Raises ConnectraError, Misread for another record."""
        query = Query(entity, (Keyword("uuid", (uuid,)),), limit=1, populate=populate)
        found = await self.search(query, endpoint)
        return found[0] if found else None

    async def by_uuids(
        self,
        entity: str,
        uuids: Sequence[str],
        *,
        populate: bool = False,
        columns: tuple[str, ...] = (),
        endpoint: str = "",
    ) -> Found:
        """Many records, asked for in chunks, some at a time, in the order of `uuids`. Raises ConnectraError."""
        wanted = tuple(dict.fromkeys(uuids))
        queries = [
            Query(entity, (Keyword("uuid", chunk),), limit=len(chunk), populate=populate, columns=columns)
            for chunk in (wanted[start : start + MOST] for start in range(0, len(wanted), MOST))
        ]
        have = {record["uuid"]: record for page in await self._pages(queries, endpoint) for record in page}
        missing = tuple(uuid for uuid in wanted if uuid not in have)
        return Found(tuple(have[uuid] for uuid in wanted if uuid in have), missing)

    async def by_linkedin_urls(
        self, entity: str, urls: Sequence[str], *, populate: bool = False, endpoint: str = ""
    ) -> list[Record]:
        """All records that have one of these addresses, exactly as written. Raises ConnectraError, TooMany."""
        if not urls:
            return []
        condition = Keyword("linkedin_url", tuple(dict.fromkeys(urls)))
        return await self.collect(Query(entity, (condition,), populate=populate), MOST, endpoint)

    async def collect(self, query: Query, most: int, endpoint: str = "") -> list[Record]:
        """Every record of a query, by uuid; its paging is not read. Raises TooMany over `most`, ConnectraError.

        A page may lack hits whose rows are gone, so the count says how many pages there are, not a short page.
        """
        first = replace(query, order=("uuid",), limit=MOST, page=1)
        try:
            async with asyncio.TaskGroup() as both:
                counting = both.create_task(self.count(first, endpoint), name="count")
                reading = both.create_task(self.search(first, endpoint), name="first page")
        except ExceptionGroup as group:
            raise leading(group) from group
        count = counting.result()
        if len(reading.result()) > count:
            raise Misread("more records came than were counted")
        if count > min(most, REACH):
            raise TooMany(count)
        rest = [replace(first, page=page) for page in range(2, -(-count // MOST) + 1)]
        pages = [reading.result(), *await self._pages(rest, endpoint)]
        return list({record["uuid"]: record for page in pages for record in page}.values())

    async def filters(self, service: str) -> list[Record]:
        """The definitions of a service's filters (`contact` or `company`). Raises ConnectraError."""
        return records(decode(await self._call("GET", f"/common/{service}/filters", None, "")), nullable=True)

    async def filter_values(self, service: str, key: str, text: str, endpoint: str = "") -> list[str]:
        """At most MOST values of a filter that contain `text`, unordered, with repetitions. Raises ConnectraError."""
        body = orjson.dumps({"filter_key": key, "search_text": text, "page": 1, "limit": MOST})
        found = records(decode(await self._call("POST", f"/common/{service}/filters/data", body, endpoint)))
        values = [one.get("value") for one in found]
        if not all(isinstance(value, str) for value in values) or len(values) > MOST:
            raise Misread(f"the values of the filter {key} are no list of texts")
        return [value for value in values if isinstance(value, str)]

    async def search(self, query: Query, endpoint: str = "") -> list[Record]:
        """The records of one page, each of which meets the conditions. Raises ConnectraError."""
        found = records(decode(await self._call("POST", f"/{query.entity}/", encode(query), endpoint)))
        check_found(query, found)
        return found

    async def count(self, query: Query, endpoint: str = "") -> int:
        """How many the index holds; a count is blind to rows that a search would drop. Raises ConnectraError."""
        return number(decode(await self._call("POST", f"/{query.entity}/count", encode(query), endpoint)))

    async def health(self) -> None:
        """Raises ConnectraError unless the service lives; it says nothing of what is behind it."""
        decode(await self._call("GET", "/health", None, ""))

    async def close(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    async def _pages(self, queries: Sequence[Query], endpoint: str) -> list[list[Record]]:
        """Several searches, a few of them at a time."""
        room = asyncio.Semaphore(AT_ONCE)

        async def page(query: Query) -> list[Record]:
            async with room:
                return await self.search(query, endpoint)

        try:
            async with asyncio.TaskGroup() as tasks_of:
                tasks = [tasks_of.create_task(page(query), name="page") for query in queries]
        except ExceptionGroup as group:
            raise leading(group) from group
        return [task.result() for task in tasks]

    async def _call(self, method: str, path: str, body: bytes | None, endpoint: str) -> bytes:
        """One call under one deadline; asked once more when the connection broke: reading changes nothing."""
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    return await self._once(method, path, body, endpoint)
                except BROKEN:
                    return await self._once(method, path, body, endpoint)
        except TimeoutError as error:
            raise Unavailable(f"Connectra did not answer within {self._seconds:g} s") from error
        except BROKEN as error:
            raise Unavailable(f"Connectra can not be reached: {error}") from error
        except aiohttp.ClientError as error:
            raise Misread(f"the answer is not whole: {type(error).__name__}") from error

    async def _once(self, method: str, path: str, body: bytes | None, endpoint: str) -> bytes:
        # Not compressed: unpacking costs more than the few kilobytes on a local network, and a panic's empty answer
        # may still say gzip (connectra.md §1.3).
        fields = {"X-API-Key": self._key, "Content-Type": "application/json", "Accept-Encoding": "identity"}
        if endpoint:
            fields["X-Crossfade-Endpoint"] = endpoint
        url = self._url + path
        async with self._ready().request(method, url, data=body, headers=fields, allow_redirects=False) as answer:
            text = await _whole(answer)
        if answer.status != 200:
            raise _refusal(answer.status, text)
        return text

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30)
            forever = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the call's own deadline holds
            jar = aiohttp.DummyCookieJar()  # nothing of one caller's answer goes with another's question
            self._session = aiohttp.ClientSession(connector=connector, timeout=forever, cookie_jar=jar)
        return self._session


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > LARGEST:
            raise Misread(f"the answer is larger than {LARGEST >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int, body: bytes) -> ConnectraError:
    """404 on a route that is known is another version of the service, never a record that is not found."""
    text = said(body, status)
    kind = Limited if status == 429 else Failed if status >= 500 else RefusedByIt
    return kind(f"Connectra answered {status}: {text}")
