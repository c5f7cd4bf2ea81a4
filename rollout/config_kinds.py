"""Kinds of values in rollout.yaml: text → value with its unit, or what is wrong and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from rollout.bucket import SOURCES
from rollout.source import Scalar
from rollout.template import TemplateError, compile_template

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Wrong(ValueError):
    """A value that can not be used. `suggestion` says what would be right."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of scalar. `name` is for the documentation, `schema` for editors."""

    name: str
    read: Callable[[Scalar], Any]
    schema: Mapping[str, Any] = field(default_factory=dict)


def _pattern(pattern: str, *more: Mapping[str, Any]) -> dict[str, Any]:
    variable = {"type": "string", "pattern": r"\$\{.*\}"}
    return {"anyOf": [{"type": "string", "pattern": f"^(?:{pattern})$"}, *more, variable]}


def duration(least: float = 0.0, most: float = 366 * 86_400.0) -> Kind:
    """Seconds, from `500ms`, `30s`, `10m`, `24h` or `14d`."""

    def read(scalar: Scalar) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", scalar.text)
        if found is None:
            number = re.fullmatch(r"\d+(\.\d+)?", scalar.text)
            hint = f"write {scalar.text}s if seconds are meant" if number else "write e.g. 500ms, 30s, 10m, 24h or 14d"
            raise Wrong(f"`{scalar.raw}` is no duration", hint)
        seconds = float(Decimal(found[1]) * Decimal(str(UNITS[found[2]])))
        if not least <= seconds <= most:
            raise Wrong(f"`{scalar.raw}` is out of range", f"from {_spoken(least)} to {_spoken(most)}")
        return seconds

    return Kind("duration", read, _pattern(r"\d+(\.\d+)?\s*(ms|s|m|h|d)"))


def _spoken(seconds: float) -> str:
    unit = next((name for name in ("d", "h", "m", "s") if seconds >= UNITS[name] and seconds % UNITS[name] == 0), "ms")
    return f"{seconds / UNITS[unit]:g}{unit}"


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and re.fullmatch(r"[-+]?[\d.]+", text) else None


def _percent(scalar: Scalar) -> int:
    value = _decimal(scalar.text.removesuffix("%").rstrip())
    if value is None:
        raise Wrong(f"`{scalar.raw}` is no percent", "write a number from 0 to 100, e.g. 12.5 or 12.5%")
    if not 0 <= value <= 100 or value * 100 != int(value * 100):
        raise Wrong(f"`{scalar.raw}` is out of range", "from 0 to 100, in steps of 0.01")
    return int(value * 100)


PERCENT = Kind(
    "percent", _percent, _pattern(r"\d+(\.\d{1,2})?\s*%?", {"type": "number", "minimum": 0, "maximum": 100})
)
"""Hundredths of a percent, 0 to 10000."""


def _rung(scalar: Scalar) -> int:
    value = _percent(scalar)
    if value == 0:
        raise Wrong("a rung of 0", "0 is where an endpoint begins; the first rung is above it")
    return value


RUNG = Kind("percent above 0", _rung, PERCENT.schema)


def _share(scalar: Scalar) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", scalar.text)
    if found is None:
        number = re.fullmatch(r"\d+(\.\d+)?", scalar.text)
        hint = f"say what it is a part of: {scalar.text}% ?" if number else "write e.g. 0.5%"
        raise Wrong(f"`{scalar.raw}` is no share", hint)
    value = float(Decimal(found[1]) / 100)
    if value > 1.0:
        raise Wrong(f"`{scalar.raw}` is out of range", "from 0% to 100%")
    return value


SHARE = Kind("share", _share, _pattern(r"\d+(\.\d+)?\s*%"))
"""A fraction, written with `%`: a bare 0.5 could be half a percent or a half."""


def _limit(scalar: Scalar) -> float:
    value = _share(scalar)
    if value == 0.0:
        hint = "give e.g. 0.1%, or `none` to remove the gate"
        raise Wrong("a limit of 0% can be proven by no number of samples", hint)
    return value


LIMIT = Kind("share above 0%", _limit, SHARE.schema)


def number(least: float, most: float, what: str, *, open_ends: bool = False) -> Kind:
    """A plain number in a range."""

    def read(scalar: Scalar) -> float:
        value = _decimal(scalar.text)
        if value is None:
            raise Wrong(f"`{scalar.raw}` is no {what}", f"write a number from {least:g} to {most:g}")
        inside = least < value < most if open_ends else least <= value <= most
        if not inside:
            raise Wrong(f"`{scalar.raw}` is out of range", f"between {least:g} and {most:g}")
        return float(value)

    return Kind(what, read, {"anyOf": [{"type": "number", "minimum": least, "maximum": most}, {"type": "string"}]})


def count(least: int, most: int) -> Kind:
    """A whole number in a range."""

    def read(scalar: Scalar) -> int:
        if not re.fullmatch(r"\d{1,12}", scalar.text) or not least <= int(scalar.text) <= most:
            raise Wrong(f"`{scalar.raw}` is not what is needed", f"a whole number from {least} to {most}")
        return int(scalar.text)

    return Kind("number", read, {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, {"type": "string"}]})


