"""Times as Go reads and writes them in JSON, with PostgreSQL's microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from lab.connectra.errors import BadRequest

_LAYOUT = "2006-01-02T15:04:05Z07:00"
_PARTS = (
    (re.compile(r"\d{4}"), "2006"),
    (re.compile("-"), "-"),
    (re.compile(r"0[1-9]|1[0-2]"), "01"),
    (re.compile("-"), "-"),
    (re.compile(r"0[1-9]|[12]\d|3[01]"), "02"),
    (re.compile("T"), "T"),
    (re.compile(r"[01]\d|2[0-3]"), "15"),
    (re.compile(":"), ":"),
    (re.compile(r"[0-5]\d"), "04"),
    (re.compile(":"), ":"),
    (re.compile(r"[0-5]\d"), "05"),
    (re.compile(r"(?:[.,]\d+)?"), ""),
    (re.compile(r"Z|[+-](?:[01]\d|2[0-3]):[0-5]\d"), "Z07:00"),
)


def from_json(value: Any) -> datetime:
    """A time of a request. Raises BadRequest with Go's text for anything but RFC 3339 with a zone."""
    if type(value) is not str:
        raise BadRequest("Time.UnmarshalJSON: input is not a JSON string")
    at = 0
    found: list[str] = []
    for pattern, layout in _PARTS:
        match = pattern.match(value, at)
        if match is None:
            raise BadRequest(f'parsing time "{value}" as "{_LAYOUT}": cannot parse "{value[at:]}" as "{layout}"')
        found.append(match.group())
        at = match.end()
    if at < len(value):
        raise BadRequest(f'parsing time "{value}": extra text: "{value[at:]}"')
    return _built(value, found)


def _built(value: str, found: list[str]) -> datetime:
    year, month, day, hour, minute, second = (int(found[index]) for index in (0, 2, 4, 6, 8, 10))
    zone = found[12]
    offset = timedelta()
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    try:
        whole = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        raise BadRequest(f'parsing time "{value}": day out of range') from None
    fraction = found[11][1:]
    micros = round(Decimal(f"0.{fraction}") * 1_000_000) if fraction else 0
    return (whole + timedelta(microseconds=micros)).astimezone(UTC)


def to_json(moment: datetime) -> str:
    """RFC 3339 in UTC, fraction without trailing zeros. A naive time counts as UTC."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    text = utc.strftime("%Y-%m-%dT%H:%M:%S") if utc.year >= 1000 else utc.isoformat(timespec="seconds")[:19]
    return text + (f".{utc.microsecond:06d}".rstrip("0") if utc.microsecond else "") + "Z"
