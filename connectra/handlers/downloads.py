"""GET /api/v2/exports/{export_id}/download: the CSV of a completed export, made from Connectra (legacy-api.md §7.4).

Legacy makes the file when the export is ordered and gives that file out; here it is made anew from the same ids, and is
as new as Connectra is. Whatever legacy would refuse is declined: it refuses in its own words.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import jwt

from connectra.asked import Asked
from connectra.client import Client
from connectra.errors import Declined
from connectra.export_records import Export, Exports, Kind
from connectra.export_rows import (
    COMPANY_COLUMNS,
    COMPANY_MISSING,
    CONTACT_COLUMNS,
    CONTACT_MISSING,
    company_lines,
    company_row,
    contact_lines,
    contact_row,
)
from connectra.handlers.base import Given, Rows
from connectra.vql import MOST

AGE = 900.0
"""Seconds since its completion after which an export is legacy's alone: its file is a picture of that moment, and the
records go on. Young ones differ by what was written meanwhile, and each such difference is reported."""
MOST_IDS = 200_000
"""Of one export; legacy has no limit."""
AHEAD = 4
"""Chunks of MOST records that are asked for side by side, and held."""
PIECE = 50
"""Rows that are written at once: a few milliseconds of work."""
FILTERS = ("status", "export_type", "user_id", "created_at_after", "created_at_before", "page", "page_size")
"""What legacy reads on every export endpoint, and refuses if it is wrong, before it looks at the caller (§7.1)."""
_LIMITING = ("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
"""They speak of legacy's file, whose times and tags are not known here."""


class Downloads:
    """The handler. `secret` is that of legacy's tokens; older exports than `age` seconds are declined."""

    def __init__(self, exports: Exports, secret: str | None, age: float = AGE) -> None:
        self._exports = exports
        self._secret = secret
        self._age = age

    async def __call__(self, client: Client, asked: Asked) -> Given:
        """The file's beginning, and how to get the rest. Raises Declined, ConnectraError."""
        for name in FILTERS:
            if asked.last(name) is not None:
                raise Declined(f"parameter {name}")
        for name in _LIMITING:
            if asked.headers.get(name) is not None:
                raise Declined(f"{name}: only legacy has the file")
        export_id = asked.params["export_id"]
        check_token(asked.last("token"), self._secret, export_id, asked.user)
        kind = downloadable(await self._exports.own(export_id, asked.user), self._age)
        rest = self._pieces(client, export_id, kind, asked.endpoint)
        first = await anext(rest)  # before the head goes out: what fails here is still an answer of its own
        missing = CONTACT_MISSING if kind == "contacts" else COMPANY_MISSING
        return Given(200, None, tuple(f"[].{name}" for name in missing), rows=Rows(f"{export_id}.csv", first, rest))

    async def _pieces(self, client: Client, export_id: str, kind: Kind, endpoint: str) -> AsyncGenerator[bytes, None]:
        """The header with the first records, then the rest in the order of the ids; unknown ids are skipped."""
        of, lines = (contact_row, contact_lines) if kind == "contacts" else (company_row, company_lines)
        head = lines([CONTACT_COLUMNS if kind == "contacts" else COMPANY_COLUMNS])
        async with aclosing(self._exports.ids(export_id, kind, MOST * AHEAD)) as batches:
            async for ids in batches:
                found = await client.by_uuids(kind, ids, populate=kind == "contacts", endpoint=endpoint)
                known = {record["uuid"]: record for record in found.records}
                records = [known[uuid] for uuid in ids if uuid in known]
                for start in range(0, len(records), PIECE):
                    yield head + lines(of(record) for record in records[start : start + PIECE])
                    head = b""
        if head:
            yield head


def check_token(token: str | None, secret: str | None, export_id: str, user: str) -> None:
    """Raises Declined unless the token allows this user this download now (§7.4)."""
    if not token or not secret:
        raise Declined("no download token")
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_aud": False, "verify_sub": False})
    except (jwt.PyJWTError, UnicodeEncodeError) as error:
        raise Declined(f"download token: {type(error).__name__}") from error
    if claims.get("type") != "export_download":
        raise Declined("download token: of another type")
    if claims.get("export_id") != export_id or claims.get("user_id") != user:
        raise Declined("download token: of another export or user")


def downloadable(export: Export | None, age: float = AGE) -> Kind:
    """What the rows of an export are. Raises Declined for one that legacy refuses, or that is not made here."""
    if export is None:
        raise Declined("no such export of this user")
    if export.expired:
        raise Declined("the export has expired")
    if export.status != "completed" or not export.filed:
        raise Declined("the export is not ready")
    if export.emails or export.kind == "emails":
        raise Declined("e-mail export: its addresses are found by legacy's own search")
    if export.linkedin:
        raise Declined("LinkedIn export: its 50 columns are found by legacy's own search")
    if export.file_name != f"{export.export_id}.csv":
        raise Declined("the file has a name of its own")
    if export.age > age:
        raise Declined(f"the export is older than {age:g} s")
    ids = {"contacts": export.contacts, "companies": export.companies}.get(export.kind, 0)
    if not 0 < ids <= MOST_IDS:
        raise Declined(f"the export has no ids, or more than {MOST_IDS:,}")
    return "contacts" if export.kind == "contacts" else "companies"