def _size(scalar: Scalar) -> int:
    found = re.fullmatch(r"(\d+)\s*(B|KiB|MiB|GiB)", scalar.text)
    if found is None:
        raise Wrong(f"`{scalar.raw}` is no size", "write e.g. 512KiB, 1MiB or 2GiB")
    return int(found[1]) * SIZES[found[2]]


SIZE = Kind("size", _size, _pattern(r"\d+\s*(B|KiB|MiB|GiB)"))


def _frequency(scalar: Scalar) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)", scalar.text)
    if found is None:
        raise Wrong(f"`{scalar.raw}` is no rate", "write e.g. 200/s")
    return float(found[1]) / UNITS[found[2]]


FREQUENCY = Kind("rate", _frequency, _pattern(r"\d+(\.\d+)?\s*/\s*(s|m|h)"))


def _boolean(scalar: Scalar) -> bool:
    if scalar.text not in ("true", "false"):
        raise Wrong(f"`{scalar.raw}` is not what is needed", "write true or false")
    return scalar.text == "true"


BOOLEAN = Kind("true or false", _boolean, {"anyOf": [{"type": "boolean"}, {"type": "string"}]})


def _text(scalar: Scalar) -> str:
    if not scalar.text.strip():
        raise Wrong("there is no value", "give one, or leave the key out")
    return scalar.text


TEXT = Kind("text", _text, {"type": "string", "minLength": 1})


def name(what: str, pattern: str, hint: str) -> Kind:
    """A text of one form."""

    def read(scalar: Scalar) -> str:
        if not re.fullmatch(pattern, scalar.text):
            raise Wrong(f"`{scalar.raw}` is no {what}", hint)
        return scalar.text

    return Kind(what, read, {"type": "string", "pattern": f"^(?:{pattern})$"})


def _url(scalar: Scalar) -> str:
    try:
        parts = urlsplit(scalar.text)
        port = parts.port
    except ValueError:
        raise Wrong(f"`{scalar.raw}` is no URL", "write e.g. https://legacy.example:8443") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or re.search(r"\s", scalar.text):
        raise Wrong(f"`{scalar.raw}` is no http or https URL", "write e.g. https://legacy.example:8443")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Wrong(f"`{scalar.raw}` has more than scheme, host and port", "the request's own path and query are used")
    return f"{parts.scheme}://{parts.netloc}"


URL = Kind("URL", _url, {"type": "string"})


def loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _candidate(scalar: Scalar) -> str:
    if scalar.text == "connectra":
        return scalar.text
    if "://" not in scalar.text:
        raise Wrong(f"`{scalar.raw}` is no candidate", "write connectra, or a URL like https://candidate.example")
    url = _url(scalar)
    if url.startswith("http://") and not loopback(url):
        raise Wrong(f"`{scalar.raw}` sends callers' data in the clear", f"use {url.replace('http', 'https', 1)}")
    return url


CANDIDATE = Kind("connectra or URL", _candidate, {"type": "string"})


def _match(scalar: Scalar) -> tuple[str, str]:
    method, _, template = scalar.text.partition(" ")
    template = template.strip()
    if method not in METHODS:
        hint = f"write {method.upper()} {template}" if method.upper() in METHODS else f"one of {', '.join(METHODS)}"
        raise Wrong(f"`{method}` is no method", hint)
    try:
        compile_template(template)
    except TemplateError as error:
        raise Wrong(str(error), "write e.g. GET /api/v1/contacts/{contact_uuid}/") from None
    return method, template


MATCH = Kind("METHOD /template", _match, {"type": "string", "pattern": f"^({'|'.join(METHODS)}) /"})


def _written(scalar: Scalar) -> str:
    method, template = _match(scalar)
    if method in ("GET", "OPTIONS"):
        raise Wrong(f"{method} writes nothing", "name the POST, PUT, PATCH or DELETE after which the answer may lag")
    return f"{method} {template}"


WRITTEN = Kind("METHOD /template of a write", _written, MATCH.schema)


def _sticky(scalar: Scalar) -> str:
    source = scalar.text
    known = source == "client_ip" or (source.startswith(SOURCES[:-1]) and not source.endswith(":"))
    if not known or re.search(r"\s", source):
        raise Wrong(f"`{scalar.raw}` is no sticky source", "jwt:CLAIM, header:NAME, cookie:NAME or client_ip")
    return source


STICKY = Kind("sticky source", _sticky, {"type": "string", "pattern": r"^(jwt:\S+|header:\S+|cookie:\S+|client_ip)$"})


def _network(scalar: Scalar) -> str:
    try:
        return str(ip_network(scalar.text))
    except ValueError as error:
        raise Wrong(f"`{scalar.raw}` is no network: {error}", "write e.g. 10.0.0.0/8 or 192.0.2.7") from None


NETWORK = Kind("network", _network, {"type": "string"})


def _serve_deadline(scalar: Scalar) -> float | None:
    return None if scalar.text == "legacy_p99" else float(duration(0.01, 300.0).read(scalar))


SERVE_DEADLINE = Kind("legacy_p99 or duration", _serve_deadline, _pattern(r"legacy_p99|\d+(\.\d+)?\s*(ms|s|m|h|d)"))
