"""The export endpoints: create, status, list, cancel, delete files, download (contract §7)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from lab.legacy import export_store as store
from lab.legacy.bodies import Checks, ChunkedExport, CompanyExport, ContactExport, parsed, raw_body
from lab.legacy.effects import charge
from lab.legacy.export_store import LIFETIME, LISTED, Export, NewExport
from lab.legacy.export_tasks import export_companies, export_contacts, merge_chunks
from lab.legacy.http import Answer, Call, Crash, Failure, File, ok
from lab.legacy.jobs import Step, TooManyJobs
from lab.legacy.parameters import ExportFilters, read
from lab.legacy.quirks import Quirk
from lab.legacy.state import Lab

NOT_FOUND = "Export not found or access denied"
CSV = "text/csv; charset=utf-8"
_ADMINS = ("Admin", "SuperAdmin")
_DENIED = "You do not have permission to perform this action. Admin role required."


async def create_contacts(lab: Lab, call: Call) -> Answer:
    """POST /api/v2/exports/contacts/export"""
    body = await raw_body(call)
    read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    uuids = parsed(ContactExport, body).contact_uuids
    export = await _created(lab, _of_contacts(user.uuid, uuids), "Failed to create export")
    _start(lab, [partial(export_contacts, lab, export.export_id, uuids)], "Failed to create export")
    await charge(lab.pool, user.uuid, len(uuids))
    return ok({**_receipt(export), "contact_count": len(uuids), "status": export.status}, 201)


async def create_companies(lab: Lab, call: Call) -> Answer:
    """POST /api/v2/exports/companies/export"""
    body = await raw_body(call)
    read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    uuids = parsed(CompanyExport, body).company_uuids
    new = NewExport(user.uuid, "companies", len(uuids), company_uuids=uuids, company_count=len(uuids))
    export = await _created(lab, new, "Failed to create export")
    _start(lab, [partial(export_companies, lab, export.export_id, uuids)], "Failed to create export")
    await charge(lab.pool, user.uuid, len(uuids))
    return ok({**_receipt(export), "company_count": len(uuids), "status": export.status}, 201)


async def create_chunked(lab: Lab, call: Call) -> Answer:
    """POST /api/v2/exports/contacts/export/chunked: a main record and one export a chunk that is not empty."""
    body = await raw_body(call)
    read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    wanted = parsed(ChunkedExport, body)
    every = [uuid for chunk in wanted.chunks for uuid in chunk]
    if not every:
        raise Failure(400, "At least one contact UUID is required across all chunks")
    wrong = "Failed to create chunked export"
    main = await _created(lab, _of_contacts(user.uuid, every), wrong)
    steps: list[Step] = []
    ids = []
    for chunk in filter(None, wanted.chunks):
        part = await _created(lab, _of_contacts(user.uuid, chunk), wrong)
        ids.append(part.export_id)
        steps.append(partial(export_contacts, lab, part.export_id, chunk))
    if wanted.merge:
        steps.append(partial(merge_chunks, lab, main.export_id, ids))
    _start(lab, steps, wrong)
    await charge(lab.pool, user.uuid, len(every))
    answer = {"export_id": main.export_id, "chunk_ids": ids, "total_count": len(every), "status": main.status}
    return ok(answer, 201)


async def listing(lab: Lab, call: Call) -> Answer:
    """GET /api/v2/exports/"""
    filters = read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    try:
        exports = await store.listed(lab, user.uuid, filters)
    except (Crash, asyncpg.PostgresError, asyncpg.InterfaceError):
        raise Failure(500, "Failed to list exports") from None
    shown = [{name: getattr(export, name) for name in LISTED} for export in exports]
    return ok({"exports": shown, "total": len(shown)})


async def status(lab: Lab, call: Call) -> Answer:
    """GET /api/v2/exports/{export_id}/status"""
    export = await _own(lab, call, "Failed to get export status")
    progress = export.progress_percentage
    if progress is None and (export.total_records or 0) > 0:
        progress = (export.records_processed or 0) / (export.total_records or 1) * 100
    error = export.error_message or ("Export processing failed" if export.status == "failed" else None)
    return ok(
        {
            "export_id": export.export_id,
            "status": export.status,
            "progress_percentage": progress,
            "estimated_time": export.estimated_time_remaining,
            "error_message": error,
            "download_url": export.download_url,
            "expires_at": export.expires_at,
        }
    )


async def cancel(lab: Lab, call: Call) -> Answer:
    """DELETE /api/v2/exports/{export_id}/cancel"""
    export = await _own(lab, call, "Failed to cancel export")
    if export.status in ("completed", "failed"):
        raise Failure(400, f"Cannot cancel a {export.status} export")
    if export.status == "cancelled":
        return _cancelled("Export is already cancelled", export)
    await store.set_status(lab, export.export_id, "cancelled", "Export cancelled by user")
    return _cancelled("Export cancelled successfully", export)


async def delete_files(lab: Lab, call: Call) -> Answer:
    """DELETE /api/v2/exports/files — admins only."""
    user = await lab.users.authenticate(call, lab.pool)
    role = await lab.pool.fetchval("SELECT role FROM user_profiles WHERE user_id = $1", user.uuid)
    if role not in _ADMINS:
        raise Failure(403, _DENIED)
    deleted = await asyncio.to_thread(_delete, lab.exports)
    await lab.pool.execute("DELETE FROM user_exports WHERE expires_at < now()")
    return ok({"message": "CSV files deleted successfully", "deleted_count": deleted})


async def download(lab: Lab, call: Call) -> Answer:
    """GET /api/v2/exports/{export_id}/download?token="""
    read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    checks = Checks()
    token = checks.required(call, "token")
    checks.done()
    claims = lab.users.download(token)
    if claims is None:
        raise Failure(401, "Invalid or expired download token")
    export_id = call.params[0]
    if claims.get("export_id") != export_id or claims.get("user_id") != user.uuid:
        raise Failure(403, "Token does not match export or user")
    export = await store.find(lab, export_id, user.uuid)
    if export is None:
        raise Failure(404, NOT_FOUND)
    if export.expires_at is not None and export.expires_at < datetime.now(UTC):
        raise Failure(410, "Export has expired")
    if export.status != "completed":
        raise Failure(400, f"Export is not ready (status: ExportStatus.{export.status})")
    if not export.file_path:
        raise Failure(500, "Export file not found")
    if Quirk.RELATIVE_UPLOADS in lab.quirks:
        raise Failure(500, "Failed to download export file: S3_BUCKET_NAME is not configured")
    return await asyncio.to_thread(_file, Path(export.file_path), export.file_name or f"export_{export_id}.csv", call)


def _file(path: Path, name: str, call: Call) -> Answer:
    """A local file, or one range of it (RFC 9110 §14): several ranges at once are answered with all of it."""
    try:
        state = path.stat()
    except FileNotFoundError:
        raise Failure(404, "Export file not found") from None
    modified = formatdate(state.st_mtime, usegmt=True)
    etag = '"' + hashlib.md5(f"{state.st_mtime}-{state.st_size}".encode(), usedforsecurity=False).hexdigest() + '"'
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Accept-Ranges": "bytes",
        "Last-Modified": modified,
        "ETag": etag,
    }
    wanted = call.headers.get("Range")
    current = call.headers.get("If-Range") in (None, etag, modified)
    bounds = _range(wanted, state.st_size) if wanted and current else None
    if bounds is None:
        return Answer(200, File(str(path), 0, state.st_size), CSV, headers)
    first, last = bounds
    if first > last:
        return Answer(416, b"", "text/plain; charset=utf-8", {"Content-Range": f"*/{state.st_size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{state.st_size}"
    return Answer(206, File(str(path), first, last - first + 1), CSV, headers)


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range; first > last when nothing is in it; None to ignore the header."""
    unit, _, spec = text.partition("=")
    first, dash, last = (part.strip() for part in spec.partition("-"))
    if unit.strip().lower() != "bytes" or not dash or not (first + last).isdecimal():
        return None
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


