"""The background tasks of exports: contacts, companies, LinkedIn, and merging chunks (contract §7.3 to §7.5)."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Self

from lab.legacy import effects
from lab.legacy import export_store as store
from lab.legacy.csv_rows import (
    COMPANY_HEADER,
    CONTACT_HEADER,
    LINKEDIN_HEADER,
    company_row,
    contact_lines,
    contact_row,
    excel_lines,
)
from lab.legacy.linkedin import find_many
from lab.legacy.quirks import Quirk
from lab.legacy.records import FIRM_COLUMNS, FIRM_JOINS, PERSON_COLUMNS, PERSON_JOINS, Firm, Person, firm, person
from lab.legacy.state import Lab

log = logging.getLogger("lab.legacy.exports")

BATCH = 1000
MERGE_ATTEMPTS = 60
_PEOPLE = f"SELECT {PERSON_COLUMNS} FROM contacts c {PERSON_JOINS} WHERE c.uuid = ANY ($1::text[])"
_FIRMS = f"SELECT {FIRM_COLUMNS} FROM companies co {FIRM_JOINS} WHERE co.uuid = ANY ($1::text[])"


async def export_contacts(lab: Lab, export_id: str, uuids: Sequence[str]) -> None:
    """Writes the contact CSV: the ids in request order, repeated ones repeated, unknown ones skipped."""
    async with Task(lab, export_id, len(uuids)) as task:
        if not await task.begin():
            return
        await write(task.path, contact_lines([CONTACT_HEADER]))
        async for people in _people(lab, uuids):
            literal = Quirk.CSV_NONE in lab.quirks
            await append(task.path, contact_lines(contact_row(each, literal_none=literal) for each in people))
        await task.complete(contact_count=len(uuids))


async def export_companies(lab: Lab, export_id: str, uuids: Sequence[str]) -> None:
    """Writes the company CSV."""
    async with Task(lab, export_id, len(uuids)) as task:
        if not await task.begin():
            return
        await write(task.path, excel_lines([COMPANY_HEADER]))
        async for firms in _firms(lab, uuids):
            await append(task.path, excel_lines(company_row(each) for each in firms))
        await task.complete(company_count=len(uuids))


async def export_linkedin(lab: Lab, export_id: str, urls: Sequence[str], activity: int | None) -> None:
    """Writes contacts, companies and URLs not found in one CSV of 50 columns."""
    async with Task(lab, export_id, len(urls)) as task:
        people, companies, unmatched = await find_many(lab, urls)
        task.total = len(people) + len(companies) + len(unmatched)
        if not await task.begin():
            return
        await write(task.path, excel_lines([LINKEDIN_HEADER]))
        async for found in _people(lab, people):
            await append(task.path, excel_lines(_linkedin_contact(each) for each in found))
        async for firms in _firms(lab, companies):
            await append(task.path, excel_lines(_linkedin_company(each) for each in firms))
        blank = [""] * len(CONTACT_HEADER)
        await append(task.path, excel_lines(["not_found", url, *blank] for url in unmatched))
        await task.complete(contact_count=len(people), company_count=len(companies))
        if activity is not None:
            counts = {"contacts": len(people), "companies": len(companies), "unmatched": len(unmatched)}
            summary = {"export_id": export_id, "status": "completed", **counts}
            await effects.finish(lab.pool, activity, "success", len(people) + len(companies), summary)


async def merge_chunks(lab: Lab, main_id: str, chunk_ids: Sequence[str]) -> None:
    """Waits until all chunks are complete and joins their CSVs under the first header."""
    for attempt in range(MERGE_ATTEMPTS):
        if attempt:
            await asyncio.sleep(lab.options.merge_interval)
        if await store.status_of(lab, main_id) in (None, "cancelled"):
            return
        chunks = await store.many(lab, chunk_ids)
        failed = sum(chunk.status == "failed" for chunk in chunks)
        if failed:
            await store.set_status(lab, main_id, "failed", f"{failed} chunk export(s) failed")
            return
        if sum(chunk.status == "completed" for chunk in chunks) == len(chunk_ids):
            await _merge(lab, main_id, chunks)
            return
    await store.set_status(lab, main_id, "failed", "Timeout waiting for chunk exports to complete")


async def _merge(lab: Lab, main_id: str, chunks: Sequence[store.Export]) -> None:
    await store.set_status(lab, main_id, "processing")
    path = lab.exports / f"{main_id}.csv"
    files = [Path(chunk.file_path) for chunk in chunks if chunk.file_path]
    try:
        await asyncio.to_thread(_join_files, path, files)
    except (OSError, ValueError) as error:
        await store.set_status(lab, main_id, "failed", f"Merge failed: {error}")
        return
    await store.complete(lab, main_id, path, contact_count=sum(chunk.contact_count for chunk in chunks))


def _join_files(path: Path, files: Sequence[Path]) -> None:
    rows: list[list[str]] = []
    for file in files:
        if file.exists():
            read = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline="")))
            rows += read[1:] if rows else read
    if not rows:
        raise ValueError("No data rows found in chunk exports to merge")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(excel_lines(rows), encoding="utf-8", newline="")


class Task:
    """The life cycle around a task: processing, progress, complete; failed when it raises."""

    def __init__(self, lab: Lab, export_id: str, total: int) -> None:
        self.total = total
        self.path = lab.exports / f"{export_id}.csv"
        self._lab = lab
        self._id = export_id
        self._started = time.monotonic()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        log.warning("export %s failed: %r", self._id, error)
        await store.set_status(self._lab, self._id, "failed", str(error))
        return True

    async def begin(self) -> bool:
        """Marks it as processing; False when it was cancelled."""
        if await store.status_of(self._lab, self._id) in (None, "cancelled"):
            return False
        await store.set_status(self._lab, self._id, "processing")
        await self.progress(0)
        return await store.status_of(self._lab, self._id) != "cancelled"

    async def progress(self, done: int) -> None:
        """Tells how far it is."""
        await store.set_progress(self._lab, self._id, done, self.total, self._started)

    async def complete(self, **counts: int) -> None:
        """All done. A cancellation in the meantime is overwritten, as in the original."""
        await self.progress(self.total)
        await store.complete(self._lab, self._id, self.path, **counts)


async def write(path: Path, text: str) -> None:
    """A new file, with its folder."""
    await asyncio.to_thread(_put, path, text, "w")


async def append(path: Path, text: str) -> None:
    """More of it."""
    await asyncio.to_thread(_put, path, text, "a")


def _put(path: Path, text: str, mode: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode, encoding="utf-8", newline="") as file:
        file.write(text)


def _batches(uuids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(uuids), BATCH):
        yield uuids[start : start + BATCH]


async def _people(lab: Lab, uuids: Sequence[str]) -> AsyncIterator[list[Person]]:
    for batch in _batches(uuids):
        rows = await lab.pool.fetch(_PEOPLE, list(batch))
        known = {each.contact.uuid: each for each in map(person, rows)}
        yield [known[uuid] for uuid in batch if uuid in known]


async def _firms(lab: Lab, uuids: Sequence[str]) -> AsyncIterator[list[Firm]]:
    for batch in _batches(uuids):
        rows = await lab.pool.fetch(_FIRMS, list(batch))
        known = {each.company.uuid: each for each in map(firm, rows)}
        yield [known[uuid] for uuid in batch if uuid in known]


def _linkedin_contact(one: Person) -> list[str]:
    url = one.metadata.linkedin_url if one.metadata else None
    return ["contact", "" if url in (None, "_") else str(url), *contact_row(one, literal_none=False)]


def _linkedin_company(one: Firm) -> list[str]:
    url = one.metadata.linkedin_url if one.metadata else None
    contact = [""] * (len(CONTACT_HEADER) - len(COMPANY_HEADER))
    return ["company", "" if url in (None, "_") else str(url), *contact, *company_row(one)]
