"""Values as people write them in rollout.yaml: durations, rates, sizes, percents. Each raises ValueError in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from rollout.model import FULL

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)?")
_BYTES = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*s")

Unit = Callable[[Any], Any]


def duration(value: Any) -> float:
    """`500ms`, `30s`, `10m`, `24h`, `14d` → seconds."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration with its unit: 500ms, 30s, 10m, 24h or 14d")
    return float(found.group(1)) * _SECONDS[found.group(2)]


def size(value: Any) -> int:
    """`1MiB`, `64KiB` → bytes."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a size with its unit: 64KiB, 1MiB or 1GiB")
    return int(found.group(1)) * _BYTES[found.group(2)]


def rate(value: Any) -> float:
    """`200/s` → per second."""
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a rate: 200/s")
    return float(found.group(1))


def hundredths(value: Any) -> int:
    """A percent from 0 to 100 in steps of 0.01, with or without its sign → hundredths."""
    text = value.removesuffix("%").strip() if isinstance(value, str) else value
    if isinstance(text, bool) or text is None:
        raise ValueError("a percent from 0 to 100, in steps of 0.01")
    try:
        found = Decimal(str(text)) * 100
    except InvalidOperation:
        raise ValueError("a percent from 0 to 100, in steps of 0.01") from None
    if not found.is_finite() or not 0 <= found <= FULL or found != found.to_integral_value():
        raise ValueError("a percent from 0 to 100, in steps of 0.01")
    return int(found)


def share(value: Any) -> float:
    """`0.5%` → 0.005. The sign is needed: 0.5 alone might be half."""
    if not isinstance(value, str) or not value.endswith("%"):
        raise ValueError("a percentage with its sign: 0.5%")
    try:
        found = float(value[:-1])
    except ValueError:
        raise ValueError("a percentage with its sign: 0.5%") from None
    if not 0.0 <= found <= 100.0:
        raise ValueError("a percentage from 0% to 100%")
    return found / 100.0


def limit(value: Any) -> float | None:
    """A gate's limit: a percentage above 0%, or `none`, which removes the gate."""
    if value == "none":
        return None
    found = share(value)
    if not 0.0 < found < 1.0:
        raise ValueError("a percentage above 0% and below 100%, or `none` to remove the gate")
    return found


def ratio(value: Any) -> float | None:
    """A latency ratio above 1 (1.20 is 20 % slower), or `none`, which removes the gate."""
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1.0 <= value <= 100.0:
        raise ValueError("a ratio of at least 1, e.g. 1.20 for 20 % slower, or `none` to remove the gate")
    return float(value)


def alpha(value: Any) -> float:
    """A probability of error between 0 and 0.5."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < 0.5:
        raise ValueError("a probability between 0 and 0.5, e.g. 0.05")
    return float(value)


def lag(value: Any) -> float | None:
    """The greatest p99 of lag, or `none`."""
    return None if value == "none" else duration(value)


def whole(value: Any) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number, 0 or more")
    return value


def yes(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def words(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("a list of texts")
    return tuple(value)


def durations(value: Any) -> tuple[float, ...]:
    """A list of durations, growing."""
    if not isinstance(value, list):
        raise ValueError("a list of durations: [2s, 8s]")
    found = tuple(duration(one) for one in value)
    if list(found) != sorted(set(found)):
        raise ValueError("durations that grow: [2s, 8s]")
    return found


def ladder(value: Any) -> tuple[int, ...]:
    """Percents above 0, growing → hundredths."""
    if not isinstance(value, list) or not value:
        raise ValueError("a list of percents that grow: [1, 5, 25, 50, 100]")
    found = tuple(hundredths(one) for one in value)
    if list(found) != sorted(set(found)) or found[0] == 0:
        raise ValueError("percents above 0 that grow: [1, 5, 25, 50, 100]")
    return found


def url(value: Any) -> str:
    """`http://HOST:PORT` or https, without query."""
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address: http://HOST:PORT")
    try:
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError("an address with a port from 1 to 65535") from None
    return str(value).rstrip("/")


def serve_deadline(value: Any) -> float | None:
    """A duration, or `legacy_p99`."""
    return None if value == "legacy_p99" else duration(value)


def secret(value: Any) -> str:
    """A text; numbers are taken as they are written."""
    return "" if value is None else str(value)
