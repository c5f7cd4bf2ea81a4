"""Jobs: created and listed. Nothing runs them, as when no runner process is started."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from lab.connectra import gotime
from lab.connectra.errors import BadRequest
from lab.connectra.gojson import Pairs
from lab.connectra.outages import Outages

_DEFAULT_LIMIT, _MAX_LIMIT = 25, 100
_REQUIRED = "Key: 'CreateJobRequest.{0}' Error:Field validation for '{0}' failed on the 'required' tag"


class Jobs:
    """The rows of `jobs`."""

    def __init__(self, outages: Outages) -> None:
        self.outages = outages
        self._rows: list[dict[str, Any]] = []

    def create(self, request: dict[str, Any] | None, parsed: Any) -> None:
        """Raises BadRequest for missing fields and a negative retry_count, DatabaseLost. JSON null is data."""
        request = request or {}
        sent = {key.lower() for key, _ in parsed} if isinstance(parsed, Pairs) else set()
        missing = [
            _REQUIRED.format(name)
            for name, there in (("JobType", request.get("job_type")), ("JobData", "job_data" in sent))
            if not there
        ]
        if missing:
            raise BadRequest("\n".join(missing))
        if (request.get("retry_count") or 0) < 0:
            raise BadRequest(
                "ERR_INVALID_RETRY_COUNT: 'retry_count' must be a non-negative integer; "
                "use 0 for no retries or a positive number for retry attempts"
            )
        self.outages.ask_database()
        now = gotime.to_json(datetime.now(UTC))
        self._rows.append(
            {
                "id": len(self._rows) + 1, "uuid": str(uuid.uuid4()), "job_type": request["job_type"],
                "data": request.get("job_data"), "status": "open", "job_response": {},
                "retry_count": request.get("retry_count") or 0, "retry_interval": 30, "run_after": None,
                "created_at": now, "updated_at": now,
            }
        )

    def listed(self, request: dict[str, Any] | None) -> list[dict[str, Any]] | None:
        """None when there are none. Raises BadRequest for a limit out of range, DatabaseLost."""
        request = request or {}
        limit = request.get("limit") or 0
        if limit < 0:
            raise BadRequest("ERR_INVALID_LIMIT: 'limit' must be a positive integer; omit it for the default")
        if limit > _MAX_LIMIT:
            raise BadRequest(
                "ERR_LIMIT_TOO_HIGH: 'limit' exceeds the maximum of 100 records per request; "
                "reduce the value or use pagination"
            )
        self.outages.ask_database()
        kind, states = request.get("job_type") or "", request.get("status") or ()
        found = [
            row for row in self._rows
            if (not kind or row["job_type"] == kind) and (not states or row["status"] in states)
        ]
        return found[: limit or _DEFAULT_LIMIT] or None
