"""Exports as legacy's table `user_exports` has them (legacy-api.md §7.3, §7.4): read, never written.

The ids of an export are read a page at a time, so that the longest export takes no more memory than a short one. They
do not change once an export is made; a row that goes away meanwhile ends the reading with an error.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal

from connectra.database import Database
from connectra.errors import Declined

PAGE = 10_000
"""Ids that one question gives; for each, legacy's database reads the whole list: about 40 bytes an id."""
PAGE_DEADLINE = 10.0
"""Seconds for one page of ids."""
Kind = Literal["contacts", "companies"]
_IDS: dict[Kind, str] = {
    "contacts": "SELECT contact_uuids[$2:$3] AS ids FROM user_exports WHERE export_id = $1",
    "companies": "SELECT company_uuids[$2:$3] AS ids FROM user_exports WHERE export_id = $1",
}
_EXPORT = """SELECT export_type::text AS kind, status::text AS status, file_name, file_path IS NOT NULL AS filed,
    coalesce(expires_at < now(), false) AS expired, coalesce(cardinality(contact_uuids), 0) AS contacts,
    coalesce(cardinality(company_uuids), 0) AS companies, email_contacts_json IS NOT NULL AS emails,
    linkedin_urls IS NOT NULL OR linkedin_urls_json IS NOT NULL AS linkedin, extract(epoch FROM now() -
        CASE WHEN expires_at - interval '24 hours' BETWEEN created_at AND now() THEN expires_at - interval '24 hours'
        ELSE created_at END)::float8 AS age
    FROM user_exports WHERE export_id = $1 AND user_id = $2"""


@dataclass(frozen=True, slots=True)
class Export:
    """A user's own export. `kind` is legacy's word: contacts, companies or emails; the numbers are ids asked for.

    `age` is in seconds since it was completed: `expires_at` was then a day away (§7.3). Where that can not be, in a
    database in which exports live longer or shorter, it is in seconds since the order.
    """

    export_id: str
    kind: str
    status: str
    file_name: str | None
    filed: bool
    expired: bool
    contacts: int
    companies: int
    emails: bool
    linkedin: bool
    age: float


class Exports:
    """Legacy's exports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, export_id: str, user: str) -> Export | None:
        """The export, or None when there is none of this user's. Raises NotAsked."""
        row = await self._database.row(_EXPORT, export_id, user)
        return None if row is None else Export(export_id, **dict(row))

    async def ids(self, export_id: str, kind: Kind, step: int) -> AsyncGenerator[list[str], None]:
        """The ids in the order of the request, `step` at a time, repeated ones repeated. Raises Declined."""
        at = 1
        while True:
            row = await self._database.row(_IDS[kind], export_id, at, at + PAGE - 1, deadline=PAGE_DEADLINE)
            if row is None:
                raise Declined("the export is gone")
            ids = [one for one in row["ids"] or () if one]
            for start in range(0, len(ids), step):
                yield ids[start : start + step]
            if len(row["ids"] or ()) < PAGE:
                return
            at += PAGE
