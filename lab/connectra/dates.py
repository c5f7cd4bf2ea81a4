"""Dates in queries: ISO 8601 of any precision, epoch milliseconds, date math, a few Java patterns. Milliseconds out."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

from lab.connectra.errors import EngineRefused

_ISO = re.compile(
    r"(?P<year>[+-]?\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?)?)?)?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d|[+-]\d\d)?\Z"
)
_MATH = re.compile(r"([+-])(\d*)([yMwdhHms])|/([yMwdhHms])")
_UNITS = ("year", "month", "day", "hour", "minute", "second")
_PATTERN = re.compile("yyyy|uuuu|MM|dd|HH|mm|ss|SSS|'[^']*'")
_GROUPS = {
    "yyyy": r"(?P<year>\d{4})", "uuuu": r"(?P<year>\d{4})", "MM": r"(?P<month>\d\d)", "dd": r"(?P<day>\d\d)",
    "HH": r"(?P<hour>\d\d)", "mm": r"(?P<minute>\d\d)", "ss": r"(?P<second>\d\d)", "SSS": r"(?P<fraction>\d{3})",
}
DEFAULT_FORMAT = "strict_date_optional_time||epoch_millis"


def milliseconds(text: str, now: datetime, *, up: bool, form: str = DEFAULT_FORMAT, zone: str = "Z") -> int:
    """The moment in epoch milliseconds; missing parts filled downwards, or upwards to the last millisecond (`up`).

    Raises EngineRefused for text that none of the formats reads.
    """
    if text.startswith("now"):
        return _epoch(_calculated(now, text[3:], text, form, up))
    base, bars, math = text.partition("||")
    for one in form.split("||"):
        try:
            found = _parsed(base, one, zone, up=up and not bars)
        except ValueError:
            found = None
        if found is not None:
            return found if not bars else _epoch(_calculated(_moment(found), math, text, form, up))
    raise _unreadable(text, form)


def _unreadable(text: str, form: str) -> EngineRefused:
    return EngineRefused(f"failed to parse date field [{text}] with format [{form}]")


def _moment(milli: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milli)


def _epoch(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _parsed(text: str, form: str, zone: str, *, up: bool) -> int | None:
    if form in ("epoch_millis", "epoch_second"):
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            return None
        return int(float(text) * (1000 if form == "epoch_second" else 1))
    pattern = _ISO if "date" in form else _translated(form)
    match = pattern.match(text)
    if match is None:
        return None
    parts = match.groupdict()
    values = [int(parts[unit]) if parts.get(unit) else None for unit in _UNITS]
    return _epoch(_filled(values, parts.get("fraction"), parts.get("zone") or zone, up))


def _translated(form: str) -> re.Pattern[str]:
    out, at = "", 0
    for match in _PATTERN.finditer(form):
        out += re.escape(form[at : match.start()]) + _GROUPS.get(match.group(), re.escape(match.group().strip("'")))
        at = match.end()
    rest = form[at:]
    if not out or re.search("[A-Za-z]", rest):
        raise EngineRefused(f"Invalid format: [{form}]")
    return re.compile(out + re.escape(rest) + r"\Z")


def _filled(values: list[int | None], fraction: str | None, zone: str, up: bool) -> datetime:
    year = values[0] if values[0] is not None else 1970
    month = values[1] if values[1] is not None else (12 if up else 1)
    day = values[2] if values[2] is not None else (monthrange(year, month)[1] if up else 1)
    hour, minute, second = (
        value if value is not None else high if up else 0 for value, high in zip(values[3:], (23, 59, 59), strict=True)
    )
    milli = int((fraction + "00")[:3]) if fraction else 999 if up else 0
    return datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=_zone(zone)).astimezone(UTC)


def _zone(text: str) -> timezone:
    if text in ("Z", "UTC"):
        return UTC
    match = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", text)
    if match is None:
        raise EngineRefused(f"[range] failed to parse field [time_zone]: unknown zone [{text}]")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)


def _calculated(moment: datetime, math: str, text: str, form: str, up: bool) -> datetime:
    at = 0
    for match in _MATH.finditer(math):
        if match.start() != at:
            raise _unreadable(text, form)
        at = match.end()
        if match[4]:
            moment = _rounded(moment, match[4], up)
        else:
            count = int(match[2] or 1) * (-1 if match[1] == "-" else 1)
            moment = _moved(moment, count, match[3])
    if at != len(math):
        raise _unreadable(text, form)
    return moment


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    if unit in "yM":
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    names = {"w": "weeks", "d": "days", "h": "hours", "H": "hours", "m": "minutes", "s": "seconds"}
    return moment + timedelta(**{names[unit]: count})


def _rounded(moment: datetime, unit: str, up: bool) -> datetime:
    start = moment.replace(microsecond=0)
    if unit != "s":
        start = start.replace(second=0)
    if unit not in "sm":
        start = start.replace(minute=0)
    if unit not in "smhH":
        start = start.replace(hour=0)
    if unit == "w":
        start -= timedelta(days=start.weekday())
    if unit in "yM":
        start = start.replace(month=1 if unit == "y" else start.month, day=1)
    return _moved(start, 1, unit) - timedelta(milliseconds=1) if up else start
