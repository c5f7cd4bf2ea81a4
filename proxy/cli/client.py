"""The control API over its unix socket (or TCP with a token), as a command line needs it."""

from __future__ import annotations

import http.client
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from proxy.settings import Paths

DEADLINE = 15.0


class Unreachable(Exception):
    """Nobody answers at the control address; the text says how to start or find it. Exit code 3."""


class Refused(Exception):
    """The analyst said no; `code` is the exit code (1: the answer is no, 2: bad input)."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("crossfade", timeout=DEADLINE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True, slots=True)
class Control:
    """Where the control API listens: the path of a unix socket, or `http://HOST:PORT` with a token."""

    address: str
    token: str | None = None

    def get(self, path: str, **query: str | int | None) -> Any:
        """GET, parsed. Raises `Unreachable` or `Refused`."""
        wanted = {key: value for key, value in query.items() if value is not None}
        return self._call("GET", path + (f"?{urlencode(wanted)}" if wanted else ""), None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST of a JSON object, parsed. Raises `Unreachable` or `Refused`."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        connection = self._connection()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            sent = None if body is None else orjson.dumps(body)
            connection.request(method, quote(path, safe="/?=&%*"), sent, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"no analyst answers at {self.address} ({error}); is `crossfade serve` running? "
                "Its state folder is given by --state (or CROSSFADE_STATE)"
            ) from error
        finally:
            connection.close()
        return _parsed(answer.status, text)

    def _connection(self) -> http.client.HTTPConnection:
        if self.address.startswith("http://"):
            parts = urlsplit(self.address)
            return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=DEADLINE)
        return _UnixConnection(self.address)


def _parsed(status: int, text: bytes) -> Any:
    try:
        value = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        value = {"error": text.decode(errors="replace")[:500]}
    if status < 400:
        return value
    message = value.get("error") if isinstance(value, dict) else None
    code = 2 if status in (400, 404, 422) else 1
    raise Refused(str(message or f"the control API answered {status}"), code)


def find_control(state: Path, address: str | None, token_file: str | None) -> Control:
    """The control address from the flags, the environment, or the state folder. Raises `Refused` for what is none."""
    token = None
    if token_file:
        token = _read(Path(token_file))
    elif "CROSSFADE_TOKEN" in os.environ:
        token = os.environ["CROSSFADE_TOKEN"]
    wanted = address or os.environ.get("CROSSFADE_CONTROL") or str(Paths(state).control)
    if "://" in wanted and not _is_http(wanted):
        raise Refused(f"--control: {wanted} is no address; give the path of the socket, or http://HOST:PORT", 2)
    return Control(wanted, token)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"--token-file: {path} can not be read ({error}); name a file that holds the token", 2) from error


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return False
