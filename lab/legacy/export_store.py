"""Rows of `user_exports`: created, moved through their life cycle, found again (contract §7.3)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from lab.legacy.parameters import ExportFilters
from lab.legacy.records import columns
from lab.legacy.sql import Where
from lab.legacy.state import Lab
from lab.legacy.tokens import encode

LIFETIME = timedelta(hours=24)
STATUSES = ("pending", "processing", "completed", "failed", "cancelled")
TYPES = ("contacts", "companies", "emails")
DEFAULT_ROWS = 100
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Export:
    """A row."""

    export_id: str
    user_id: str
    export_type: str
    file_path: str | None
    file_name: str | None
    contact_count: int
    contact_uuids: list[str] | None
    company_count: int
    company_uuids: list[str] | None
    linkedin_urls: list[str] | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    download_url: str | None
    records_processed: int | None
    total_records: int | None
    progress_percentage: float | None
    estimated_time_remaining: int | None
    error_message: str | None


_COLUMNS = columns(Export, "e")
LISTED = tuple(field.name for field in fields(Export))[:14]
"""What the list shows of an export, in this order."""


@dataclass(frozen=True, slots=True)
class NewExport:
    """What an export is made of; `total` is the number of records it will process."""

    user: str
    kind: str
    total: int
    contact_uuids: Sequence[str] | None = None
    company_uuids: Sequence[str] | None = None
    linkedin_urls: Sequence[str] | None = None
    contact_count: int = 0
    company_count: int = 0
    email_json: str | None = None


async def create(lab: Lab, new: NewExport) -> Export:
    """Writes a pending export."""
    row = await lab.pool.fetchrow(
        f"""INSERT INTO user_exports AS e (export_id, user_id, export_type, contact_uuids, company_uuids, linkedin_urls,
                contact_count, company_count, total_records, email_contacts_json, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING {_COLUMNS}""",
        str(uuid4()),
        new.user,
        new.kind,
        new.contact_uuids,
        new.company_uuids,
        new.linkedin_urls,
        new.contact_count,
        new.company_count,
        new.total,
        new.email_json,
        datetime.now(UTC) + LIFETIME,
    )
    assert row is not None
    return Export(*row)


async def find(lab: Lab, export_id: str, user: str) -> Export | None:
    """A user's own export."""
    query = f"SELECT {_COLUMNS} FROM user_exports e WHERE e.export_id = $1 AND e.user_id = $2"
    row = await lab.pool.fetchrow(query, export_id, user)
    return None if row is None else Export(*row)


async def many(lab: Lab, export_ids: Sequence[str]) -> list[Export]:
    """Exports in the order of their creation."""
    query = f"SELECT {_COLUMNS} FROM user_exports e WHERE e.export_id = ANY ($1::text[]) ORDER BY e.id"
    return [Export(*row) for row in await lab.pool.fetch(query, list(export_ids))]


async def listed(lab: Lab, user: str, filters: ExportFilters) -> list[Export]:
    """A user's exports, the newest first; unknown words in a filter are no filter."""
    where = Where()
    where.add(f"e.user_id = {where.bind(user)}")
    if filters.status and filters.status.lower() in STATUSES:
        where.add(f"e.status = {where.bind(filters.status.lower())}")
    if filters.export_type and filters.export_type.lower() in TYPES:
        where.add(f"e.export_type = {where.bind(filters.export_type.lower())}")
    if filters.user_id:
        where.add(f"e.user_id = {where.bind(filters.user_id)}")
    where.within("e.created_at AT TIME ZONE 'UTC'", filters.created_at_after, filters.created_at_before)
    rows = DEFAULT_ROWS if filters.page_size is None else min(filters.page_size, MOST_ROWS)
    limit = where.bind(rows)
    query = f"SELECT {_COLUMNS} FROM user_exports e {where.text()} ORDER BY e.created_at DESC, e.id DESC LIMIT {limit}"
    return [Export(*row) for row in await lab.pool.fetch(query, *where.parameters)]


async def status_of(lab: Lab, export_id: str) -> str | None:
    """The status now; None when the row is gone."""
    status = await lab.pool.fetchval("SELECT status::text FROM user_exports WHERE export_id = $1", export_id)
    return None if status is None else str(status)


async def set_status(lab: Lab, export_id: str, status: str, error: str | None = None) -> None:
    """Moves an export on; an error message stays if none is given."""
    await lab.pool.execute(
        "UPDATE user_exports SET status = $2, error_message = coalesce($3, error_message) WHERE export_id = $1",
        export_id,
        status,
        error,
    )


async def set_progress(lab: Lab, export_id: str, done: int, total: int, started: float) -> None:
    """Records processed, their share, and how long the rest will take at this rate (seconds). `started`: monotonic."""
    elapsed = time.monotonic() - started
    remaining = int((total - done) / (done / elapsed)) if done > 0 and elapsed > 0 else None
    await lab.pool.execute(
        """UPDATE user_exports SET records_processed = $2, total_records = $3, progress_percentage = $4,
               estimated_time_remaining = $5 WHERE export_id = $1""",
        export_id,
        done,
        total,
        done / total * 100 if total > 0 else 0.0,
        remaining,
    )


async def complete(lab: Lab, export_id: str, path: Path, **counts: int) -> None:
    """File, token, URL and a new day to fetch it in. `counts`: contact_count, company_count."""
    expires = datetime.now(UTC) + LIFETIME
    owner = await lab.pool.fetchval("SELECT user_id FROM user_exports WHERE export_id = $1", export_id)
    token = download_token(lab, export_id, owner, expires)
    await lab.pool.execute(
        """UPDATE user_exports SET file_path = $2, file_name = $3, status = 'completed', expires_at = $4,
               download_token = $5, download_url = $6, contact_count = coalesce($7, contact_count),
               company_count = coalesce($8, company_count) WHERE export_id = $1""",
        export_id,
        str(path),
        path.name,
        expires,
        token,
        download_url(lab, export_id, token),
        counts.get("contact_count"),
        counts.get("company_count"),
    )


def download_token(lab: Lab, export_id: str, user: str, expires: datetime) -> str:
    """What allows a download until `expires` (whole seconds)."""
    claims: dict[str, Any] = {"export_id": export_id, "user_id": user, "exp": int(expires.timestamp())}
    return encode({**claims, "type": "export_download"}, lab.options.secret)


def download_url(lab: Lab, export_id: str, token: str) -> str:
    """Absolute."""
    return f"{lab.base_url.rstrip('/')}/api/v2/exports/{export_id}/download?token={token}"