async def _own(lab: Lab, call: Call, wrong: str) -> Export:
    """The caller's own export. Raises `Failure` 404, or 500 with `wrong` when it can not be read."""
    read(ExportFilters, call)
    user = await lab.users.authenticate(call, lab.pool)
    try:
        export = await store.find(lab, call.params[0], user.uuid)
    except (Crash, asyncpg.PostgresError, asyncpg.InterfaceError):
        raise Failure(500, wrong) from None
    if export is None:
        raise Failure(404, NOT_FOUND)
    return export


async def _created(lab: Lab, new: NewExport, wrong: str) -> Export:
    try:
        return await store.create(lab, new)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        raise Failure(500, wrong) from None


def _start(lab: Lab, steps: Sequence[Step], wrong: str) -> None:
    try:
        lab.jobs.add(steps)
    except TooManyJobs:
        raise Failure(500, wrong) from None


def _of_contacts(user: str, uuids: Sequence[str]) -> NewExport:
    return NewExport(user, "contacts", len(uuids), contact_uuids=uuids, contact_count=len(uuids))


def _receipt(export: Export) -> dict[str, Any]:
    return {"export_id": export.export_id, "download_url": "", "expires_at": export.created_at + LIFETIME}


def _cancelled(message: str, export: Export) -> Answer:
    return ok({"message": message, "export_id": export.export_id, "status": "cancelled"})


def _delete(folder: Path) -> int:
    files = list(folder.glob("*.csv"))
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
